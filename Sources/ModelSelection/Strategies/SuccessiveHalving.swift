/// Halving over all candidates until one is left or those left have seen all data (Jamieson and Talwalkar 2016,
/// arXiv 1502.07943).
///
/// Within a budget the first rung is the highest from which all halvings can be paid for: what every candidate shows on
/// more data is worth more than a rung that the budget then lacks at the top.
struct SuccessiveHalving: RungStrategy {
  var progress = RungProgress()
  /// The rung last begun; nil before the first.
  private var rung: Int?

  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung? {
    guard let last = rung else {
      return begin(Self.firstRung(context), Array(context.pool.candidates.indices), context)
    }
    let fraction = context.fraction(ofRung: last)
    let seen = context.pool.candidates.indices.filter { context.isObserved($0, at: fraction) }
    guard fraction < 1, seen.count > 1 else { return nil }
    let ranked = context.sorted(seen) { context.error($0, at: fraction) }
    return begin(last + 1, Array(ranked.prefix(context.keptCount(of: seen.count))), context)
  }

  private mutating func begin(_ number: Int, _ members: [Int], _ context: StrategyContext) -> Rung {
    rung = number
    return Rung(.baseline, number: number, fraction: context.fraction(ofRung: number), members: members)
  }

  /// The highest first rung whose halvings cost at most the budget, candidates counted with their mean weight; 0 where
  /// there is no budget or none fits.
  private static func firstRung(_ context: StrategyContext) -> Int {
    let budget = context.affordableWeight + context.usedWeight
    guard budget.isFinite else { return 0 }
    let meanWeight = context.pool.totalCostWeight / Double(context.pool.candidates.count)
    func cost(from first: Int) -> Double {
      var (count, begun, rung, total) = (context.pool.candidates.count, 0.0, first, 0.0)
      while true {
        let fraction = context.fraction(ofRung: rung)
        total += Double(count) * meanWeight * (fraction - begun)
        if fraction >= 1 || count == 1 { return total }
        (count, begun, rung) = (context.keptCount(of: count), fraction, rung + 1)
      }
    }
    var first = 0
    while context.fraction(ofRung: first) < 1, cost(from: first + 1) <= budget * (1 + 1e-9) { first += 1 }
    return first
  }
}
