internal import EnergyFrontier
internal import JSON
internal import Sessions

/// The fields of pipeline/define that say where instructions and dependencies come from.
struct ScheduleFields {
  private let stages: Int
  private let schedule: PipelineSchedule?
  private let microbatches: Int?
  private let chunksPerRank: Int?
  private let microbatchGroupSize: Int?
  private let encoderStages: [Int]
  private let layout: String?
  private let emptyStages: [Int]
  private let scheduleCSV: String?
  private let keepsCommunication: Bool
  private let instructions: [GraphSchedule.Instruction]?
  private let dependencies: [GraphSchedule.Dependency]

  init(from reader: inout ObjectReader) throws(InvalidField) {
    stages = try reader.required(
      "stages", .integer(in: 1...4096),
      """
      Model stages. A rank holds one of them, or `chunksPerRank`; `scheduleCSV` says which. With `dualpipe` every part \
      of the model is two stages, s and s + stages / 2, on two ranks; measurements of the first half serve both.
      """
    )
    schedule = try reader.optional(
      "schedule", .choice(), "The schedule to generate; needs `microbatches`. Or send `scheduleCSV` or `instructions`.")
    microbatches = try reader.optional("microbatches", .integer(in: 1...65_536), "Microbatches in one iteration.")
    chunksPerRank = try reader.optional(
      "chunksPerRank", .integer(in: 1...4096),
      """
      Stages that each rank holds: 2 by default with `interleaved1f1b` and `loopedBFS`, 1 with `zbh1`. Always 2 with \
      `zbv`, `dualpipev` and `dualpipe`, else 1.
      """
    )
    microbatchGroupSize = try reader.optional(
      "microbatchGroupSize", .integer(in: 1...65_536),
      """
      Microbatches that `interleaved1f1b` or `zbh1` runs through one chunk before the next; by default the number of \
      ranks.
      """
    )
    encoderStages = try reader.optional(
      "encoderStages", .list(of: .integer(in: 1...4095), count: 0...4095), default: [],
      """
      How many stages each encoder has, for `encoders1f1b` or beside `scheduleCSV`: the first encoder's stages come \
      first, the decoder's last. Each encoder's last stage feeds the decoder's first.
      """
    )
    layout = try reader.optional(
      "layout", .text(1...StageLayout.mostTextCharacters),
      """
      Which layers each stage holds, as Megatron-Core's `pipeline_model_parallel_layout` says it: `Et*3|(tt|)*29,m|L`. \
      A stage without layers takes no time and needs no measurements.
      """
    )
    emptyStages = try reader.optional(
      "emptyStages", .list(of: .integer(in: 0...4095), count: 0...4096), default: [],
      "Stages that take no time and need no measurements, beside those that `layout` leaves empty.")
    scheduleCSV = try reader.optional(
      "scheduleCSV", .text(1...Limits.scheduleCharacters),
      """
      A schedule as PyTorch writes it: a row for each rank, cells such as 0F3, 0B3, 0I3, 0W3, (0F7;7B3)OVERLAP_F_B; \
      also 0R3 for a recomputation, 0FB3 for one with its backward.
      """
    )
    keepsCommunication = try reader.optional(
      "keepCommunication", .bool, default: false,
      """
      Whether SEND_F, RECV_F, SEND_B, RECV_B, UNSHARD, RESHARD and REDUCE_GRAD in `scheduleCSV` become instructions: a \
      rank waits in a receive from where the schedule posts it. They are `sendForward`, `receiveForward`, \
      `sendBackward`, `receiveBackward`, `unshard`, `reshard` and `reduceGradient` in a profile; what is not measured \
      takes no time. `transferSeconds` then passes between a send and its receive. Otherwise they are left out.
      """
    )
    instructions = try reader.optional(
      "instructions",
      .list(of: Shape<InstructionEntry>.object().map(\.instruction), count: 1...Limits.instructionCount),
      "The instructions of an explicit graph.")
    dependencies = try reader.optional(
      "dependencies", .list(of: Self.dependency, count: 0...Limits.dependencyCount), default: [],
      """
      Pairs of instruction ids: the first must end before the second begins. A third element is the number of seconds \
      that must pass in between, as for a transfer. The order on a rank is not implied.
      """
    )
  }

  /// `[before, after]` or `[before, after, seconds]`.
  private static var dependency: Shape<GraphSchedule.Dependency> {
    Shape.pair(of: .text(), perhaps: Shape<Double>.number(in: 0...1e30)).map {
      GraphSchedule.Dependency(before: $0.0, after: $0.1, lagSeconds: $0.2 ?? 0)
    }
  }

  private struct InstructionEntry: ObjectReadable {
    let instruction: GraphSchedule.Instruction

    init(from reader: inout ObjectReader) throws(InvalidField) {
      let id = try reader.required("id", .text(), "A name that is unique in the pipeline.")
      let stage = try reader.required("stage", .integer(in: 0...4095), "The stage it runs on, from 0.")
      let kind = try reader.required(
        "instruction", .text(), "Its kind; instructions of one kind on one stage share their measurements.")
      let microbatch = try reader.optional(
        "microbatch", .integer(in: 0...65_535), "The microbatch it works on, from 0.")
      let collective = try reader.optional(
        "collective", .text(),
        """
        A collective of several ranks, such as an all-to-all or a reduction over tied embeddings: its instructions \
        begin together, each when what all of them depend on has ended.
        """
      )
      instruction = GraphSchedule.Instruction(
        id: id, table: TableKey(stage: stage, instruction: kind), microbatch: microbatch, collective: collective)
    }
  }

  /// What the stages hold.
  func add(to request: inout PipelineRequest) {
    request.layout = layout
    request.emptyStages = emptyStages
  }

  /// The source, of which exactly one must be given.
  func source(_ reader: inout ObjectReader, _ extras: ExtrasFields) throws(InvalidField) -> ScheduleSource {
    try reader.checkOne(of: ["schedule", "scheduleCSV", "instructions"])
    try reader.check(
      schedule == nil || microbatches != nil, "microbatches", expected: "an integer in 1...65536 beside schedule")
    try reader.check(
      instructions == nil || !extras.extras.isGiven, "instructions",
      expected: "schedule or scheduleCSV beside dataLoadingStages, optimizerStep and transfers",
      fix: "write them into the graph: instructions of their own, and dependencies with a lag")
    try reader.check(
      instructions == nil || (encoderStages.isEmpty && layout == nil && emptyStages.isEmpty), "instructions",
      expected: "schedule or scheduleCSV beside encoderStages, layout and emptyStages",
      fix: "leave out the instructions that take no time, and write down what feeds what")
    try reader.check(
      scheduleCSV != nil || !keepsCommunication, "keepCommunication", expected: "true beside scheduleCSV only")
    try reader.check(
      schedule != nil || (chunksPerRank == nil && microbatchGroupSize == nil), "schedule",
      expected: "a schedule beside chunksPerRank or microbatchGroupSize")
    if let schedule {
      return .named(
        NamedSchedule(
          schedule, stageCount: stages, microbatchCount: microbatches ?? 1, chunksPerRank: chunksPerRank,
          microbatchGroupSize: microbatchGroupSize, encoderStages: encoderStages))
    }
    if let scheduleCSV {
      var csv = CSVSchedule(scheduleCSV)
      (csv.stageCount, csv.microbatchCount, csv.encoderStages) = (stages, microbatches, encoderStages)
      csv.keepsCommunication = keepsCommunication
      return .csv(csv)
    }
    return .graph(
      GraphSchedule(stageCount: stages, instructions: instructions ?? [], dependencies: dependencies))
  }
}
