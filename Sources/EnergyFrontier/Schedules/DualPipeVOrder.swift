/// DeepSeek's DualPipeV: the eight phases of its reference implementation (deepseek-ai/DualPipe).
enum DualPipeVOrder {
  /// The recipe has at least twice as many microbatches as ranks.
  static func order(_ recipe: ScheduleRecipe, rank: Int) -> [ScheduledInstruction] {
    let after = recipe.rankCount - 1 - rank
    let (first, second) = (0, 1)
    var work = ChunkCounters(recipe, rank: rank)

    for _ in 0..<(2 * after) { work.forward(first) }
    for _ in 0...rank {
      work.forward(first)
      work.forward(second)
    }
    for _ in 0..<after {
      work.inputGradient(second)
      work.oldestWeightGradient()
      work.forward(second)
    }
    for turn in 0..<(recipe.microbatchCount - 2 * recipe.rankCount + rank + 1) {
      if turn == 0, after == 0 {
        // The last rank turns its own forward around, so its first backward cannot overlap.
        work.forward(first)
        work.backward(second)
      } else {
        work.overlap(forward: first, backward: second)
      }
      work.overlap(forward: second, backward: first)
    }
    for _ in 0..<after {
      work.backward(second)
      work.overlap(forward: second, backward: first)
    }
    // The second half of these 2 * (rank + 1) backwards is split, so that weight gradients fill the end.
    for turn in 0..<(2 * (rank + 1)) {
      let chunk = turn.isMultiple(of: 2) ? second : first
      if turn <= rank { work.backward(chunk) } else { work.inputGradient(chunk) }
    }
    for _ in 0..<after {
      work.oldestWeightGradient()
      work.inputGradient(first)
    }
    for _ in 0...rank { work.oldestWeightGradient() }
    return work.order
  }
}
