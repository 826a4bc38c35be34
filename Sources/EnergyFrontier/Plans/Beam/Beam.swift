internal import Basics

/// Builds a plan instruction by instruction in topological order and keeps the `width` most promising partial plans.
///
/// How partial plans continue and what they lose is the business of a ``BeamExpansion``; this type holds the memory,
/// removes duplicates and reads the best plan back from the last position to the first.
///
/// **Complexity.** O(positions x width x (expansion + width + slots + ranks)) time, O(positions x width) memory.
///
/// Reference: Lowerre 1976, The Harpy speech recognition system (beam search).
final class Beam {
  private let space: PlanSpace
  private let width: Int
  private let memory: Memory
  /// For each position and state, its parent and option.
  private let steps: UnsafeMutableBufferPointer<(parent: Int32, option: Int32)>

  /// What a search writes to. A local copy is handed from step to step, which spares the hot loops the run-time checks
  /// for exclusive access.
  private struct Memory {
    var now: BeamStates
    var next: BeamStates
    var best: BeamSuccessors
  }

  /// - Parameters:
  ///   - width: states to keep, at least 1.
  ///   - rankCount: ranks whose settings each state tracks; 0 where changes of setting cost nothing.
  init(_ space: PlanSpace, width: Int, slotCount: Int, rankCount: Int = 0) {
    self.space = space
    self.width = width
    memory = Memory(
      now: BeamStates(width: width, slotCount: slotCount, rankCount: rankCount),
      next: BeamStates(width: width, slotCount: slotCount, rankCount: rankCount),
      best: BeamSuccessors(capacity: width))
    steps = .allocate(capacity: space.count * width)
    steps.initialize(repeating: (0, 0))
  }

  deinit {
    memory.now.deallocate()
    memory.next.deallocate()
    memory.best.deallocate()
    steps.deallocate()
  }

  /// The plan of least loss found; nil when no partial plan could be continued.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  func plan(_ expansion: some BeamExpansion, _ progress: ProgressHandle) throws(FrontierError) -> [Int32]? {
    var memory = memory
    memory.now.reset()
    for position in 0..<space.count {
      if position % 32 == 0 { try progress.check() }
      expansion.extend(position, from: memory.now, into: &memory.best)
      memory.next.removeAll()
      for successor in memory.best.entries {
        let parent = Int(successor.parent)
        let addition = expansion.addition(position, successor, from: memory.now)
        if let state = memory.next.add(from: memory.now, parent: parent, addition) {
          steps[position * width + state] = (successor.parent, successor.option)
        }
      }
      memory.best.removeAll()
      swap(&memory.now, &memory.next)
      if memory.now.count == 0 { return nil }
    }
    var state = memory.now.best
    var options = [Int32](repeating: 0, count: space.count)
    for position in (0..<space.count).reversed() {
      let step = steps[position * width + state]
      options[position] = step.option
      state = Int(step.parent)
    }
    return options
  }
}

/// How the states of a ``Beam`` continue towards one deadline.
protocol BeamExpansion {
  /// Adds the successors of all states at `position` that may still meet the deadline.
  func extend(_ position: Int, from states: BeamStates, into best: inout BeamSuccessors)

  /// What a successor changes in the state that it continues.
  func addition(_ position: Int, _ successor: BeamSuccessor, from states: BeamStates) -> BeamStates.Addition
}
