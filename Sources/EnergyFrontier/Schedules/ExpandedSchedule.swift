/// A valid schedule written out: every instruction, numbered, and every dependency.
public struct ExpandedSchedule: Sendable, Equatable {
  /// All instructions, rank after rank, each rank's in its order of execution.
  public let instructions: [ScheduledInstruction]
  /// Their dependencies: each rank's own order and what flows between stages; see ``ScheduleDependencies``.
  public let graph: InstructionGraph
  /// For each stage the rank that holds it.
  public let rankOfStage: [Int]
  /// Which stage feeds which.
  public let flow: StageFlow
  public let microbatchCount: Int
  /// For each rank the index of its first instruction; then their count.
  private let rankStart: [Int]

  public var rankCount: Int { rankStart.count - 1 }
  public var stageCount: Int { rankOfStage.count }

  /// The instructions of one rank in their order.
  public func order(ofRank rank: Int) -> ArraySlice<ScheduledInstruction> {
    instructions[rankStart[rank]..<rankStart[rank + 1]]
  }

  /// Writes out a generated schedule, in O(instructions log instructions).
  ///
  /// An interleaved order can deadlock when its last group of microbatches is shorter than the number of ranks.
  ///
  /// - Throws: ``FrontierError/invalidSchedule(_:)`` when the order deadlocks.
  public init(_ recipe: ScheduleRecipe) throws(FrontierError) {
    do throws(FrontierError) {
      try self.init(ScheduleActions(orders: recipe.orders()), flow: recipe.flow)
    } catch {
      guard case .invalidSchedule(let fault) = error else { throw error }
      throw .invalidSchedule(
        ScheduleError(
          at: fault.place, field: "microbatchGroupSize", expected: "sizes for which \(recipe.schedule.rawValue) ends",
          found: fault.found,
          fix: "choose a group size that leaves no last group, or one of at least \(recipe.rankCount) microbatches"))
    }
  }

  /// Writes out `schedule` for the given sizes with its default chunks and groups.
  ///
  /// - Throws: ``FrontierError`` as ``ScheduleRecipe`` does.
  public init(_ schedule: PipelineSchedule, stageCount: Int, microbatchCount: Int) throws(FrontierError) {
    try self.init(try ScheduleRecipe(schedule, stageCount: stageCount, microbatchCount: microbatchCount))
  }

  /// Validates and writes out any order of instructions on each rank, in O(instructions log instructions).
  ///
  /// Stages and microbatches count from 0 without gaps. Each stage is on one rank and runs for each microbatch one
  /// forward and one backward, which may be split or fused with its recomputation, as ``ScheduleInventory`` checks.
  ///
  /// - Parameter encoderStages: How many stages each encoder has where several feed one decoder, as in
  ///   ``StageFlow/encoders(_:stageCount:)``.
  /// - Throws: ``FrontierError/invalidSchedule(_:)`` naming rank, column and action.
  public init(orders: [[ScheduledInstruction]], encoderStages: [Int] = []) throws(FrontierError) {
    try self.init(ScheduleActions(orders: orders), encoderStages: encoderStages)
  }

  init(_ actions: ScheduleActions, encoderStages: [Int]) throws(FrontierError) {
    let stageCount = actions.instructions.reduce(0) { max($0, $1.parts.reduce(0) { max($0, $1.stage + 1) }) }
    if let fault = ScheduleRecipe.fault(inEncoders: encoderStages, stageCount: stageCount) {
      throw .invalidSchedule(fault)
    }
    try self.init(
      actions, flow: encoderStages.isEmpty ? nil : .encoders(encoderStages, stageCount: stageCount))
  }

  /// - Parameter flow: nil where each stage feeds the next one.
  private init(_ actions: ScheduleActions, flow: StageFlow?) throws(FrontierError) {
    do throws(ScheduleError) {
      guard !actions.instructions.isEmpty else {
        throw ScheduleError(expected: "an action", found: "none on any rank", fix: "add a row for each rank")
      }
      let inventory = try ScheduleInventory(actions, flow: flow)
      graph = try ScheduleDependencies(actions, inventory).graph()
      rankOfStage = inventory.rankOfStage
      self.flow = inventory.flow
      microbatchCount = inventory.microbatchCount
    } catch {
      throw .invalidSchedule(error)
    }
    instructions = actions.instructions
    rankStart = actions.rankStart
  }
}

/// Instructions of all ranks, rank after rank, and where each stands; nothing is checked yet.
struct ScheduleActions {
  private(set) var instructions: [ScheduledInstruction] = []
  /// For each rank the index of its first instruction; then their count.
  private(set) var rankStart = [0]
  private var columns: [Int] = []

  init() {}

  init(orders: [[ScheduledInstruction]]) {
    for order in orders {
      for (column, instruction) in order.enumerated() { append(instruction, column: column) }
      endRank()
    }
  }

  mutating func append(_ instruction: ScheduledInstruction, column: Int) {
    instructions.append(instruction)
    columns.append(column)
  }

  mutating func endRank() { rankStart.append(instructions.count) }

  /// The rank that runs an instruction, by bisection.
  func rank(of index: Int) -> Int {
    var ranks = 0..<(rankStart.count - 1)
    while ranks.count > 1 {
      let middle = ranks.lowerBound + ranks.count / 2
      ranks = rankStart[middle] <= index ? middle..<ranks.upperBound : ranks.lowerBound..<middle
    }
    return ranks.lowerBound
  }

  func place(of index: Int) -> ScheduleError.Place {
    .init(rank: rank(of: index), column: columns[index], action: "\(instructions[index])")
  }
}
