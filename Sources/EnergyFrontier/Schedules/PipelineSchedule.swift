/// What an instruction of a pipeline does.
public enum InstructionKind: String, Sendable, CaseIterable, Hashable {
  case forward, backward
}

/// One step of one rank: run `kind` for `microbatch` on `stage`.
public struct ScheduledInstruction: Sendable, Hashable {
  public let stage: Int
  public let kind: InstructionKind
  public let microbatch: Int

  public init(stage: Int, kind: InstructionKind, microbatch: Int) {
    self.stage = stage
    self.kind = kind
    self.microbatch = microbatch
  }
}

/// The families of pipeline schedules that Trimtab generates.
public enum PipelineSchedule: String, Sendable, CaseIterable {
  /// One forward, one backward in turn after a warm-up (Megatron's non-interleaved, DeepSpeed's TrainSchedule).
  case oneForwardOneBackward = "1f1b"
  /// All forwards, then all backwards (Huang et al. 2019, arXiv 1811.06965).
  case gpipe

  /// The order of instructions on each rank, rank = stage.
  ///
  /// - Throws: ``FrontierError/invalidScheduleSize(field:value:)`` unless both counts are positive.
  public func orders(stageCount: Int, microbatchCount: Int) throws(FrontierError) -> [[ScheduledInstruction]] {
    guard stageCount > 0 else { throw .invalidScheduleSize(field: "stages", value: stageCount) }
    guard microbatchCount > 0 else { throw .invalidScheduleSize(field: "microbatches", value: microbatchCount) }
    return (0..<stageCount).map { stage in
      let forwardsAhead = forwardsAhead(stage: stage, stageCount: stageCount, microbatchCount: microbatchCount)
      return Self.order(stage: stage, microbatchCount: microbatchCount, forwardsAhead: forwardsAhead)
    }
  }

  /// How many forwards a rank runs before its first backward may be paired with one.
  private func forwardsAhead(stage: Int, stageCount: Int, microbatchCount: Int) -> Int {
    switch self {
    case .oneForwardOneBackward: min(stageCount - 1 - stage, microbatchCount)
    case .gpipe: microbatchCount
    }
  }

  /// `forwardsAhead` forwards, then a forward and a backward in turn, then the backwards that are left.
  private static func order(stage: Int, microbatchCount: Int, forwardsAhead: Int) -> [ScheduledInstruction] {
    func forward(_ microbatch: Int) -> ScheduledInstruction {
      .init(stage: stage, kind: .forward, microbatch: microbatch)
    }
    func backward(_ microbatch: Int) -> ScheduledInstruction {
      .init(stage: stage, kind: .backward, microbatch: microbatch)
    }
    var order = (0..<forwardsAhead).map(forward)
    for step in 0..<(microbatchCount - forwardsAhead) {
      order.append(forward(forwardsAhead + step))
      order.append(backward(step))
    }
    order += ((microbatchCount - forwardsAhead)..<microbatchCount).map(backward)
    return order
  }
}

/// A schedule written out: every instruction, numbered, and every dependency.
public struct ExpandedSchedule: Sendable {
  /// All instructions, rank after rank, each rank's in its order of execution.
  public let instructions: [ScheduledInstruction]
  /// Their dependencies: a rank's own order, forwards down the stages, backwards up.
  public let graph: InstructionGraph

  /// Writes out `schedule` for the given sizes, in O(instructions).
  ///
  /// - Throws: ``FrontierError/invalidScheduleSize(field:value:)`` unless both counts are positive.
  public init(_ schedule: PipelineSchedule, stageCount: Int, microbatchCount: Int) throws(FrontierError) {
    let orders = try schedule.orders(stageCount: stageCount, microbatchCount: microbatchCount)
    let instructions = orders.flatMap { $0 }
    var number: [ScheduledInstruction: Int] = [:]
    for (index, instruction) in instructions.enumerated() { number[instruction] = index }

    var dependencies: [(before: Int, after: Int)] = []
    for index in instructions.indices.dropFirst() where instructions[index].stage == instructions[index - 1].stage {
      dependencies.append((index - 1, index))
    }
    for (index, instruction) in instructions.enumerated() {
      // Activations flow to the next stage, gradients to the one before; the last stage turns its own forward around.
      let needed: ScheduledInstruction? =
        switch instruction.kind {
        case .forward where instruction.stage > 0:
          .init(stage: instruction.stage - 1, kind: .forward, microbatch: instruction.microbatch)
        case .backward where instruction.stage < stageCount - 1:
          .init(stage: instruction.stage + 1, kind: .backward, microbatch: instruction.microbatch)
        case .backward:
          .init(stage: instruction.stage, kind: .forward, microbatch: instruction.microbatch)
        case .forward: nil
        }
      if let needed, let before = number[needed] { dependencies.append((before, index)) }
    }
    self.instructions = instructions
    graph = try InstructionGraph(count: instructions.count, dependencies: dependencies)
  }
}
