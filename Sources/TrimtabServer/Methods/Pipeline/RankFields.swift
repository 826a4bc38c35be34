internal import EnergyFrontier
internal import JSON
internal import Sessions

/// The fields of pipeline/define about ranks: their devices, and which global rank is where.
struct RankFields {
  private let blockingPowerWatts: PerRank<Double>?
  private let powerLimitWatts: PerRank<Double>?
  private let gpus: [String]?
  private let switchLatencySeconds: PerRank<Double>?
  private let switchEnergyJoules: PerRank<Double>?
  private let settingLatencies: SettingLatencies
  private let mostSwitches: PerRank<Int>?
  private let tensorParallelWidth: PerRank<Int>
  private let dataParallelWidth: Int
  private let contextParallelWidth: Int
  private let rankOrder: [RankLayout.Axis]?
  private let rankMap: [RankLayout.Place]?

  init(from reader: inout ObjectReader) throws(InvalidField) {
    blockingPowerWatts = try reader.optional(
      "blockingPowerWatts", .perRank(in: 0...1e30),
      "Power of one device while it waits: one number for all ranks, or one for each. By default that of the GPUs.")
    powerLimitWatts = try reader.optional(
      "powerLimitWatts", .perRank(in: Measurement.acceptedRange),
      """
      Power that one device may draw, to judge measurements by: one number for all ranks, or one for each; 1e30 for no \
      limit. By default that of the GPUs.
      """
    )
    gpus = try reader.optional(
      "gpus", .list(of: .text(), count: 1...4096),
      "For each rank the id of a registered GPU, whose powers and switch costs are used unless they are given here.")
    switchLatencySeconds = try reader.optional(
      "switchLatencySeconds", .perRank(in: 0...1e30),
      """
      Time from the end of one instruction until the next one on its rank may begin at another frequency: one number \
      for all ranks, or one for each. 0 by default. An iteration ends when every rank is set for its first instruction \
      again.
      """
    )
    switchEnergyJoules = try reader.optional(
      "switchEnergyJoules", .perRank(in: 0...1e30),
      """
      Energy of one device for each such change, beyond the blocking power that it draws meanwhile: one number, or one \
      for each rank. 0 by default.
      """
    )
    settingLatencies = try SettingLatencies(from: &reader)
    mostSwitches = try reader.optional(
      "mostSwitches",
      .either(
        Shape<Int>.integer(in: 0...Limits.instructionCount).map(PerRank.all),
        Shape<[Int]>.list(of: .integer(in: 0...Limits.instructionCount), count: 1...4096).map(PerRank.each)),
      """
      How often the frequency of a rank may change in an iteration, in all plans: one number for all ranks, or one \
      for each; 0 for one frequency on the rank, 65536 for no limit. The change back to the first frequency at the \
      iteration's end counts, so 1 is as good as 0. The lower bound does not know of it.
      """
    )
    tensorParallelWidth = try reader.optional(
      "tensorParallelWidth",
      .either(
        Shape<Int>.integer(in: 1...65_536).map(PerRank.all),
        Shape<[Int]>.list(of: .integer(in: 1...65_536), count: 1...4096).map(PerRank.each)), default: .all(1),
      """
      Devices that share the stages of a rank: one number for all ranks, or one for each, as 2 for an encoder's and 8 \
      for a decoder's. All run the rank's plan, and energies count them all; measurements and powers are of one device.
      """
    )
    dataParallelWidth = try reader.optional(
      "dataParallelWidth", .integer(in: 1...65_536), default: 1,
      "Replicas of the pipeline; all run its plan, and energies count them all.")
    contextParallelWidth = try reader.optional(
      "contextParallelWidth", .integer(in: 1...65_536), default: 1,
      "Devices that divide the sequence among them; all run the stage's plan, and energies count them all.")
    let order = try reader.optional(
      "rankOrder", .text(),
      """
      Which index changes first from one global rank to the next, for plan/get and straggler/report: by default \
      `tp-cp-ep-dp-pp`, as in Megatron. Ranks that follow each other with the same tensor-parallel width are a block; \
      global ranks count block after block, each in this order.
      """
    )
    rankMap = try reader.optional(
      "rankMap",
      .list(
        of: Shape<[Int]>.list(of: .integer(in: 0...65_535), count: 2...2).map {
          RankLayout.Place(rank: $0[0], replica: $0[1])
        }, count: 1...Limits.gpuCount),
      "Instead of an order: for each global rank its pipeline rank and its data-parallel replica.")
    rankOrder = order.flatMap { RankLayout.order($0) }
    try reader.checkOne(of: ["rankOrder", "rankMap"], orNone: true)
    try reader.check(
      order == nil || rankOrder != nil, "rankOrder",
      expected: "tp, cp, dp and pp, each once and joined by hyphens, with ep or without")
    try reader.check(
      blockingPowerWatts != nil || gpus != nil, "blockingPowerWatts",
      expected: "blockingPowerWatts, or gpus that have it",
      fix: "measure the power of a GPU that waits in a collective; there is no built-in table")
  }

  func add(to request: inout PipelineRequest) {
    request.blockingPowerWatts = blockingPowerWatts
    request.powerLimitWatts = powerLimitWatts
    request.gpus = gpus
    request.switchLatencySeconds = switchLatencySeconds
    request.switchEnergyJoules = switchEnergyJoules
    request.settingLatencies = settingLatencies
    request.mostSwitches = mostSwitches
    request.tensorParallelWidth = tensorParallelWidth
    request.dataParallelWidth = dataParallelWidth
    request.contextParallelWidth = contextParallelWidth
    request.rankOrder = rankOrder
    request.rankMap = rankMap
  }
}

/// The fields of pipeline/define about what an iteration does beside its forwards and backwards.
struct ExtrasFields {
  let extras: PipelineRequest.Extras

  init(from reader: inout ObjectReader) throws(InvalidField) {
    var extras = PipelineRequest.Extras()
    extras.dataLoadingStages = try reader.optional(
      "dataLoadingStages", .list(of: .integer(in: 0...4095), count: 0...4096), default: [],
      """
      Stages that load data before each forward, usually [0]: an instruction `dataLoading`, measured like any other. \
      Measured at one frequency, its time is fixed.
      """
    )
    extras.hasOptimizerStep = try reader.optional(
      "optimizerStep", .bool, default: false,
      "Whether each rank ends with an instruction `optimizerStep`, measured as part of its lowest stage.")
    extras.forwardTransferSeconds = try reader.optional(
      "transferSeconds", .perRank(in: 0...1e30, count: 0...4095),
      """
      Time from the end of a forward until the next stage, on another rank, has its output: one number, or one for \
      each boundary between stages. A transfer occupies no device.
      """
    )
    extras.backwardTransferSeconds = try reader.optional(
      "backwardTransferSeconds", .perRank(in: 0...1e30, count: 0...4095),
      "The same for gradients on their way back; by default `transferSeconds`.")
    self.extras = extras
  }
}

extension Shape where Value == PerRank<Double> {
  /// One number for all, or one for each.
  fileprivate static func perRank(
    in range: ClosedRange<Double>, count: ClosedRange<Int> = 1...4096
  ) -> Shape<PerRank<Double>> {
    .either(
      Shape<Double>.number(in: range).map(PerRank.all),
      Shape<[Double]>.list(of: .number(in: range), count: count).map(PerRank.each))
  }
}
