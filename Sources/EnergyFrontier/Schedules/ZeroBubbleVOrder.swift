/// The zero-bubble V schedule for equal times of forwards, input and weight gradients (PyTorch's ZBVZeroBubble).
enum ZeroBubbleVOrder {
  static func order(_ recipe: ScheduleRecipe, rank: Int) -> [ScheduledInstruction] {
    let ranks = recipe.rankCount
    // The phases need 2 * ranks - 1 microbatches; with fewer, the surplus is generated and left out.
    let microbatches = max(recipe.microbatchCount, 2 * ranks - 1)
    let (first, second) = (0, 1)
    var work = ChunkCounters(recipe, rank: rank)
    func forwardThenGradients(_ work: inout ChunkCounters) {
      work.forward(second)
      work.inputGradient(second)
      work.weightGradient(second)
    }

    for _ in 0..<(2 * (ranks - rank) - 1) { work.forward(first) }
    for _ in 0..<rank {
      work.forward(second)
      work.forward(first)
    }
    for _ in 0..<(ranks - rank) { forwardThenGradients(&work) }
    while work.forwards(second) < microbatches {
      if work.forwards(first) < microbatches { work.forward(first) }
      work.inputGradient(first)
      work.weightGradient(first)
      forwardThenGradients(&work)
    }
    for _ in 0..<rank {
      work.inputGradient(first)
      work.inputGradient(second)
    }
    for _ in 0..<(ranks - rank) {
      work.inputGradient(first)
      work.weightGradient(first)
    }
    for _ in 0..<rank { work.weightGradient(second) }
    for _ in 0..<rank { work.weightGradient(first) }
    return work.order.filter { $0.microbatch < recipe.microbatchCount }
  }
}
