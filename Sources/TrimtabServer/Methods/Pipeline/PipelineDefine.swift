internal import EnergyFrontier
package import JSON
package import Sessions

/// `pipeline/define`: what one training iteration consists of.
package enum PipelineDefine: SessionStep {
  package static let name = "pipeline/define"
  package static let purpose =
    "Defines a pipeline by a named schedule, by a schedule's CSV, or by an explicit graph of instructions. A known name is defined anew: its profile stays, its frontier goes."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownGPU, .invalidPipeline, .invalidProfile]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let job: String?
    let stages: Int
    let schedule: PipelineSchedule?
    let microbatches: Int?
    let chunksPerRank: Int?
    let microbatchGroupSize: Int?
    let scheduleCSV: String?
    let instructions: [Instruction]?
    let dependencies: [Dependency]
    let blockingPowerWatts: [Double]?
    let powerLimitWatts: [Double]?
    let gpus: [String]?
    let switchLatencySeconds: [Double]?
    let switchEnergyJoules: [Double]?
    let tensorParallelWidth: Int
    let dataParallelWidth: Int
    let layout: LayoutParams
    let surroundings: SurroundingsParams

    /// One number for all ranks, or one for each.
    private static var eachRank: Shape<[Double]> {
      .either(Shape<Double>.number(in: 0...1e30).map { [$0] }, .list(of: .number(in: 0...1e30), count: 1...4096))
    }

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.required("pipeline", .text(), "A name for the pipeline.")
      job = try reader.optional(
        "job", .text(),
        "The job whose iterations it takes part in: its pipelines synchronize gradients, so the slowest sets the pace of all. By default a job of its own, of the pipeline's name."
      )
      stages = try reader.required(
        "stages", .integer(in: 1...4096),
        "Model stages. A rank holds one, or `chunksPerRank` of them; `scheduleCSV` says which.")
      schedule = try reader.optional(
        "schedule", .choice(),
        "The schedule to generate; needs `microbatches`. Or send `scheduleCSV` or `instructions`.")
      microbatches = try reader.optional("microbatches", .integer(in: 1...65_536), "Microbatches in one iteration.")
      chunksPerRank = try reader.optional(
        "chunksPerRank", .integer(in: 1...4096),
        "Stages that each rank holds: with `interleaved1f1b` by default 2, with `zbh1` 1. Always 2 with `zbv` and `dualpipev`, else 1."
      )
      microbatchGroupSize = try reader.optional(
        "microbatchGroupSize", .integer(in: 1...65_536),
        "Microbatches that `interleaved1f1b` or `zbh1` runs through one chunk before the next; by default the number of ranks."
      )
      scheduleCSV = try reader.optional(
        "scheduleCSV", .text(1...Limits.scheduleCharacters),
        "A schedule as PyTorch writes it: a row for each rank, cells such as 0F3, 0B3, 0I3, 0W3, (0F7;7B3)OVERLAP_F_B; also 0R3 for a recomputation, 0FB3 for one with its backward."
      )
      instructions = try reader.optional(
        "instructions", .list(of: .object(), count: 1...Limits.instructionCount),
        "The instructions of an explicit graph.")
      dependencies = try reader.optional(
        "dependencies",
        .list(of: Dependency.shape, count: 0...Limits.dependencyCount), default: [],
        "Pairs of instruction ids: the first must end before the second begins; a third element is how many seconds must pass in between, as for a transfer. Order on a rank is not implied."
      )
      blockingPowerWatts = try reader.optional(
        "blockingPowerWatts", Self.eachRank,
        "Watts one device draws while it waits: one number for all ranks, or one for each. Without it the GPUs say.")
      powerLimitWatts = try reader.optional(
        "powerLimitWatts",
        .either(
          Shape<Double>.number(in: Measurement.acceptedRange).map { [$0] },
          .list(of: .number(in: Measurement.acceptedRange), count: 1...4096)),
        "Watts one device may draw, to judge measurements by: one number for all ranks, or one for each, 1e30 for no limit. Without it the GPUs say."
      )
      gpus = try reader.optional(
        "gpus", .list(of: .text(), count: 1...4096),
        "For each rank the id of a registered GPU, whose blocking power and switch costs are used unless given here.")
      switchLatencySeconds = try reader.optional(
        "switchLatencySeconds", Self.eachRank,
        "Seconds from the end of one instruction until the next on its rank may begin at another frequency: one number for all ranks, or one for each. By default 0. An iteration ends when every rank is set for its first instruction again."
      )
      switchEnergyJoules = try reader.optional(
        "switchEnergyJoules", Self.eachRank,
        "Joules of one device for each such change, beyond the blocking power that it draws meanwhile: one number, or one for each rank. By default 0."
      )
      tensorParallelWidth = try reader.optional(
        "tensorParallelWidth", .integer(in: 1...65_536), default: 1,
        "Devices that share each stage; all run its plan, and energies count them all.")
      dataParallelWidth = try reader.optional(
        "dataParallelWidth", .integer(in: 1...65_536), default: 1,
        "Replicas of the pipeline; all run its plan, and energies count them all.")
      layout = try LayoutParams(from: &reader)
      surroundings = try SurroundingsParams(from: &reader)

      try reader.check(
        [schedule != nil, scheduleCSV != nil, instructions != nil].count { $0 } == 1, "schedule",
        expected: "exactly one of schedule, scheduleCSV and instructions")
      try reader.check(
        schedule == nil || microbatches != nil, "microbatches", expected: "an integer in 1...65536 beside schedule")
      try reader.check(
        schedule == nil || microbatches.map { 2 * stages * $0 <= Limits.instructionCount } ?? true, "microbatches",
        expected: "at most \(Limits.instructionCount / 2 / stages) microbatches for \(stages) stages",
        fix: "an iteration has at most \(Limits.instructionCount) instructions")
      try reader.check(
        instructions == nil || !surroundings.isGiven, "instructions",
        expected: "schedule or scheduleCSV beside dataLoadingStages, optimizerStep and transfers",
        fix: "write them into the graph: instructions of their own, and dependencies with a lag")
      try reader.check(
        schedule != nil || (chunksPerRank == nil && microbatchGroupSize == nil), "schedule",
        expected: "a schedule beside chunksPerRank or microbatchGroupSize")
      // A CSV tells the ranks only when it has been read.
      let ranks = schedule.map { stages / (chunksPerRank ?? $0.defaultChunksPerRank) } ?? stages
      let isKnown = scheduleCSV == nil
      func checkCount(_ values: [Double]?, _ name: StaticString) throws(InvalidField) {
        try reader.check(
          !isKnown || values.map { $0.count == 1 || $0.count == ranks } ?? true, name,
          expected: "one number, or a list of \(ranks), one for each rank")
      }
      try checkCount(blockingPowerWatts, "blockingPowerWatts")
      try checkCount(switchLatencySeconds, "switchLatencySeconds")
      try checkCount(switchEnergyJoules, "switchEnergyJoules")
      try checkCount(powerLimitWatts, "powerLimitWatts")
      try reader.check(
        !isKnown || gpus.map { $0.count == ranks } ?? true, "gpus", expected: "\(ranks) ids, one for each rank")
      try reader.check(
        blockingPowerWatts != nil || gpus != nil, "blockingPowerWatts",
        expected: "blockingPowerWatts, or gpus that have one",
        fix: "measure the power of a GPU that waits in a collective; there is no built-in table")
    }
  }

  struct Dependency: Sendable {
    let before: String
    let after: String
    let lagSeconds: Double

    /// `[before, after]` or `[before, after, seconds]`.
    static let shape = Shape.pair(of: .text(), perhaps: Shape<Double>.number(in: 0...1e30)).map {
      Dependency(before: $0.0, after: $0.1, lagSeconds: $0.2 ?? 0)
    }
  }

  struct Instruction: ObjectReadable {
    let id: String
    let stage: Int
    let instruction: String
    let microbatch: Int?

    init(from reader: inout ObjectReader) throws(InvalidField) {
      id = try reader.required("id", .text(), "A name that is unique in the pipeline.")
      stage = try reader.required("stage", .integer(in: 0...4095), "The stage it runs on, from 0.")
      instruction = try reader.required(
        "instruction", .text(), "Its kind; instructions of one kind on one stage share their measurements.")
      microbatch = try reader.optional("microbatch", .integer(in: 0...65_535), "The microbatch it works on, from 0.")
    }
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    var definition = try definition(params, session)
    definition.layout = try params.layout.layout(for: definition, gpus: params.gpus)
    definition.rankPowerLimitWatts = try powerLimits(params, session, ranks: definition.rankPowerLimitWatts.count)
    try Limits.check(definition)
    definition.rankSwitchCosts = try switchCosts(params, session, ranks: definition.rankBlockingPowerWatts.count)
    try definition.checkRankOrders()
    if let profile = session.profiles[params.pipeline] {
      try definition.check(profile.rows.keys.sorted()) { _ in "stages" }
    }
    try session.checkIsNoReplica(params.pipeline)
    let fresh = SessionState.Pipeline(
      name: params.pipeline, definition: definition, inputRevision: session.revision)
    if let known = session.pipelines.firstIndex(where: { $0.name == params.pipeline }) {
      let generation = session.pipelines[known].generation
      session.pipelines[known] = fresh
      // Generations go on counting, so that a client never takes an old frontier for a new one.
      session.pipelines[known].generation = generation
    } else {
      session.pipelines.append(fresh)
    }
    let index = try session.pipelineIndex(params.pipeline)
    return StepResult(
      Answer(revision: session.revision, pipeline: params.pipeline, definition: definition),
      events: session.join(index, job: params.job ?? params.pipeline).map {
        session.planEvent($0.changes, ofJob: $0.job, cause: .pipelineDefined)
      })
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let pipeline: String
    let definition: PipelineDefinition

    package func write(to object: inout ObjectWriter) {
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field("pipeline", pipeline, "The pipeline's name.")
      object.field("instructionCount", definition.instructions.count, "Instructions in one iteration.")
      object.field("dependencyCount", definition.graph.dependencyCount, "Distinct dependencies between them.")
      object.list(
        "tables", definition.tables,
        "The (stage, instruction) pairs that need measurements. Schedules have `forward`, `backward`, `inputGradient`, `weightGradient`, `recompute`, `recomputeBackward`; a forward overlapped with a backward of stage 7 is one, `forwardWithBackwardOf7`."
      ) { key, entry in
        key.write(to: &entry)
      }
    }
  }

  /// Watts of each rank, from the request or else from its GPUs.
  static func blockingPowers(_ params: Params, _ session: SessionState, ranks: Int) throws(RequestError) -> [Double] {
    var powers = params.blockingPowerWatts.map { $0.count == 1 ? Array(repeating: $0[0], count: ranks) : $0 }
    // Most pipelines are defined without GPUs; those with thousands of them must not search the list for each rank.
    let known = params.gpus == nil ? [:] : Dictionary(uniqueKeysWithValues: session.gpus.map { ($0.id, $0) })
    for (rank, id) in (params.gpus ?? []).enumerated() {
      guard let gpu = known[id] else {
        throw RequestError(
          .unknownGPU, path: "gpus[\(rank)]", expected: "the id of a registered GPU", found: "\"\(id)\"",
          fix: "register it with gpu/register")
      }
      if params.blockingPowerWatts != nil { continue }
      guard let power = gpu.blockingPowerWatts else {
        throw RequestError(
          .invalidPipeline, path: "gpus[\(rank)]", expected: "a GPU with blockingPowerWatts",
          found: "\"\(id)\" without it", fix: "register it with blockingPowerWatts, or send blockingPowerWatts here")
      }
      powers = (powers ?? []) + [power]
    }
    let (sum, most) = ((powers ?? []).reduce(0, +), Measurement.acceptedRange.upperBound)
    guard sum <= most else {
      throw RequestError(
        .invalidPipeline, path: "blockingPowerWatts", expected: "powers of at most \(most) W together",
        found: "\(sum) W", fix: "check the unit of the powers, which is watts")
    }
    return powers ?? []
  }

  /// What each rank may draw, from the request or else from its GPUs.
  private static func powerLimits(_ params: Params, _ session: SessionState, ranks: Int) throws(RequestError)
    -> [Double]
  {
    guard let limits = params.powerLimitWatts else {
      guard let gpus = params.gpus else { return Array(repeating: .infinity, count: ranks) }
      let known = Dictionary(uniqueKeysWithValues: session.gpus.map { ($0.id, $0) })
      return gpus.map { known[$0]?.powerLimitWatts ?? .infinity }
    }
    guard limits.count == 1 || limits.count == ranks else {
      throw RequestError(
        .invalidPipeline, path: "powerLimitWatts", expected: "\(ranks), one for each rank of scheduleCSV",
        found: "\(limits.count)", fix: "send one for each row")
    }
    let all = limits.count == 1 ? Array(repeating: limits[0], count: ranks) : limits
    return all.map { $0 == Measurement.acceptedRange.upperBound ? .infinity : $0 }
  }

  private static func definition(_ params: Params, _ session: SessionState) throws(RequestError) -> PipelineDefinition {
    if let schedule = params.schedule { return try generatedDefinition(params, schedule, session) }
    if let text = params.scheduleCSV { return try importedDefinition(params, text, session) }
    return try explicitDefinition(
      params, params.instructions ?? [],
      blockingPowerWatts: try blockingPowers(params, session, ranks: params.stages))
  }
}

extension TableKey {
  func write(to object: inout ObjectWriter) {
    object.field("stage", stage, "The stage, from 0.")
    object.field("instruction", instruction, "The kind of instruction.")
  }
}

extension PipelineDefinition {
  /// Refuses measurements that belong to no instruction of the pipeline.
  ///
  /// - Parameter path: where the key at an index stands, for the refusal.
  package func check(_ keys: [TableKey], path: (Int) -> String) throws(RequestError) {
    let known = Set(tables)
    for (index, key) in keys.enumerated() where !known.contains(key) {
      throw RequestError(
        .invalidProfile, path: path(index),
        expected: key.stage >= stageCount
          ? "measurements of stages in 0...\(stageCount - 1)"
          : "an instruction among "
            + Set(tables.filter { $0.stage == key.stage }.map(\.instruction)).sorted().joined(separator: ", "),
        found: "stage \(key.stage) \"\(key.instruction)\"",
        fix: "correct the measurement, or define the pipeline with this instruction")
    }
  }
}
