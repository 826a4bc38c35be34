/// Every candidate on all the data, in a seeded random order.
struct RandomOrder: RungStrategy {
  var progress = RungProgress()
  private var hasBegun = false

  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung? {
    guard !hasBegun else { return nil }
    hasBegun = true
    var generator = CandidateOrder(seed: context.settings.seed)
    return Rung(.baseline, number: 0, fraction: 1, members: generator.order(context.pool.candidates.count))
  }
}
