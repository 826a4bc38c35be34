/// Writes one rank's order for two chunks; each kind of work takes the microbatches of a chunk in their order.
///
/// Microbatches beyond the recipe's are counted but not written, so that a family's phases need not know how many there
/// are.
struct ChunkCounters {
  private(set) var order: [ScheduledInstruction] = []
  private let stages: [Int]
  private let microbatchCount: Int
  private var done: [[Int]]
  /// Input gradients, oldest first, whose weight gradients are still to come.
  private var waiting: ArraySlice<(chunk: Int, microbatch: Int)> = []

  private enum Work: Int { case forward, inputGradient, weightGradient }

  /// - Parameter firstMicrobatches: The first microbatch of either chunk.
  init(_ recipe: ScheduleRecipe, rank: Int, firstMicrobatches: [Int] = [0, 0]) {
    stages = [recipe.stage(rank: rank, chunk: 0), recipe.stage(rank: rank, chunk: 1)]
    microbatchCount = recipe.microbatchCount
    done = Array(repeating: firstMicrobatches, count: 3)
  }

  /// Does the same work `count` times, in O(instructions written).
  ///
  /// Once a turn has written nothing, every kind of work in it is beyond the last microbatch, and so is it in the turns
  /// that follow: these only count.
  mutating func repeated(_ count: Int, _ turn: (inout ChunkCounters) -> Void) {
    for index in 0..<count {
      let (written, before) = (order.count, done)
      turn(&self)
      guard order.count == written else { continue }
      for work in done.indices {
        for chunk in done[work].indices {
          done[work][chunk] += (count - 1 - index) * (done[work][chunk] - before[work][chunk])
        }
      }
      return
    }
  }

  /// How many forwards of a chunk are written; its first microbatch must be 0.
  func forwards(_ chunk: Int) -> Int { done[Work.forward.rawValue][chunk] }

  mutating func forward(_ chunk: Int) { append(.forward, chunk, take(.forward, chunk)) }

  mutating func backward(_ chunk: Int) { append(.backward, chunk, takeBackward(chunk)) }

  mutating func inputGradient(_ chunk: Int) {
    let microbatch = take(.inputGradient, chunk)
    waiting.append((chunk, microbatch))
    append(.inputGradient, chunk, microbatch)
  }

  /// The chunk's next weight gradient; not to be mixed with ``oldestWeightGradient()``.
  mutating func weightGradient(_ chunk: Int) { append(.weightGradient, chunk, take(.weightGradient, chunk)) }

  /// The weight gradient that has waited longest, of either chunk.
  mutating func oldestWeightGradient() {
    guard let oldest = waiting.popFirst() else { return }
    append(.weightGradient, oldest.chunk, oldest.microbatch)
  }

  /// A forward of one chunk overlapped with a backward of the other.
  mutating func overlap(forward chunk: Int, backward other: Int) {
    let microbatch = take(.forward, chunk)
    order.append(
      ScheduledInstruction(
        stage: stages[chunk], microbatch: microbatch,
        overlapping: .init(stage: stages[other], microbatch: takeBackward(other))))
  }

  private mutating func takeBackward(_ chunk: Int) -> Int {
    _ = take(.weightGradient, chunk)
    return take(.inputGradient, chunk)
  }

  private mutating func take(_ work: Work, _ chunk: Int) -> Int {
    defer { done[work.rawValue][chunk] += 1 }
    return done[work.rawValue][chunk]
  }

  private mutating func append(_ kind: InstructionKind, _ chunk: Int, _ microbatch: Int) {
    guard microbatch < microbatchCount else { return }
    order.append(ScheduledInstruction(stage: stages[chunk], kind: kind, microbatch: microbatch))
  }
}
