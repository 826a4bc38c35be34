/// What is known of a candidate's final log error from the others alone: normal, around the pool's mean.
///
/// Candidates of one pool end nearer to each other than their extrapolated curves do, above all where much is extrapolated:
/// whoever seems to lie far off has been read too early. So each prediction is drawn towards the mean, the more the less
/// sure it is (empirical Bayes, a random effects model).
struct FinalPrior: Equatable, Sendable {
  private(set) var mean = 0.0
  /// Standard deviation of final log errors around the mean.
  private(set) var deviation = Self.belief

  private static let belief = 0.25
  /// For which part of the candidates the belief of the deviation counts. It must not vanish in a large pool: extrapolations
  /// that lie nearer to each other than their deviations allow may all be off by as much, and are no evidence that all end alike.
  private static let weightFraction = 0.25
  private static let iterations = 20

  /// - Parameter curves: what each candidate's own curve says; not empty.
  /// - Complexity: O(curves), some twenty times.
  init(_ curves: [FinalError]) {
    let known = curves.map { (mean: $0.mean, variance: $0.deviation * $0.deviation) }
    let weight = Self.weightFraction * Double(known.count)
    var spread = Self.belief * Self.belief
    // Expectation and maximization: where each truly ends, given mean and deviation, and these given that.
    for _ in 0..<Self.iterations {
      var (weights, sum) = (0.0, 0.0)
      for one in known {
        weights += 1 / (one.variance + spread)
        sum += one.mean / (one.variance + spread)
      }
      mean = sum / weights
      let square = known.reduce(0) {
        let share = spread / (spread + $1.variance)
        let off = share * ($1.mean - mean)
        return $0 + off * off + share * $1.variance
      }
      spread = (weight * Self.belief * Self.belief + square) / (weight + Double(known.count))
    }
    deviation = spread.squareRoot()
  }

  /// What a curve and the other candidates say together.
  func together(with curve: FinalError) -> FinalError {
    let (spread, variance) = (deviation * deviation, curve.deviation * curve.deviation)
    let share = spread / (spread + variance)
    return FinalError(
      mean: mean + share * (curve.mean - mean), deviation: curve.deviation * share.squareRoot(),
      commonDeviation: curve.commonDeviation)
  }
}
