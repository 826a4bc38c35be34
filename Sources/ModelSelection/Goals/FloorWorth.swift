internal import Basics

/// What candidates are worth where ceilings may be missed: a missed one counts as the greatest error that is predicted
/// of any candidate, and what it is worth to look at a candidate is weighed by its chance to keep them (constrained
/// expected improvement: Gardner et al. 2014, "Bayesian optimization with inequality constraints", ICML).
struct FloorWorth: Sendable {
  /// The greatest mean of a log error.
  private let worst: Double
  private let chances: [Double]
  /// The leader's worth, and that of the best other candidate: log errors.
  let means: (leader: Double, second: Double)

  /// Nil without ceilings, or before the first observation. O(candidates x ceilings).
  init?(_ context: StrategyContext) {
    guard context.goals.hasCeilings, let leader = context.leader, let leading = context.leadingFinal else { return nil }
    var beliefs: [(candidate: Int, mean: Double)] = []
    for candidate in context.states.indices where !context.states[candidate].isGivenUp {
      guard let belief = context.knowledge.belief(candidate, context.pool) else { continue }
      beliefs.append((candidate, belief.mean))
    }
    let worst = beliefs.reduce(leading.mean) { max($0, $1.mean) }
    let chances = context.goals.chances(context.pool)
    func worth(_ candidate: Int, _ mean: Double) -> Double { mean + (1 - chances[candidate]) * (worst - mean) }
    means = (
      worth(leader, leading.mean),
      beliefs.filter { $0.candidate != leader }.reduce(.infinity) { min($0, worth($1.candidate, $1.mean)) }
    )
    (self.worst, self.chances) = (worst, chances)
  }

  func chance(_ candidate: Int) -> Double { chances[candidate] }

  /// What it is worth to find out whether the leader misses a ceiling, so that the second is suggested where it does:
  /// log error, for the whole doubt.
  func worthOfDoubt(about leader: Int) -> Double {
    guard means.second.isFinite else { return 0 }
    return (1 - chances[leader]) * max(0, worst - means.second)
  }
}

extension StrategyContext {
  /// A figure to rank a candidate by at a fraction, the smaller the better: ``error(_:at:)``, of which a probable miss
  /// of a ceiling makes the greatest error of all in the same measure, on the scale of logarithms.
  ///
  /// - Parameter candidates: those that are ranked.
  func rank(_ candidates: [Int], at fraction: Double) -> (Int) -> Double {
    guard goals.hasCeilings else { return { error($0, at: fraction) } }
    let errors = candidates.map { error($0, at: fraction) }
    let worst = errors.filter(\.isFinite).max() ?? 1
    return { candidate in
      let error = error(candidate, at: fraction)
      guard error.isFinite else { return error }
      let chance = goals.chance(candidate, pool)
      return chance * PortableMath.log(error) + (1 - chance) * PortableMath.log(worst)
    }
  }

  /// The probability that a candidate keeps all ceilings and ends below another one, or that one misses a ceiling.
  /// 1 where nothing is known of the candidate itself.
  func probability(_ candidate: Int, below other: Int, _ otherFinal: FinalError) -> Double {
    guard let final = finals[candidate] else { return 1 }
    let chance = final.probability(below: otherFinal)
    guard goals.hasCeilings else { return chance }
    return goals.chance(candidate, pool) * (1 - goals.chance(other, pool) * (1 - chance))
  }

  /// The probability that a candidate keeps all ceilings; 1 without ceilings.
  func keptChance(of candidate: Int) -> Double { goals.hasCeilings ? goals.chance(candidate, pool) : 1 }

  /// The one of some candidates that would be suggested: see ``Standing``. Nil where nothing is known of any.
  func favourite(among candidates: [Int]) -> Int? {
    candidates.compactMap { candidate in finals[candidate].map { goals.standing(of: candidate, $0, pool) } }
      .min()?.candidate
  }
}
