internal import EnergyFrontier

/// What an iteration does around the forwards and backwards of its schedule.
///
/// Loading a microbatch and stepping the optimizer are instructions with measurements of their own, `dataLoading` and
/// `optimizerStep`; measured at one setting, their time is fixed. A transfer between stages on different ranks
/// occupies no instruction: what it feeds begins that much later.
package struct IterationExtras: Sendable, Equatable {
  /// Stages that load data before each of their forwards.
  package var dataLoadingStages: [Int] = []
  /// Whether each rank steps the optimizer at its end; measured as part of the rank's lowest stage.
  package var hasOptimizerStep = false
  /// For each part of the model but the last, the seconds from a forward's end until the next one has its output; empty
  /// where transfers take no time.
  package var forwardTransferSeconds: [Double] = []
  /// The same for gradients, from the next part back to it.
  package var backwardTransferSeconds: [Double] = []

  package init() {}

  package static let dataLoading = "dataLoading"
  package static let optimizerStep = "optimizerStep"

  /// The schedule's instructions and dependencies with what surrounds them, in O(instructions log instructions).
  func applied(
    to schedule: ExpandedSchedule
  ) throws(FrontierError) -> (instructions: [PipelineInstruction], graph: InstructionGraph) {
    var instructions: [PipelineInstruction] = []
    var dependencies: [InstructionGraph.Dependency] = []
    // The schedule's own instructions get new numbers where others come between.
    var number: [Int] = []
    for rank in 0..<schedule.rankCount {
      var last: Int?
      func append(
        _ table: TableKey, _ microbatch: Int?, overlapped: ScheduledInstruction.OverlappedBackward? = nil
      ) {
        if let last { dependencies.append(.init(before: last, after: instructions.count)) }
        last = instructions.count
        instructions.append(
          PipelineInstruction(id: nil, table: table, microbatch: microbatch, overlapped: overlapped))
      }
      for instruction in schedule.order(ofRank: rank) {
        for part in instruction.parts where part.kind == .forward && dataLoadingStages.contains(part.stage) {
          append(TableKey(stage: part.stage, instruction: Self.dataLoading), part.microbatch)
        }
        number.append(instructions.count)
        append(
          TableKey(stage: instruction.stage, instruction: instruction.tableName),
          instruction.kind.hasMicrobatch ? instruction.microbatch : nil,
          overlapped: instruction.overlapped)
      }
      if hasOptimizerStep, let stage = schedule.rankOfStage.firstIndex(of: rank) {
        append(TableKey(stage: stage, instruction: Self.optimizerStep), nil)
      }
    }
    for after in schedule.instructions.indices {
      for before in schedule.graph.predecessors(of: after) {
        dependencies.append(
          .init(
            before: number[before], after: number[after],
            lagSeconds: transferSeconds(from: schedule.instructions[before], to: schedule.instructions[after], schedule)
          ))
      }
    }
    return (instructions, try InstructionGraph(count: instructions.count, lagged: dependencies))
  }

  /// The longest transfer by which one instruction feeds another; 0 within a rank.
  private func transferSeconds(
    from before: ScheduledInstruction, to after: ScheduledInstruction, _ schedule: ExpandedSchedule
  ) -> Double {
    let part = schedule.flow.partOfStage
    guard !(forwardTransferSeconds.isEmpty && backwardTransferSeconds.isEmpty),
      schedule.rankOfStage[before.stage] != schedule.rankOfStage[after.stage]
    else { return 0 }
    var longest = 0.0
    for target in after.parts {
      for source in before.parts where source.microbatch == target.microbatch {
        let (from, to) = (part[source.stage], part[target.stage])
        if target.kind.takesInput, source.kind.givesOutput, schedule.flow.nextPart[from] == to {
          longest = max(longest, forwardTransferSeconds.isEmpty ? 0 : forwardTransferSeconds[from])
        }
        if target.kind.takesGradient, source.kind.givesGradient, schedule.flow.nextPart[to] == from {
          longest = max(longest, backwardTransferSeconds.isEmpty ? 0 : backwardTransferSeconds[to])
        }
      }
    }
    return longest
  }
}

extension InstructionKind {
  /// Whether it takes the gradient from the stage after its own.
  fileprivate var takesGradient: Bool { isBackward || self == .receiveBackward }
  /// Whether it passes a gradient on to the stage before its own.
  fileprivate var givesGradient: Bool { isBackward || self == .sendBackward }
  fileprivate var takesInput: Bool { self == .forward || self == .receiveForward }
  fileprivate var givesOutput: Bool { self == .forward || self == .sendForward }

  private var isBackward: Bool { self == .backward || self == .inputGradient || self == .recomputeBackward }
}
