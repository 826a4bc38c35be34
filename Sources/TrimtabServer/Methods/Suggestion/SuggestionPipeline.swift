internal import EnergyFrontier
package import JSON
internal import ModelSelection
package import Sessions

/// `suggestion/pipeline`: from the choice of a model to the energy of training it.
package enum SuggestionPipeline: SessionQuery {
  package static let name = "suggestion/pipeline"
  package static let purpose =
    "Ranks candidates by predicted score and by the energy of one pass over the alignment data, at the fastest and at the cheapest plan of the pipeline that trains them, and says which no other beats in both. Each pipeline is defined, profiled and characterized as any other. With `stageCount` it says how a candidate is best divided among stages."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .noPool, .unknownCandidate, .unknownPipeline, .notCharacterized, .invalidPool,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipelines: [Entry]
    let stageCount: Int?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipelines = try reader.optional(
        "pipelines", .list(of: .object(), count: 0...Limits.candidateCount), default: [],
        "Candidates, each with the pipeline that trains it.")
      stageCount = try reader.optional(
        "stageCount", .integer(in: 1...4096),
        "Divide the suggested candidate, or those listed, among so many stages of as equal a number of parameters as whole layers allow."
      )
    }
  }

  struct Entry: ObjectReadable {
    let candidate: CandidateName
    let pipeline: String
    let samplesPerIteration: Int

    init(from reader: inout ObjectReader) throws(InvalidField) {
      candidate = CandidateName(
        encoder: try reader.required("encoder", .text(), "The candidate's encoder."),
        projector: try reader.optional("projector", .text(), "Its projector, where the pool names any."),
        languageModel: try reader.required("languageModel", .text(), "Its language model."))
      pipeline = try reader.pipeline()
      samplesPerIteration = try reader.required(
        "samplesPerIteration", .integer(in: 1...(1 << 40)),
        "Samples that one iteration trains on, all replicas together.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let search = try session.requireSearch()
    let predictions = Dictionary(
      uniqueKeysWithValues: search.ranking(limit: nil).map { ($0.candidate, $0) })
    var rows: [Row] = []
    for (position, entry) in params.pipelines.enumerated() {
      let path = "pipelines[\(position)]"
      guard let candidate = search.pool.number(of: entry.candidate) else {
        throw RequestError(
          .unknownCandidate, path: path, expected: "a candidate of the pool", found: entry.candidate.text,
          fix: "see suggestion/ranking for those there are")
      }
      guard let prediction = predictions[candidate] else { preconditionFailure("a candidate without a rank") }
      do throws(RequestError) {
        rows.append(
          Row(
            prediction: prediction, ranked: search.ranked(prediction), entry: entry,
            characterized: try session.currentFrontier(of: entry.pipeline).characterized,
            sampleCount: search.pool.task.alignmentSampleCount))
      } catch {
        var refusal = error
        refusal.path = "\(path).pipeline"
        throw refusal
      }
    }
    var candidates = rows.map(\.prediction.candidate)
    if candidates.isEmpty, let leader = search.suggestion { candidates = [leader.prediction.candidate] }
    return Answer(
      rows: Row.ranked(rows), splits: try splits(of: candidates, among: params.stageCount, search.pool),
      pool: search.pool
    )
  }

  private static func splits(
    of candidates: [Int], among stageCount: Int?, _ pool: CandidatePool
  ) throws(RequestError) -> [(candidate: Int, split: StageSplit)] {
    guard let stageCount else { return [] }
    var splits: [(Int, StageSplit)] = []
    for candidate in candidates where !splits.contains(where: { $0.0 == candidate }) {
      let parts = pool.parts(of: candidate)
      if let unknown = parts.first(where: { $0.role != .projector && $0.component.parameterCount == nil }) {
        throw RequestError(
          .invalidPool, path: "stageCount", expected: "parameterCount of every encoder and language model to divide",
          found: "none for \"\(unknown.component.id)\"", fix: "state it in pool/submit")
      }
      guard let split = StageSplit(parts, stageCount: stageCount) else {
        throw RequestError(
          .invalidPool, path: "stageCount", expected: "at most one stage for each layer",
          found: "\(stageCount) stages for "
            + parts.map { "\($0.component.layerCount ?? 1) of \"\($0.component.id)\"" }.joined(separator: ", "),
          fix: "ask for fewer stages, or state layerCount in pool/submit")
      }
      splits.append((candidate, split))
    }
    return splits
  }

  /// A candidate, its prediction and its frontier.
  struct Row {
    let prediction: Prediction
    let ranked: RankedCandidate
    let entry: Entry
    let characterized: CharacterizedFrontier
    let iterationCount: Int
    /// Nil while nothing has been observed.
    let score: Double?
    /// Higher is better, whatever the metric's direction.
    private let quality: Double
    private(set) var isUnbeatenAtFastest = false
    private(set) var isUnbeatenAtCheapest = false

    init(
      prediction: Prediction, ranked: RankedCandidate, entry: Entry, characterized: CharacterizedFrontier,
      sampleCount: Int
    ) {
      self.prediction = prediction
      self.ranked = ranked
      self.entry = entry
      self.characterized = characterized
      // What is left over makes an iteration of its own.
      iterationCount = (sampleCount + entry.samplesPerIteration - 1) / entry.samplesPerIteration
      score = ranked.predictedScore
      quality = -prediction.predictedError
    }

    var fastest: Plan { characterized.frontier.plans[0] }
    var cheapest: Plan { characterized.frontier.plans[characterized.frontier.plans.count - 1] }

    /// Joules of one pass over the alignment data.
    func energyJoules(_ plan: Plan) -> Double { Double(iterationCount) * plan.energyJoules }

    /// By score, then by energy, with those marked that no other beats. O(n log n).
    static func ranked(_ rows: [Row]) -> [Row] {
      var ranked = rows
      ranked.mark(\.isUnbeatenAtFastest) { $0.energyJoules($0.fastest) }
      ranked.mark(\.isUnbeatenAtCheapest) { $0.energyJoules($0.cheapest) }
      return ranked.enumerated().sorted { a, b in
        let (x, y) = (a.element, b.element)
        return (-x.quality, x.energyJoules(x.cheapest), a.offset) < (-y.quality, y.energyJoules(y.cheapest), b.offset)
      }.map(\.element)
    }

    fileprivate var isScored: Bool { score != nil }
    fileprivate var rank: Double { quality }
  }

  package struct Answer: ObjectWritable {
    let rows: [Row]
    let splits: [(candidate: Int, split: StageSplit)]
    let pool: CandidatePool

    package func write(to object: inout ObjectWriter) {
      object.list("candidates", rows, "The candidates, by predicted score and then by energy.") { row, entry in
        row.ranked.write(to: &entry)
        entry.field("pipeline", row.entry.pipeline, "The pipeline that trains it.")
        entry.field("generation", row.characterized.generation, "Which of its frontiers answered.")
        entry.field("iterationCount", row.iterationCount, "Iterations of one pass over the alignment data.")
        entry.object("fastest", "One pass at the fastest plan.") { row.write(row.fastest, to: &$0) }
        entry.object("cheapest", "One pass at the plan of least energy.") { row.write(row.cheapest, to: &$0) }
        entry.field(
          "unbeatenAtFastest", row.isUnbeatenAtFastest,
          "Whether no listed candidate is as good in score and in energy, and better in one, all at their fastest.")
        entry.field("unbeatenAtCheapest", row.isUnbeatenAtCheapest, "The same, all at their cheapest.")
      }
      guard !splits.isEmpty else { return }
      object.list("stages", splits, "How candidates may be divided, where that was asked for.") { split, entry in
        entry.object("candidate", "The candidate.") { pool.name(of: split.candidate).write(to: &$0) }
        entry.list("stages", split.split.stages.indices, "The stages from 0, input first.") { stage, row in
          row.field("parameterCount", split.split.parameterCounts[stage], "Parameters of the stage.")
          row.list("parts", split.split.stages[stage], "What it holds.") { piece, part in
            part.field("part", piece.role.rawValue, "`encoder`, `projector` or `languageModel`.")
            part.field("id", piece.component, "The model.")
            part.field("firstLayer", piece.layers.lowerBound, "Its first layer here, from 0.")
            part.field("layerCount", piece.layers.count, "How many of its layers.")
          }
        }
      }
    }
  }
}

extension SuggestionPipeline.Row {
  fileprivate func write(_ plan: Plan, to object: inout ObjectWriter) {
    object.field("iterationTimeSeconds", plan.iterationTimeSeconds, "Time of one iteration.")
    object.field("energyJoules", plan.energyJoules, "Joules of one iteration, all devices together.")
    object.field("epochTimeSeconds", Double(iterationCount) * plan.iterationTimeSeconds, "Time of the pass.")
    object.field("epochEnergyJoules", energyJoules(plan), "Joules of the pass.")
  }
}

extension [SuggestionPipeline.Row] {
  /// Marks the rows of the Pareto set of score against energy; a row without a score is in none.
  fileprivate mutating func mark(
    _ field: WritableKeyPath<SuggestionPipeline.Row, Bool>, _ energy: (SuggestionPipeline.Row) -> Double
  ) {
    let order = indices.filter { self[$0].isScored }.sorted {
      (-self[$0].rank, energy(self[$0])) < (-self[$1].rank, energy(self[$1]))
    }
    // Going down in score, a row is unbeaten when it needs less than all before it, or exactly as much at the same
    // score.
    var (least, leastRank) = (Double.infinity, Double.infinity)
    for index in order {
      let joules = energy(self[index])
      guard joules < least || joules == least && self[index].rank == leastRank else { continue }
      self[index][keyPath: field] = true
      (least, leastRank) = (joules, self[index].rank)
    }
  }
}
