/// Breadth-first pipeline parallelism: a rank runs all microbatches through one of its chunks before it turns to the
/// next (Lamy-Poirier 2022, arXiv 2211.05953; PyTorch's `ScheduleLoopedBFS`).
enum BreadthFirstOrder {
  static func order(_ recipe: ScheduleRecipe, rank: Int) -> [ScheduledInstruction] {
    let stages = (0..<recipe.chunksPerRank).map { recipe.stage(rank: rank, chunk: $0) }
    let microbatches = 0..<recipe.microbatchCount
    return stages.flatMap { stage in
      microbatches.map { ScheduledInstruction(stage: stage, kind: .forward, microbatch: $0) }
    }
      // The microbatch whose forward was last turns around first.
      + stages.reversed().flatMap { stage in
        microbatches.reversed().map { ScheduledInstruction(stage: stage, kind: .backward, microbatch: $0) }
      }
  }
}
