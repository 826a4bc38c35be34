/// A candidate's place when one is to be suggested: who probably keeps all ceilings comes before who does not, the
/// least predicted error first; of those that do not, the one that most probably does comes first.
struct Standing: Comparable, Sendable {
  /// The probability that a ceiling is missed; 0 where that is as small as asked for.
  let shortfall: Double
  /// The mean of the final log error.
  let mean: Double
  let candidate: Int

  static func < (one: Standing, other: Standing) -> Bool {
    (one.shortfall, one.mean, one.candidate) < (other.shortfall, other.mean, other.candidate)
  }
}

extension GoalBeliefs {
  /// The candidate's place among those that may be suggested. O(ceilings).
  func standing(of candidate: Int, _ final: FinalError, _ pool: Pool) -> Standing {
    standing(of: candidate, final, chance: hasCeilings ? chance(candidate, pool) : 1)
  }

  /// The same where the probability is known that the candidate keeps all ceilings.
  func standing(of candidate: Int, _ final: FinalError, chance: Double) -> Standing {
    guard hasCeilings else { return Standing(shortfall: 0, mean: final.mean, candidate: candidate) }
    return Standing(
      shortfall: chance >= goals.probabilityFraction ? 0 : 1 - chance, mean: final.mean, candidate: candidate)
  }
}

extension Search {
  func standing(of candidate: Int, _ final: FinalError) -> Standing { goals.standing(of: candidate, final, pool) }

  /// The probability that a candidate keeps all ceilings, in 0...1; 1 without ceilings.
  func keptChance(of candidate: Int) -> Double { goals.hasCeilings ? goals.chance(candidate, pool) : 1 }

  /// ``keptChance(of:)`` of each candidate, for those who ask of all. O(candidates x ceilings); O(1) without ceilings.
  var keptChances: (Int) -> Double {
    guard goals.hasCeilings else { return { _ in 1 } }
    let chances = goals.chances(pool)
    return { chances[$0] }
  }

  /// Finds out whether a candidate that has seen all the data has missed a ceiling. It then leaves the search, and
  /// returns when it turns out otherwise.
  ///
  /// - Returns: whether that changed.
  @discardableResult
  mutating func updateCeilings(of candidate: Int) -> Bool {
    let isFinished = (states[candidate].observations.last?.dataFraction ?? 0) >= 1
    let isBelowFloor = isFinished && keptChance(of: candidate) < Mordal.leastChance
    guard states[candidate].isBelowFloor != isBelowFloor else { return false }
    states[candidate].isBelowFloor = isBelowFloor
    return true
  }
}
