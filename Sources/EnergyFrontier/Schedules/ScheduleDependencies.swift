/// What precedes what in a schedule.
///
/// A rank runs its instructions one after the other. Beyond that, for stage s and microbatch m:
///
/// - the forward needs the forward of s - 1, the decoder's first one the last forward of each encoder;
/// - the input gradient (a whole backward has it too) needs that of s + 1, the last one of an encoder that of the
///   decoder's first stage, on the last stage its own forward, and its own recomputation where that is an instruction
///   of its own;
/// - the weight gradient needs its own input gradient where they are split;
/// - a recomputation of its own needs the forward.
///
/// Where sends and receives are instructions, what flows between stages goes by way of them: the next stage waits in
/// its receive from where the schedule posts that. Gathering, freeing and reducing have their place in the order of
/// their rank.
///
/// That a backward follows its own forward on an earlier stage needs no edge: it is so by way of the last stage.
/// An overlapped pair needs what both halves need. Sends do not wait for their receives, so a schedule deadlocks if and
/// only if these dependencies form a cycle.
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
        for before in needs.flow { dependencies.append((before, index)) }
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

  /// The instructions on which one part of an instruction waits, but for its rank's order: those from which something
  /// flows to its stage, and what the stage itself has done.
  private func needs(of part: ScheduledInstruction) -> (flow: [Int], own: Int?) {
    let (model, microbatch) = (inventory.flow.partOfStage[part.stage], part.microbatch)
    func provider(_ work: ScheduleInventory.Work, _ model: Int) -> Int? {
      inventory.provider(work, model, microbatch)
    }
    // What other stages provide, at the end that is nearest to here.
    var sentInput: [Int] {
      inventory.flow.previousParts[model].compactMap { provider(.sentForward, $0) ?? provider(.forward, $0) }
    }
    var input: [Int] { provider(.receivedForward, model).map { [$0] } ?? sentInput }
    var sentGradient: [Int] {
      let source = inventory.flow.nextPart[model].map { provider(.sentGradient, $0) ?? provider(.inputGradient, $0) }
      return (source ?? provider(.forward, model)).map { [$0] } ?? []
    }
    var gradient: [Int] { provider(.receivedGradient, model).map { [$0] } ?? sentGradient }
    return switch part.kind {
    case .forward: (input, nil)
    case .backward, .inputGradient: (gradient, provider(.recomputation, model))
    case .recomputeBackward: (gradient, nil)
    case .weightGradient: ([], provider(.inputGradient, model))
    case .recompute: ([], provider(.forward, model))
    case .sendForward: ([], provider(.forward, model))
    case .receiveForward: (sentInput, nil)
    case .sendBackward: ([], provider(.inputGradient, model))
    case .receiveBackward: (sentGradient, nil)
    case .unshard, .reshard, .reduceGradient: ([], nil)
    case .forwardWithBackward: ([], nil)  // Its parts are asked one by one.
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
