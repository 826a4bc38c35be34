/// DeepSeek's DualPipe and DualPipeV: each rank holds two chunks, whose microbatches flow in opposite directions and
/// overlap (DeepSeek-V3, arXiv 2412.19437; the eight steps of the reference implementations, `dualpipe/dualpipe.py` and
/// `dualpipe/dualpipev.py` of deepseek-ai/DualPipe).
///
/// - DualPipe: microbatches enter at both ends. Of P ranks, rank r holds stage r, which runs the first half of the
///   microbatches, and stage 2P - 1 - r, a copy of part P - 1 - r, which runs the second half.
/// - DualPipeV: all microbatches enter at rank 0, turn around at the last rank and come back.
///
/// The steps are the same; they differ only in how far a rank is from where microbatches enter and meet.
struct DualPipeOrder {
  /// Ranks between this one and the nearer end at which microbatches enter.
  private let ranksFromEntry: Int
  /// Ranks between this one and the place where the two directions meet.
  private let ranksFromMeeting: Int
  /// Turns of the steady phase, each a forward and a backward of either chunk; none where not positive.
  private let steadyTurnCount: Int
  /// The chunk whose microbatches entered at the nearer end.
  private let own: Int
  /// The first microbatch of either chunk.
  private let firstMicrobatches: [Int]

  /// DualPipe's rank.
  ///
  /// - Parameter recipe: has an even number of ranks, and an even number of microbatches, at least twice as many.
  static func bidirectional(_ recipe: ScheduleRecipe, rank: Int) -> [ScheduledInstruction] {
    let (ranks, half) = (recipe.rankCount, recipe.microbatchCount / 2)
    let ranksFromEntry = min(rank, ranks - 1 - rank)
    return DualPipeOrder(
      ranksFromEntry: ranksFromEntry, ranksFromMeeting: ranks / 2 - 1 - ranksFromEntry,
      steadyTurnCount: half - ranks + ranksFromEntry + 1, own: rank < ranks / 2 ? 0 : 1, firstMicrobatches: [0, half]
    ).order(recipe, rank: rank)
  }

  /// DualPipeV's rank.
  ///
  /// - Parameter recipe: has at least twice as many microbatches as ranks.
  static func vShaped(_ recipe: ScheduleRecipe, rank: Int) -> [ScheduledInstruction] {
    DualPipeOrder(
      ranksFromEntry: rank, ranksFromMeeting: recipe.rankCount - 1 - rank,
      steadyTurnCount: recipe.microbatchCount - 2 * recipe.rankCount + rank + 1, own: 0, firstMicrobatches: [0, 0]
    ).order(recipe, rank: rank)
  }

  private func order(_ recipe: ScheduleRecipe, rank: Int) -> [ScheduledInstruction] {
    let other = 1 - own
    var work = ChunkCounters(recipe, rank: rank, firstMicrobatches: firstMicrobatches)

    for _ in 0..<(2 * ranksFromMeeting) { work.forward(own) }
    for _ in 0...ranksFromEntry {
      work.forward(own)
      work.forward(other)
    }
    for _ in 0..<ranksFromMeeting {
      work.inputGradient(other)
      work.oldestWeightGradient()
      work.forward(other)
    }
    for turn in 0..<steadyTurnCount {
      if turn == 0, ranksFromMeeting == 0 {
        // Where the directions meet, the first backward needs the forward that it would overlap.
        work.forward(own)
        work.backward(other)
      } else {
        work.overlap(forward: own, backward: other)
      }
      work.overlap(forward: other, backward: own)
    }
    for _ in 0..<ranksFromMeeting {
      work.backward(other)
      work.overlap(forward: other, backward: own)
    }
    // The second half of these 2 * (ranksFromEntry + 1) backwards is split, so that weight gradients fill the end.
    for turn in 0..<(2 * (ranksFromEntry + 1)) {
      let chunk = turn.isMultiple(of: 2) ? other : own
      if turn <= ranksFromEntry { work.backward(chunk) } else { work.inputGradient(chunk) }
    }
    for _ in 0..<ranksFromMeeting {
      work.oldestWeightGradient()
      work.inputGradient(own)
    }
    for _ in 0...ranksFromEntry { work.oldestWeightGradient() }
    return work.order
  }
}
