internal import Basics
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
        "Divide the suggested candidate, or those listed, among this many stages, with numbers of parameters as equal as whole layers allow."
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
    let divisions = try splits(of: candidates, among: params.stageCount, search.pool).map {
      Division(search.pool.name(of: $0.candidate), $0.split)
    }
    return Answer(candidates: Row.ranked(rows), stages: divisions.isEmpty ? nil : divisions)
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
          found: "none for \(Preview.quoted(unknown.component.id))", fix: "state it in pool/submit")
      }
      guard let split = StageSplit(parts, stageCount: stageCount) else {
        throw RequestError(
          .invalidPool, path: "stageCount", expected: "at most one stage for each layer",
          found: "\(stageCount) stages for "
            + parts.map { "\($0.component.layerCount ?? 1) of \(Preview.quoted($0.component.id))" }.joined(
              separator: ", "),
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

  package struct Answer: AnswerObject {
    let candidates: [Row]
    /// Nil where no division was asked for.
    let stages: [Division]?

    package static let fields = Fields<Answer> {
      Field("candidates", "The candidates, by predicted score and then by energy.") { $0.candidates }
      Field("stages", "How candidates may be divided, where that was asked for.") { $0.stages }
    }
  }

  /// A candidate divided among pipeline stages.
  struct Division: AnswerObject {
    let candidate: CandidateName
    let stages: [Stage]

    init(_ candidate: CandidateName, _ split: StageSplit) {
      self.candidate = candidate
      stages = zip(split.parameterCounts, split.stages).map(Stage.init)
    }

    static let fields = Fields<Division> {
      Field("candidate", "The candidate.") { $0.candidate }
      Field("stages", "The stages from 0, input first.") { $0.stages }
    }
  }

  struct Stage: AnswerObject {
    let parameterCount: Double
    let parts: [StageSplit.Piece]

    static let fields = Fields<Stage> {
      Field("parameterCount", unit: "1", "Parameters of the stage.") { $0.parameterCount }
      Field("parts", "What it holds.") { $0.parts }
    }
  }

  /// One pass over the alignment data with a plan.
  struct Pass: AnswerObject {
    let plan: Plan
    let iterationCount: Int

    static let fields = Fields<Pass> {
      Field("iterationTimeSeconds", "Time of one iteration.") { $0.plan.iterationTimeSeconds }
      Field("energyJoules", "Energy of one iteration, all devices together.") { $0.plan.energyJoules }
      Field("epochTimeSeconds", "Time of the pass.") { Double($0.iterationCount) * $0.plan.iterationTimeSeconds }
      Field("epochEnergyJoules", "Energy of the pass.") { Double($0.iterationCount) * $0.plan.energyJoules }
    }
  }
}

extension SuggestionPipeline.Row: AnswerObject {
  static let fields = Fields<SuggestionPipeline.Row> {
    Field.inline { $0.ranked }
    Field("pipeline", "The pipeline that trains it.") { $0.entry.pipeline }
    Field("generation", "The generation of its frontier that answers.") { $0.characterized.generation }
    Field("iterationCount", "Iterations of one pass over the alignment data.") { $0.iterationCount }
    Field("fastest", "One pass at the fastest plan.") {
      SuggestionPipeline.Pass(plan: $0.fastest, iterationCount: $0.iterationCount)
    }
    Field("cheapest", "One pass at the plan of least energy.") {
      SuggestionPipeline.Pass(plan: $0.cheapest, iterationCount: $0.iterationCount)
    }
    Field(
      "unbeatenAtFastest",
      "Whether no listed candidate is as good in score and in energy, and better in one, all at their fastest."
    ) { $0.isUnbeatenAtFastest }
    Field("unbeatenAtCheapest", "The same, all at their cheapest.") { $0.isUnbeatenAtCheapest }
  }
}

extension PoolComponent.Role: FieldValue {}

extension StageSplit.Piece: AnswerObject {
  package static let fields = Fields<StageSplit.Piece> {
    Field("part", "The kind of model.") { $0.role }
    Field("id", "The model.") { $0.component }
    Field("firstLayer", "Its first layer here, from 0.") { $0.layers.lowerBound }
    Field("layerCount", "Its number of layers here.") { $0.layers.count }
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
