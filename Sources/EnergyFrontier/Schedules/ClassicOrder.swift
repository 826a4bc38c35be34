/// Orders with one chunk on each rank and whole backwards: GPipe, 1F1B and 1F1B with early recomputation.
enum ClassicOrder {
  /// `forwardsAhead` forwards, then a forward and a backward in turn, then the backwards that are left.
  static func order(_ recipe: ScheduleRecipe, rank: Int, forwardsAhead: Int) -> [ScheduledInstruction] {
    let microbatches = recipe.microbatchCount
    let ahead = min(forwardsAhead, microbatches)
    func step(_ kind: InstructionKind, _ microbatch: Int) -> ScheduledInstruction {
      ScheduledInstruction(stage: rank, kind: kind, microbatch: microbatch)
    }
    var order = (0..<ahead).map { step(.forward, $0) }
    for turn in 0..<(microbatches - ahead) {
      order.append(step(.forward, ahead + turn))
      order.append(step(.backward, turn))
    }
    order += ((microbatches - ahead)..<microbatches).map { step(.backward, $0) }
    return order
  }

  /// 1F1B in which every backward needs its activations again.
  ///
  /// Up to microbatch M - P + rank a backward follows its forward's successor closely, and both are one instruction.
  /// Later ones wait for a gradient, and the rank recomputes meanwhile.
  static func earlyRecomputation(_ recipe: ScheduleRecipe, rank: Int) -> [ScheduledInstruction] {
    order(recipe, rank: rank, forwardsAhead: recipe.rankCount - 1 - rank).flatMap { step -> [ScheduledInstruction] in
      guard step.kind == .backward else { return [step] }
      if step.microbatch <= recipe.microbatchCount - recipe.rankCount + rank {
        return [ScheduledInstruction(stage: rank, kind: .recomputeBackward, microbatch: step.microbatch)]
      }
      return [ScheduledInstruction(stage: rank, kind: .recompute, microbatch: step.microbatch), step]
    }
  }
}
