import Basics

/// A candidate's log error on all the data, as far as known: normal.
///
/// What is not known is of two kinds. Its own part is independent of other candidates. The common part is how the curves of
/// the whole pool go on, and moves all that have as far to go together: it widens an interval, but hardly tells who is best.
struct FinalError: Equatable, Sendable {
  /// Mean of the log error.
  let mean: Double
  /// Standard deviation of its own part.
  let deviation: Double
  /// Standard deviation of the common part.
  let commonDeviation: Double

  /// The median error.
  var error: Double { PortableMath.exp(mean) }
  /// The ends of the interval that holds the error with probability 0.9.
  var interval: (Double, Double) {
    let half = Self.ninety * (deviation * deviation + commonDeviation * commonDeviation).squareRoot()
    return (PortableMath.exp(mean - half), PortableMath.exp(mean + half))
  }

  /// How fast the mean slope wanders beside how fast a curve's own slope does: a ratio of variances.
  private static let commonShare = 2.0
  private static let ninety = 1.6448536269514722

  /// The error itself was seen. A deviation of nothing would have no density.
  init(seen error: Double) { self.init(mean: PortableMath.log(error), deviation: 1e-9) }

  init(mean: Double, deviation: Double, commonDeviation: Double = 0) {
    self.mean = mean
    self.deviation = deviation
    self.commonDeviation = commonDeviation
  }

  /// From a candidate's own curve, as far as it was read, and what all have in common.
  ///
  /// The filter goes on to all the data without looking. Common are what is not known of the mean slope, and how it will
  /// change: it wanders as a curve's own slope does, but without a mean to return to.
  init(_ curve: CurveFilter, prior: CurvePrior) {
    let distance = -curve.logFraction
    var end = curve
    end.advance(to: 0, law: prior.law)
    let slope = end.level.coefficient * prior.meanSlopeDeviation
    let drift = Self.commonShare * prior.law.slopeDiffusion * distance * distance * distance / 3
    self.init(
      mean: end.level.at(meanSlope: prior.meanSlope),
      deviation: (end.levelVariance + prior.law.noise * prior.law.noise).squareRoot(),
      commonDeviation: (slope * slope + drift).squareRoot())
  }

  /// The same, but for a candidate that is only like the one it was learned from.
  func widened(by spread: Double) -> FinalError {
    FinalError(
      mean: mean, deviation: (deviation * deviation + spread * spread).squareRoot(), commonDeviation: commonDeviation)
  }

  /// The same beside another candidate: what both have in common is left out.
  func beside(_ other: FinalError) -> FinalError {
    let common = commonDeviation - other.commonDeviation
    return FinalError(mean: mean, deviation: (deviation * deviation + common * common).squareRoot())
  }

  /// By how much this one is expected to end below the other, taken as 0 where it ends above: log error.
  func expectedGain(over other: FinalError) -> Double {
    let own = beside(other).deviation
    let deviation = (own * own + other.deviation * other.deviation).squareRoot()
    let z = (other.mean - mean) / max(deviation, 1e-12)
    // So little is 0, and most of a large pool has no more than that to gain.
    guard z > -8 else { return 0 }
    return max(0, deviation * (z * PortableMath.normalProbability(below: z) + PortableMath.normalDensity(z)))
  }

  /// The probability that this one ends below the other.
  func probability(below other: FinalError) -> Double {
    let own = beside(other).deviation
    let deviation = (own * own + other.deviation * other.deviation).squareRoot()
    return PortableMath.normalProbability(below: (other.mean - mean) / max(deviation, 1e-12))
  }
}
