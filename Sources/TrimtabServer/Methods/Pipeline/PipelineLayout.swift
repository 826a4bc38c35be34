internal import JSON
internal import Sessions

/// The fields of pipeline/define that say which global rank is where.
struct LayoutParams {
  let contextParallelWidth: Int
  let rankOrder: String?
  let rankMap: [(Int, Int)]?

  init(from reader: inout ObjectReader) throws(InvalidField) {
    contextParallelWidth = try reader.optional(
      "contextParallelWidth", .integer(in: 1...65_536), default: 1,
      "Devices that divide the sequence among them; all run the stage's plan, and energies count them all.")
    rankOrder = try reader.optional(
      "rankOrder", .text(),
      "Which index changes first from one global rank to the next, for plan/get and straggler/report: by default `tp-cp-ep-dp-pp`, as Megatron has it."
    )
    rankMap = try reader.optional(
      "rankMap",
      .list(
        of: Shape<[Int]>.list(of: .integer(in: 0...65_535), count: 2...2).map { ($0[0], $0[1]) },
        count: 1...Limits.gpuCount),
      "Instead of an order: for each global rank its pipeline rank and its data-parallel replica.")
    try reader.check(rankOrder == nil || rankMap == nil, "rankMap", expected: "either rankOrder or rankMap")
    try reader.check(
      rankOrder.map { RankLayout.order($0) != nil } ?? true, "rankOrder",
      expected: "tp, cp, dp and pp, each once and joined by hyphens, with ep or without")
  }

  func layout(for definition: PipelineDefinition, gpus: [String]?) throws(RequestError) -> RankLayout {
    var layout = RankLayout()
    layout.contextParallelWidth = contextParallelWidth
    layout.gpus = gpus
    if let order = rankOrder.flatMap({ RankLayout.order($0) }) { layout.order = order }
    guard let rankMap else { return layout }
    let (ranks, replicas) = (definition.rankCount, definition.dataParallelWidth)
    let devices = definition.tensorParallelWidth * contextParallelWidth
    var counts = [Int](repeating: 0, count: ranks * replicas)
    for (global, (rank, replica)) in rankMap.enumerated() {
      guard rank < ranks, replica < replicas else {
        throw RequestError(
          .invalidPipeline, path: "rankMap[\(global)]",
          expected: "a rank in 0...\(ranks - 1) and a replica in 0...\(replicas - 1)", found: "[\(rank), \(replica)]",
          fix: "correct the map, or dataParallelWidth")
      }
      counts[rank * replicas + replica] += 1
    }
    if let wrong = counts.firstIndex(where: { $0 != devices }) {
      throw RequestError(
        .invalidPipeline, path: "rankMap",
        expected: "every rank of every replica \(devices) times, once for each of its devices",
        found: "rank \(wrong / replicas) of replica \(wrong % replicas) \(counts[wrong]) times",
        fix: "list every global rank, or correct the widths")
    }
    layout.map = rankMap.map { RankLayout.Place(rank: $0.0, replica: $0.1) }
    return layout
  }
}

/// The fields of pipeline/define about what an iteration does around its forwards and backwards.
struct SurroundingsParams {
  let dataLoadingStages: [Int]
  let optimizerStep: Bool
  let transferSeconds: [Double]?
  let backwardTransferSeconds: [Double]?

  init(from reader: inout ObjectReader) throws(InvalidField) {
    dataLoadingStages = try reader.optional(
      "dataLoadingStages", .list(of: .integer(in: 0...4095)), default: [],
      "Stages that load data before each forward, usually [0]: an instruction `dataLoading`, measured like any other; measured at one frequency, its time is fixed."
    )
    optimizerStep = try reader.optional(
      "optimizerStep", .bool, default: false,
      "Whether each rank ends with an instruction `optimizerStep`, measured as part of its lowest stage.")
    transferSeconds = try reader.optional(
      "transferSeconds", Self.seconds,
      "Seconds from the end of a forward until the next stage, on another rank, has its output: one number, or one for each boundary between stages. A transfer occupies no device."
    )
    backwardTransferSeconds = try reader.optional(
      "backwardTransferSeconds", Self.seconds, "The same for gradients on their way back; by default `transferSeconds`."
    )
  }

  private static var seconds: Shape<[Double]> {
    .either(Shape<Double>.number(in: 0...1e30).map { [$0] }, .list(of: .number(in: 0...1e30), count: 0...4095))
  }

  var isGiven: Bool {
    !dataLoadingStages.isEmpty || optimizerStep || transferSeconds != nil || backwardTransferSeconds != nil
  }

  func value(stageCount: Int) throws(RequestError) -> IterationExtras {
    var surroundings = IterationExtras()
    for (index, stage) in dataLoadingStages.enumerated() where stage >= stageCount {
      throw RequestError(
        .invalidPipeline, path: "dataLoadingStages[\(index)]", expected: "a stage in 0...\(stageCount - 1)",
        found: "\(stage)", fix: "correct the stage")
    }
    surroundings.dataLoadingStages = Set(dataLoadingStages).sorted()
    surroundings.hasOptimizerStep = optimizerStep
    surroundings.forwardTransferSeconds = try boundaries(transferSeconds, stageCount, "transferSeconds")
    surroundings.backwardTransferSeconds =
      try boundaries(backwardTransferSeconds ?? transferSeconds, stageCount, "backwardTransferSeconds")
    return surroundings
  }

  private func boundaries(_ seconds: [Double]?, _ stageCount: Int, _ path: String) throws(RequestError) -> [Double] {
    guard let seconds else { return [] }
    if seconds.count == stageCount - 1 { return seconds }
    guard seconds.count == 1 else {
      throw RequestError(
        .invalidPipeline, path: path,
        expected: "one number, or \(stageCount - 1), one for each boundary between stages",
        found: "\(seconds.count)", fix: "send one for each stage but the last")
    }
    return Array(repeating: seconds[0], count: stageCount - 1)
  }
}

extension IterationExtras {
  /// As params of pipeline/define; nothing where there is nothing.
  func write(to params: inout ObjectWriter) {
    if !dataLoadingStages.isEmpty { params.field("dataLoadingStages", dataLoadingStages) }
    if hasOptimizerStep { params.field("optimizerStep", true) }
    if !forwardTransferSeconds.isEmpty { params.field("transferSeconds", forwardTransferSeconds) }
    if !backwardTransferSeconds.isEmpty { params.field("backwardTransferSeconds", backwardTransferSeconds) }
  }
}
