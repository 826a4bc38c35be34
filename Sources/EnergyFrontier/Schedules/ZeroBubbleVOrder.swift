/// The zero-bubble V schedule for equal times of forwards, input and weight gradients (PyTorch's ZBVZeroBubble).
enum ZeroBubbleVOrder {
  /// In O(microbatches), however many ranks there are.
  static func order(_ recipe: ScheduleRecipe, rank: Int) -> [ScheduledInstruction] {
    let ranks = recipe.rankCount
    // The phases need 2 * ranks - 1 microbatches; with fewer, those beyond are counted but not written.
    let microbatches = max(recipe.microbatchCount, 2 * ranks - 1)
    let (first, second) = (0, 1)
    var work = ChunkCounters(recipe, rank: rank)
    func forwardThenGradients(_ work: inout ChunkCounters) {
      work.forward(second)
      work.inputGradient(second)
      work.weightGradient(second)
    }

    work.repeated(2 * (ranks - rank) - 1) { $0.forward(first) }
    work.repeated(rank) {
      $0.forward(second)
      $0.forward(first)
    }
    work.repeated(ranks - rank, forwardThenGradients)
    work.repeated(microbatches - work.forwards(second)) {
      if $0.forwards(first) < microbatches { $0.forward(first) }
      $0.inputGradient(first)
      $0.weightGradient(first)
      forwardThenGradients(&$0)
    }
    work.repeated(rank) {
      $0.inputGradient(first)
      $0.inputGradient(second)
    }
    work.repeated(ranks - rank) {
      $0.inputGradient(first)
      $0.weightGradient(first)
    }
    work.repeated(rank) { $0.weightGradient(second) }
    work.repeated(rank) { $0.weightGradient(first) }
    return work.order
  }
}
