/// What precedes what in a schedule.
///
/// A rank runs its instructions one after the other. Beyond that, for stage s and microbatch m:
///
/// - the forward needs the forward of s - 1;
/// - the input gradient (a whole backward has it too) needs that of s + 1, on the last stage its own forward, and its
///   own recomputation where that is an instruction of its own;
/// - the weight gradient needs its own input gradient where they are split;
/// - a recomputation of its own needs the forward.
///
/// That a backward follows its own forward on an earlier stage needs no edge: it is so by way of the last stage.
/// An overlapped pair needs what both halves need. Sends do not block, so a schedule deadlocks if and only if these
/// dependencies form a cycle.
struct ScheduleDependencies {
  private let actions: ScheduleActions
  private let inventory: ScheduleInventory

  init(_ actions: ScheduleActions, _ inventory: ScheduleInventory) {
    self.actions = actions
    self.inventory = inventory
  }

  /// All dependencies, in O(instructions log instructions).
  func graph() throws(ScheduleError) -> InstructionGraph {
    var dependencies: [(before: Int, after: Int)] = []
    for (first, end) in zip(actions.rankStart, actions.rankStart.dropFirst()) where first < end {
      for index in (first + 1)..<max(first + 1, end) { dependencies.append((index - 1, index)) }
    }
    for (index, instruction) in actions.instructions.enumerated() {
      for part in instruction.parts {
        let needs = needs(of: part)
        if let before = needs.flow { dependencies.append((before, index)) }
        if let before = needs.own { dependencies.append((before, index)) }
      }
    }
    do throws(FrontierError) {
      return try InstructionGraph(count: actions.instructions.count, dependencies: dependencies)
    } catch {
      guard case .cyclicDependencies(let cycle) = error else {
        throw ScheduleError(expected: "a schedule", found: "\(error)", fix: "correct its instructions")
      }
      throw deadlock(cycle)
    }
  }

  /// The instructions on which one part of an instruction waits, but for its rank's order: one for what flows between
  /// stages and one for what the stage itself has done.
  private func needs(of part: ScheduledInstruction) -> (flow: Int?, own: Int?) {
    let (stage, microbatch) = (part.stage, part.microbatch)
    var gradient: Int? {
      stage == inventory.rankOfStage.count - 1
        ? inventory.provider(.forward, stage, microbatch) : inventory.provider(.inputGradient, stage + 1, microbatch)
    }
    return switch part.kind {
    case .forward: (stage > 0 ? inventory.provider(.forward, stage - 1, microbatch) : nil, nil)
    case .backward, .inputGradient: (gradient, inventory.provider(.recomputation, stage, microbatch))
    case .recomputeBackward: (gradient, nil)
    case .weightGradient: (nil, inventory.provider(.inputGradient, stage, microbatch))
    case .recompute: (nil, inventory.provider(.forward, stage, microbatch))
    case .forwardWithBackward: (nil, nil)  // Its parts are asked one by one.
    }
  }

  /// Names an action of the cycle that waits for more than its rank's order, and whom it waits for.
  private func deadlock(_ cycle: [Int]) -> ScheduleError {
    let befores = [cycle.last ?? 0] + cycle.dropLast()
    let waiting =
      zip(befores, cycle).first { before, after in
        before != after - 1 || actions.rank(of: before) != actions.rank(of: after)
      } ?? (befores[0], cycle[0])
    let position = cycle.firstIndex(of: waiting.1) ?? 0
    let circle = cycle[position...] + cycle[..<position]
    let shown = circle.prefix(8).map { "\(actions.instructions[$0])" } + (circle.count > 8 ? ["..."] : [])
    return ScheduleError(
      at: actions.place(of: waiting.1), expected: "an order that ends",
      found: waiting.0 == waiting.1
        ? "halves of a pair that wait for each other"
        : "it waits for \(actions.place(of: waiting.0)), which waits for it: "
          + (shown + ["\(actions.instructions[waiting.1])"]).joined(separator: " -> "),
      fix: "move one of these instructions")
  }
}
