/// A family of schedules and the sizes that determine one of them.
///
/// `stageCount` counts model stages. Each of `rankCount = stageCount / chunksPerRank` ranks holds `chunksPerRank` of
/// them: in a loop (`stage mod rankCount`), or in a V (rank r holds stages r and 2 * rankCount - 1 - r).
public struct ScheduleRecipe: Sendable, Equatable {
  public let schedule: PipelineSchedule
  public let stageCount: Int
  public let microbatchCount: Int
  /// Stages that each rank holds.
  public let chunksPerRank: Int
  /// How many microbatches an interleaved schedule runs through one chunk before it turns to the next.
  public let microbatchGroupSize: Int

  public var rankCount: Int { stageCount / chunksPerRank }

  /// - Parameters:
  ///   - chunksPerRank: A choice only for interleaved schedules; by default 2 for `interleaved1f1b`.
  ///   - microbatchGroupSize: A choice only for interleaved schedules; by default the number of ranks. A last group
  ///     may be short.
  /// - Throws: ``FrontierError/invalidScheduleSize(field:value:)`` unless both counts are positive, and
  ///   ``FrontierError/invalidSchedule(_:)`` when the family has no schedule of these sizes.
  public init(
    _ schedule: PipelineSchedule, stageCount: Int, microbatchCount: Int, chunksPerRank: Int? = nil,
    microbatchGroupSize: Int? = nil
  ) throws(FrontierError) {
    guard stageCount > 0 else { throw .invalidScheduleSize(field: "stages", value: stageCount) }
    guard microbatchCount > 0 else { throw .invalidScheduleSize(field: "microbatches", value: microbatchCount) }
    let chunks = chunksPerRank ?? schedule.defaultChunksPerRank
    guard chunks > 0, schedule.isInterleaved || chunks == schedule.defaultChunksPerRank else {
      throw .invalidSchedule(
        ScheduleError(
          field: "chunksPerRank",
          expected: schedule.isInterleaved
            ? "at least 1" : "\(schedule.defaultChunksPerRank), as \(schedule.rawValue) has it",
          found: "\(chunks)", fix: schedule.isInterleaved ? "raise it" : "leave it out"))
    }
    guard stageCount.isMultiple(of: chunks) else {
      throw .invalidSchedule(
        ScheduleError(
          field: "stages", expected: "a multiple of the \(chunks) chunks on each rank", found: "\(stageCount)",
          fix: "count every model stage, \(chunks) for each rank"))
    }
    guard microbatchGroupSize.map({ $0 > 0 && schedule.isInterleaved }) ?? true else {
      throw .invalidSchedule(
        ScheduleError(
          field: "microbatchGroupSize",
          expected: schedule.isInterleaved ? "at least 1" : "none, as \(schedule.rawValue) has no groups",
          found: "\(microbatchGroupSize ?? 0)", fix: schedule.isInterleaved ? "raise it" : "leave it out"))
    }
    let rankCount = stageCount / chunks
    guard schedule != .dualpipev || microbatchCount / 2 >= rankCount else {
      throw .invalidSchedule(
        ScheduleError(
          field: "microbatches", expected: "at least \(2 * rankCount), twice the ranks of dualpipev",
          found: "\(microbatchCount)", fix: "raise it, or choose zbv"))
    }
    self.schedule = schedule
    self.stageCount = stageCount
    self.microbatchCount = microbatchCount
    self.chunksPerRank = chunks
    self.microbatchGroupSize = microbatchGroupSize ?? rankCount
  }

  /// The stage that is the rank's `chunk`-th.
  func stage(rank: Int, chunk: Int) -> Int {
    schedule.isVShaped && chunk == 1 ? 2 * rankCount - 1 - rank : chunk * rankCount + rank
  }

  /// The order of instructions on each rank, in O(instructions); not validated yet, see ``ExpandedSchedule``.
  public func orders() -> [[ScheduledInstruction]] {
    (0..<rankCount).map { rank in
      switch schedule {
      case .oneForwardOneBackward:
        ClassicOrder.order(self, rank: rank, forwardsAhead: rankCount - 1 - rank)
      case .gpipe: ClassicOrder.order(self, rank: rank, forwardsAhead: microbatchCount)
      case .earlyRecomputationOneForwardOneBackward: ClassicOrder.earlyRecomputation(self, rank: rank)
      case .interleavedOneForwardOneBackward: InterleavedOrder(self, rank: rank).fullBackwards()
      case .zbh1: InterleavedOrder(self, rank: rank).splitBackwards()
      case .zbv: ZeroBubbleVOrder.order(self, rank: rank)
      case .dualpipev: DualPipeVOrder.order(self, rank: rank)
      }
    }
  }
}
