/// Every candidate on all the data, in the order of the pool.
struct Grid: RungStrategy {
  var progress = RungProgress()
  private var hasBegun = false

  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung? {
    guard !hasBegun else { return nil }
    hasBegun = true
    return Rung(.baseline, number: 0, fraction: 1, members: Array(context.pool.candidates.indices))
  }
}
