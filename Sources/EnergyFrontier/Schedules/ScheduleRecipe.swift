/// A family of schedules and the sizes that determine one of them.
///
/// `stageCount` counts model stages. Each of `rankCount = stageCount / chunksPerRank` ranks holds `chunksPerRank` of
/// them: in a loop (`stage mod rankCount`), or in a V (rank r holds stages r and 2 * rankCount - 1 - r). In DualPipe
/// the two are parts r and rankCount - 1 - r of the model, the second a copy.
public struct ScheduleRecipe: Sendable, Equatable {
  public let schedule: PipelineSchedule
  public let stageCount: Int
  public let microbatchCount: Int
  /// Stages that each rank holds.
  public let chunksPerRank: Int
  /// How many microbatches an interleaved schedule runs through one chunk before it turns to the next.
  public let microbatchGroupSize: Int
  /// How many stages each encoder has; empty but for ``PipelineSchedule/encoders``.
  public let encoderStages: [Int]

  public var rankCount: Int { stageCount / chunksPerRank }

  /// - Parameters:
  ///   - chunksPerRank: A choice only for interleaved schedules; by default 2 for `interleaved1f1b`.
  ///   - microbatchGroupSize: A choice only for interleaved schedules; by default the number of ranks. A last group
  ///     may be short.
  ///   - encoderStages: How many stages each encoder has, for ``PipelineSchedule/encoders``, which needs it.
  /// - Throws: ``FrontierError/invalidScheduleSize(field:value:)`` unless both counts are positive, and
  ///   ``FrontierError/invalidSchedule(_:)`` when the family has no schedule of these sizes.
  public init(
    _ schedule: PipelineSchedule, stageCount: Int, microbatchCount: Int, chunksPerRank: Int? = nil,
    microbatchGroupSize: Int? = nil, encoderStages: [Int] = []
  ) throws(FrontierError) {
    guard stageCount > 0 else { throw .invalidScheduleSize(field: "stages", value: stageCount) }
    guard microbatchCount > 0 else { throw .invalidScheduleSize(field: "microbatches", value: microbatchCount) }
    let chunks = chunksPerRank ?? schedule.defaultChunksPerRank
    guard chunks > 0, schedule.hasChunks || chunks == schedule.defaultChunksPerRank else {
      throw .invalidSchedule(
        ScheduleError(
          field: "chunksPerRank",
          expected: schedule.hasChunks
            ? "at least 1" : "\(schedule.defaultChunksPerRank), as \(schedule.rawValue) has it",
          found: "\(chunks)", fix: schedule.hasChunks ? "raise it" : "leave it out"))
    }
    guard stageCount.isMultiple(of: chunks) else {
      throw .invalidSchedule(
        ScheduleError(
          field: "stages", expected: "a multiple of the \(chunks) chunks on each rank", found: "\(stageCount)",
          fix: "count every model stage, \(chunks) for each rank"))
    }
    guard microbatchGroupSize.map({ $0 > 0 && schedule.hasGroups }) ?? true else {
      throw .invalidSchedule(
        ScheduleError(
          field: "microbatchGroupSize",
          expected: schedule.hasGroups ? "at least 1" : "none, as \(schedule.rawValue) has no groups",
          found: "\(microbatchGroupSize ?? 0)", fix: schedule.hasGroups ? "raise it" : "leave it out"))
    }
    let rankCount = stageCount / chunks
    guard ![.dualpipev, .dualpipe].contains(schedule) || microbatchCount / 2 >= rankCount else {
      throw .invalidSchedule(
        ScheduleError(
          field: "microbatches", expected: "at least \(2 * rankCount), twice the ranks of \(schedule.rawValue)",
          found: "\(microbatchCount)", fix: "raise it, or choose zbv"))
    }
    if schedule == .dualpipe {
      let fix = "raise it by one step, or choose dualpipev"
      guard rankCount.isMultiple(of: 2) else {
        throw .invalidSchedule(
          ScheduleError(
            field: "stages", expected: "a multiple of 4, two for each of an even number of ranks",
            found: "\(stageCount)", fix: fix))
      }
      guard microbatchCount.isMultiple(of: 2) else {
        throw .invalidSchedule(
          ScheduleError(field: "microbatches", expected: "an even number", found: "\(microbatchCount)", fix: fix))
      }
    }
    guard encoderStages.isEmpty != (schedule == .encoders) else {
      throw .invalidSchedule(
        ScheduleError(
          field: "encoderStages", expected: schedule == .encoders ? "the stages of each encoder" : "none",
          found: encoderStages.isEmpty ? "none" : "\(encoderStages.count) encoders",
          fix: schedule == .encoders ? "send a list such as [2, 1]" : "leave it out, or choose encoders1f1b"))
    }
    if let fault = Self.fault(inEncoders: encoderStages, stageCount: stageCount) { throw .invalidSchedule(fault) }
    self.encoderStages = encoderStages
    self.schedule = schedule
    self.stageCount = stageCount
    self.microbatchCount = microbatchCount
    self.chunksPerRank = chunks
    self.microbatchGroupSize = microbatchGroupSize ?? rankCount
  }

  /// What is wrong with the sizes of encoders; nil where they leave a decoder, or where there are none.
  static func fault(inEncoders encoderStages: [Int], stageCount: Int) -> ScheduleError? {
    var rest = stageCount
    for count in encoderStages {
      if count < 1 || count >= rest {
        return ScheduleError(
          field: "encoderStages", expected: "stages of encoders, at least 1 each, fewer than \(stageCount) in all",
          found: "\(encoderStages.prefix(16))", fix: "leave at least one of the stages to the decoder")
      }
      rest -= count
    }
    return nil
  }

  /// Which stage feeds which.
  public var flow: StageFlow {
    switch schedule {
    case .encoders: .encoders(encoderStages, stageCount: stageCount)
    case .dualpipe: .twoChains(partCount: rankCount)
    default: .chain(stageCount: stageCount)
    }
  }

  /// The stage that is the rank's `chunk`-th.
  func stage(rank: Int, chunk: Int) -> Int {
    schedule.isVShaped && chunk == 1 ? 2 * rankCount - 1 - rank : chunk * rankCount + rank
  }

  /// The order of instructions on each rank, in O(instructions); not validated yet, see ``ExpandedSchedule``.
  public func orders() -> [[ScheduledInstruction]] {
    let flow = flow
    return (0..<rankCount).map { rank in
      switch schedule {
      case .oneForwardOneBackward:
        ClassicOrder.order(self, rank: rank, forwardsAhead: rankCount - 1 - rank)
      case .gpipe: ClassicOrder.order(self, rank: rank, forwardsAhead: microbatchCount)
      case .earlyRecomputationOneForwardOneBackward: ClassicOrder.earlyRecomputation(self, rank: rank)
      case .interleavedOneForwardOneBackward: InterleavedOrder(self, rank: rank).fullBackwards()
      case .zbh1: InterleavedOrder(self, rank: rank).splitBackwards()
      case .zbv: ZeroBubbleVOrder.order(self, rank: rank)
      case .dualpipev: DualPipeOrder.vShaped(self, rank: rank)
      case .dualpipe: DualPipeOrder.bidirectional(self, rank: rank)
      case .loopedBreadthFirst: BreadthFirstOrder.order(self, rank: rank)
      case .encoders: ClassicOrder.order(self, rank: rank, forwardsAhead: flow.distanceToEnd(ofPart: rank))
      }
    }
  }
}
