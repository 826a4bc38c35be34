internal import JSON
internal import ModelSelection
internal import TrimtabServer

/// What `trimtab select` prints.
struct SelectReport {
  let curves: RecordedCurves
  let replay: CurveReplay

  private func name(_ candidate: Int) -> String { curves.curves[candidate].name }

  var json: String {
    let (search, suggestion) = (replay.search, replay.search.suggestion())
    var writer = ObjectWriter()
    writer.braced { document in
      document.field("suggestion", suggestion.map { name($0.prediction.candidate) })
      document.field("probabilityBest", suggestion?.prediction.probabilityBestFraction)
      document.field("expectedRegretFraction", suggestion?.expectedRegretFraction)
      document.field("cost", search.spending.gpuSeconds)
      document.field("gridCost", replay.gridCost)
      document.field("stopReason", search.stopReason?.rawValue)
      document.list("ranking", search.ranking()) { prediction, entry in
        entry.field("candidate", name(prediction.candidate))
        entry.field("predictedLoss", finite(prediction.predictedError))
        entry.field("lowerLoss", finite(prediction.lowerError))
        entry.field("upperLoss", finite(prediction.upperError))
        entry.field("probabilityBest", prediction.probabilityBestFraction)
        entry.field("observedFraction", search.evidence(of: prediction.candidate).observations.last?.dataFraction ?? 0)
        entry.field("status", prediction.status.rawValue)
      }
      document.list("decisions", replay.decisions) { decision, entry in
        entry.field("trial", decision.assignment.trial)
        entry.field("candidate", name(decision.assignment.candidate))
        entry.field("phase", decision.assignment.phase.rawValue)
        entry.field("fromFraction", decision.assignment.fromFraction)
        entry.field("toFraction", decision.fraction)
        entry.field("loss", decision.error)
        entry.field("cost", decision.cost)
      }
      document.field("neverTried", search.neverTried.map { JSON.string(name($0)) })
    }
    return String(decoding: writer.json.bytes, as: UTF8.self) + "\n"
  }

  var table: String {
    let search = replay.search
    var rows = [["candidate", "predicted", "90 % interval", "P(best)", "seen", "status"]]
    for prediction in search.ranking(limit: 12) {
      let seen = search.evidence(of: prediction.candidate).observations.last?.dataFraction ?? 0
      rows.append([
        name(prediction.candidate), decimal(prediction.predictedError, 4),
        "\(decimal(prediction.lowerError, 4)) ... \(decimal(prediction.upperError, 4))",
        "\(decimal(100 * prediction.probabilityBestFraction, 1)) %", "\(decimal(100 * seen, 2)) %",
        prediction.status.rawValue,
      ])
    }
    let (cost, grid) = (search.spending.gpuSeconds, replay.gridCost)
    let regret = search.suggestion().map { "\(decimal(100 * $0.expectedRegretFraction, 2)) %" } ?? "unknown"
    return """
      \(FrontierReport.aligned(rows))
      \(replay.decisions.count) trials of \(search.pool.candidates.count) candidates, \
      \(decimal(grid / max(cost, .leastNormalMagnitude), 1)) times cheaper than training all; \
      expected regret \(regret); \(search.neverTried.count) never tried

      """
  }

  private func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }
}
