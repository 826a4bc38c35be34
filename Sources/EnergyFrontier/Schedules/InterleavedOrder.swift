/// Orders with any number of chunks on each rank: interleaved 1F1B and zero-bubble H1.
///
/// A rank's work is numbered by virtual microbatches: a group of microbatches through the first chunk, the same group
/// through the second, and so on, then the next group; backwards pass the chunks in the opposite order.
struct InterleavedOrder {
  private let recipe: ScheduleRecipe
  private let rank: Int
  /// Stages and microbatches of all forwards, and of all backwards, in order.
  private let forwards: [(stage: Int, microbatch: Int)]
  private let backwards: [(stage: Int, microbatch: Int)]

  init(_ recipe: ScheduleRecipe, rank: Int) {
    self.recipe = recipe
    self.rank = rank
    let chunks = 0..<recipe.chunksPerRank
    var forwards: [(stage: Int, microbatch: Int)] = []
    var backwards: [(stage: Int, microbatch: Int)] = []
    var first = 0
    while first < recipe.microbatchCount {
      // Not first + size, which a huge group would overflow.
      let group = first..<(first + min(recipe.microbatchGroupSize, recipe.microbatchCount - first))
      for chunk in chunks { forwards += group.map { (recipe.stage(rank: rank, chunk: chunk), $0) } }
      for chunk in chunks.reversed() { backwards += group.map { (recipe.stage(rank: rank, chunk: chunk), $0) } }
      first = group.upperBound
    }
    self.forwards = forwards
    self.backwards = backwards
  }

  /// Megatron's order: twice the distance to the last rank more warm-up than the chunks need.
  func fullBackwards() -> [ScheduledInstruction] {
    alternating(ahead: warmUp(distanceFactor: 2)) { turn in [step(.backward, backwards[turn])] }
  }

  /// Input gradients take the backwards' place; once `rank` of them wait for their weight gradients, each is followed
  /// by the oldest of those. The rest come last.
  func splitBackwards() -> [ScheduledInstruction] {
    alternating(ahead: warmUp(distanceFactor: 1)) { turn in
      let input = step(.inputGradient, backwards[turn])
      return turn < rank ? [input] : [input, step(.weightGradient, backwards[turn - rank])]
    } + backwards.suffix(min(rank, backwards.count)).map { step(.weightGradient, $0) }
  }

  /// Forwards before the first backward of which each is followed by a backward.
  private func warmUp(distanceFactor: Int) -> Int {
    let distance = distanceFactor * (recipe.rankCount - 1 - rank)
    guard recipe.chunksPerRank > 1 else { return min(distance, forwards.count) }
    let group = min(recipe.microbatchGroupSize, forwards.count)
    return min((recipe.chunksPerRank - 1) * group + distance, forwards.count)
  }

  private func alternating(
    ahead: Int, backward: (_ turn: Int) -> [ScheduledInstruction]
  ) -> [ScheduledInstruction] {
    var order = forwards.prefix(ahead).map { step(.forward, $0) }
    for turn in backwards.indices {
      if ahead + turn < forwards.count { order.append(step(.forward, forwards[ahead + turn])) }
      order += backward(turn)
    }
    return order
  }

  private func step(_ kind: InstructionKind, _ work: (stage: Int, microbatch: Int)) -> ScheduledInstruction {
    ScheduledInstruction(stage: work.stage, kind: kind, microbatch: work.microbatch)
  }
}
