/// Halving over all candidates until one is left or those left have seen all data (Jamieson and Talwalkar 2016,
/// arXiv 1502.07943).
struct SuccessiveHalving: RungStrategy {
  var progress = RungProgress()
  /// The rung last begun; nil before the first.
  private var rung: Int?

  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung? {
    guard let last = rung else { return begin(0, Array(context.pool.candidates.indices), context) }
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
}
