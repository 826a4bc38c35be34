// Signs that a candidate is broken, found before it takes much of the budget.
extension Search {
  /// A rise of the log error that noise of evaluation does not explain.
  private static let leastRise = 0.1
  /// How far a log error must be above all others to be called far, at least.
  private static let leastDistance = 0.4
  /// How many other candidates with one of the parts must have been observed.
  private static let leastPeerCount = 3

  /// Updates the flag of a candidate. O(candidates); called when a trial ends and at the first observation.
  mutating func updateFlag(of candidate: Int) {
    states[candidate].flag = getsWorse(candidate) ? .worseWithData : isFarBelowParts(candidate) ? .farBelowParts : nil
  }

  /// Whether the last three observations rise, over at least a doubling of the data, by more than ``leastRise``.
  private func getsWorse(_ candidate: Int) -> Bool {
    let last = states[candidate].observations.suffix(3)
    guard last.count == 3, let first = last.first, let end = last.last,
      end.dataFraction >= first.dataFraction * 2 * (1 - 1e-9)
    else { return false }
    let isRising = zip(last, last.dropFirst()).allSatisfy { $0.logError < $1.logError }
    return isRising && end.logError - first.logError > Self.leastRise
  }

  /// Whether the error is above that of every other candidate with one of the parts, each at its largest fraction with
  /// no more data, by more than ``leastDistance`` and three standard deviations of theirs.
  private func isFarBelowParts(_ candidate: Int) -> Bool {
    guard let own = states[candidate].observations.last else { return false }
    let parts = pool.candidates[candidate]
    var (count, sum, square, highest) = (0.0, 0.0, 0.0, -Double.infinity)
    for peer in states.indices where peer != candidate {
      let other = pool.candidates[peer]
      guard other.encoder == parts.encoder || other.languageModel == parts.languageModel,
        let seen = states[peer].observations.last(where: { $0.dataFraction <= own.dataFraction * (1 + 1e-9) })
      else { continue }
      (count, sum, square) = (count + 1, sum + seen.logError, square + seen.logError * seen.logError)
      highest = max(highest, seen.logError)
    }
    guard count >= Double(Self.leastPeerCount) else { return false }
    let variance = max(0, square / count - (sum / count) * (sum / count))
    return own.logError > highest + Self.leastDistance
      && own.logError > sum / count + max(Self.leastDistance, 3 * variance.squareRoot())
  }
}
