/// DeepSeek's DualPipe: microbatches enter at both ends, and each part of the model is on two ranks (DeepSeek-V3,
/// arXiv 2412.19437; the eight steps of the reference implementation, `dualpipe/dualpipe.py` of deepseek-ai/DualPipe).
///
/// Of P ranks, rank r holds stage r, which runs the first half of the microbatches, and stage 2P - 1 - r, a copy of
/// part P - 1 - r, which runs the second half.
enum DualPipeOrder {
  /// The recipe has an even number of ranks, and an even number of microbatches, at least twice as many.
  static func order(_ recipe: ScheduleRecipe, rank: Int) -> [ScheduledInstruction] {
    let (ranks, half) = (recipe.rankCount, recipe.microbatchCount / 2)
    // Ranks mirror each other; `far` is the distance from the nearer end, `after` that from the middle.
    let far = min(rank, ranks - 1 - rank)
    let after = ranks / 2 - 1 - far
    // The first kind of microbatches are those that entered at the nearer end.
    let (own, other) = rank < ranks / 2 ? (0, 1) : (1, 0)
    var work = ChunkCounters(recipe, rank: rank, firstMicrobatches: [0, half])

    for _ in 0..<(2 * after) { work.forward(own) }
    for _ in 0...far {
      work.forward(own)
      work.forward(other)
    }
    for _ in 0..<after {
      work.inputGradient(other)
      work.oldestWeightGradient()
      work.forward(other)
    }
    for turn in 0..<(half - ranks + far + 1) {
      if turn == 0, after == 0 {
        // In the middle the first forward and backward would wait for each other's rank.
        work.forward(own)
        work.backward(other)
      } else {
        work.overlap(forward: own, backward: other)
      }
      work.overlap(forward: other, backward: own)
    }
    for _ in 0..<after {
      work.backward(other)
      work.overlap(forward: other, backward: own)
    }
    // The second half of these 2 * (far + 1) backwards is split, so that weight gradients fill the end.
    for turn in 0..<(2 * (far + 1)) {
      let chunk = turn.isMultiple(of: 2) ? other : own
      if turn <= far { work.backward(chunk) } else { work.inputGradient(chunk) }
    }
    for _ in 0..<after {
      work.oldestWeightGradient()
      work.inputGradient(own)
    }
    for _ in 0...far { work.oldestWeightGradient() }
    return work.order
  }
}
