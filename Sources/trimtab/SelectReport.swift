internal import JSON
internal import ModelSelection
internal import Sessions
internal import TrimtabServer

/// What a pool adds to the numbers of a replayed search.
struct ReplayedPool {
  let metric: Metric
  let basis: ClusterBasis
  /// In the order of the engine's clusters.
  let groups: [PoolClustering.Group]
  let excluded: [(rule: PoolConstraints.Rule, count: Int)]
  let unusedCurves: [String]

  init(_ search: ModelSearch, unusedCurves: [String]) {
    metric = search.pool.task.metric
    (basis, groups) = (search.clustering.basis, search.clustering.groups)
    excluded = PoolConstraints.Rule.allCases.compactMap { rule in
      search.pool.excludedCounts[rule].map { (rule, $0) }
    }
    self.unusedCurves = unusedCurves
  }
}

/// What `trimtab select` prints. Losses are distances from the best score.
struct SelectReport {
  let replay: CurveReplay
  /// Nil where the curves are the candidates.
  let pool: ReplayedPool?

  private var search: Search { replay.search.engine }
  private func name(_ candidate: Int) -> String { replay.curves.curves[candidate].name }

  /// Nil where it is not finite.
  private func loss(ofError error: Double) -> Double? {
    guard error.isFinite else { return nil }
    return pool.map { $0.metric.distance(ofScore: $0.metric.score(ofError: error)) } ?? error
  }

  private func loss(of evaluation: RecordedCurves.Evaluation) -> Double {
    pool.map { $0.metric.distance(ofScore: evaluation.value) } ?? evaluation.value
  }

  private var clusterBasis: ClusterBasis { pool?.basis ?? (replay.curves.groupsAreFamilies ? .family : .none) }

  var json: String {
    let (search, suggestion) = (search, search.suggestion())
    var writer = ObjectWriter()
    writer.braced { document in
      document.field("suggestion", suggestion.map { name($0.prediction.candidate) })
      document.field("probabilityBest", suggestion?.prediction.probabilityBestFraction)
      document.field("expectedRegretFraction", suggestion?.expectedRegretFraction)
      document.field("cost", search.spending.gpuSeconds)
      document.field("gridCost", replay.curves.gridCost)
      document.field("stopReason", search.stopReason?.rawValue)
      document.list("ranking", search.ranking()) { prediction, entry in
        entry.field("candidate", name(prediction.candidate))
        entry.field("predictedLoss", loss(ofError: prediction.predictedError))
        entry.field("lowerLoss", loss(ofError: prediction.lowerError))
        entry.field("upperLoss", loss(ofError: prediction.upperError))
        if let pool, prediction.predictedError.isFinite {
          entry.field("predictedScore", pool.metric.score(ofError: prediction.predictedError))
        }
        entry.field("probabilityBest", prediction.probabilityBestFraction)
        entry.field("observedFraction", search.evidence(of: prediction.candidate).observations.last?.dataFraction ?? 0)
        entry.field("status", prediction.status.rawValue)
      }
      document.list("decisions", replay.decisions) { decision, entry in
        entry.field("trial", decision.assignment.trial.number)
        entry.field("candidate", name(decision.assignment.candidate))
        entry.field("phase", decision.assignment.phase.rawValue)
        entry.field("fromFraction", decision.assignment.fromFraction)
        entry.field("toFraction", decision.evaluation.fraction)
        entry.field("loss", loss(of: decision.evaluation))
        entry.field("cost", decision.cost)
      }
      document.field("neverTried", search.neverTried.map { JSON.string(name($0)) })
      document.field("clusterBasis", clusterBasis.rawValue)
      document.list("clusters", search.pool.clusters.enumerated()) { cluster, entry in
        entry.field("medoid", name(cluster.element.medoid))
        entry.field("candidates", cluster.element.members.map(name))
        let group = pool?.groups[cluster.offset]
        entry.field("encoderBasis", (group?.encoderBasis ?? clusterBasis).rawValue)
        entry.field("languageModelBasis", (group?.languageModelBasis ?? .none).rawValue)
      }
      guard let pool else { return }
      document.list("excluded", pool.excluded) { excluded, entry in
        entry.field("rule", excluded.rule.rawValue)
        entry.field("count", excluded.count)
      }
      document.field("unusedCurves", pool.unusedCurves)
    }
    return String(decoding: writer.json.bytes, as: UTF8.self) + "\n"
  }

  /// The trials in the order in which they were given out; below them the result, where a terminal shows it last.
  var table: String {
    let search = search
    func shown(_ error: Double) -> String { loss(ofError: error).map { decimal($0, 4) } ?? "unknown" }
    var rows = [["candidate", "predicted loss", "90 % interval", "P(best)", "seen", "status"]]
    for prediction in search.ranking(limit: Self.mostRanks) {
      let seen = search.evidence(of: prediction.candidate).observations.last?.dataFraction ?? 0
      rows.append([
        name(prediction.candidate), shown(prediction.predictedError),
        "\(shown(prediction.lowerError)) ... \(shown(prediction.upperError))",
        "\(decimal(100 * prediction.probabilityBestFraction, 1)) %", "\(decimal(100 * seen, 2)) %",
        prediction.status.rawValue,
      ])
    }
    let more = search.pool.candidates.count - (rows.count - 1)
    let (cost, grid) = (search.spending.gpuSeconds, replay.curves.gridCost)
    let regret = search.suggestion().map { "\(decimal(100 * $0.expectedRegretFraction, 2)) %" } ?? "unknown"
    let saving =
      cost > 0 ? "\(decimal(grid / cost, 1)) times cheaper than training all" : "nothing spent"
    return """
      \(decisionLog)

      \(FrontierReport.aligned(rows))\(more > 0 ? "\nand \(more) more" : "")
      \(replay.decisions.count) trials of \(search.pool.candidates.count) candidates, \(saving); \
      expected regret \(regret); \(search.neverTried.count) never tried; \
      ended by \(search.stopReason?.rawValue ?? "nothing")
      \(clusters)\(omissions)
      """
  }

  /// Rows of the ranking in the table; the JSON document has the whole ranking.
  private static let mostRanks = 50

  /// One row for each trial; costs as a fraction of the cost of training all candidates.
  private var decisionLog: String {
    var rows = [["trial", "candidate", "phase", "from", "to", "loss", "cost"]]
    for decision in replay.decisions {
      let work = decision.assignment
      rows.append([
        "\(work.trial)", name(work.candidate), work.phase.rawValue, "\(decimal(100 * work.fromFraction, 2)) %",
        "\(decimal(100 * decision.evaluation.fraction, 2)) %", decimal(loss(of: decision.evaluation), 4),
        "\(decimal(100 * decision.cost / replay.curves.gridCost, 3)) %",
      ])
    }
    return FrontierReport.aligned(rows)
  }

  private var clusters: String {
    let grounds =
      switch clusterBasis {
      case .representations: "by representations"
      case .family: pool == nil ? "the families" : "by family, as there are no representations"
      case .none: pool == nil ? "the encoders" : "the encoders, as there are no representations and no families"
      }
    return "\(search.pool.clusters.count) clusters: \(grounds)\n"
  }

  /// What was left out, and why; empty when nothing was left out.
  private var omissions: String {
    guard let pool else { return "" }
    let excluded = pool.excluded.map { "\($0.count) combinations excluded by the rule on \($0.rule.rawValue)\n" }
    let unused = pool.unusedCurves
    return excluded.joined()
      + (unused.isEmpty ? "" : "\(unused.count) curves of no candidate: \(RecordedCurves.listed(unused))\n")
  }
}
