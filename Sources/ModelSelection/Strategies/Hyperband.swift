internal import Basics

/// Successive halving in brackets, each of which begins with fewer candidates on more data (Li et al. 2018,
/// arXiv 1603.06560).
struct Hyperband: RungStrategy {
  var progress = RungProgress()
  private var bracket: Bracket?

  private struct Bracket: Sendable {
    /// The halvings that the bracket does; the last bracket does none.
    let halvingCount: Int
    var rung: Int
    var members: [Int]

    /// The fraction of a rung: all data at the last one.
    func fraction(_ rung: Int, eta: Double) -> Double {
      var fraction = 1.0
      for _ in 0..<max(0, halvingCount - rung) { fraction /= eta }
      return fraction
    }
  }

  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung? {
    let eta = context.settings.reductionFactor
    let most = Int((PortableMath.log(1 / context.settings.startFraction) / PortableMath.log(eta)).rounded(.down))
    guard var current = bracket else { return begin(most, of: most, context) }
    let fraction = current.fraction(current.rung, eta: eta)
    let seen = current.members.filter { context.isObserved($0, at: fraction) }
    guard current.rung < current.halvingCount, seen.count > 1 else {
      return current.halvingCount > 0 ? begin(current.halvingCount - 1, of: most, context) : nil
    }
    let ranked = context.sorted(seen) { context.error($0, at: fraction) }
    current.rung += 1
    current.members = Array(ranked.prefix(max(1, Int(Double(seen.count) / eta))))
    return rung(current, eta)
  }

  private mutating func begin(_ halvingCount: Int, of most: Int, _ context: StrategyContext) -> Rung {
    let eta = context.settings.reductionFactor
    var size = Double(most + 1) / Double(halvingCount + 1)
    for _ in 0..<halvingCount { size *= eta }
    var generator = CandidateOrder(seed: context.settings.seed &+ UInt64(halvingCount))
    let count = context.pool.candidates.count
    let members = generator.order(count).prefix(Int(min(Double(count), size.rounded(.up))))
    return rung(Bracket(halvingCount: halvingCount, rung: 0, members: Array(members)), eta)
  }

  private mutating func rung(_ next: Bracket, _ eta: Double) -> Rung {
    bracket = next
    return Rung(.baseline, number: next.rung, fraction: next.fraction(next.rung, eta: eta), members: next.members)
  }
}
