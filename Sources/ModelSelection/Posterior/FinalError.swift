internal import Basics

/// A candidate's log error on all the data, as far as known: mean and deviations.
///
/// What is not known is of two kinds. Its own part is independent of other candidates. The common part is how the
/// curves of the whole pool go on, and moves all that have as far to go together: it widens an interval, but hardly
/// tells who is best.
struct FinalError: Equatable, Sendable {
  /// Mean of the log error.
  let mean: Double
  /// Standard deviation of its own part.
  let deviation: Double
  /// Standard deviation of the common part.
  let commonDeviation: Double

  /// The deviation of an error that was seen; one of nothing would have no density.
  static let seenDeviation = 1e-9

  private static let ninety = 1.6448536269514722

  init(mean: Double, deviation: Double, commonDeviation: Double = 0) {
    self.mean = mean
    self.deviation = deviation
    self.commonDeviation = commonDeviation
  }

  /// The median error.
  var error: Double { PortableMath.exp(mean) }

  /// The ends of the interval that holds the error with probability 0.9.
  var interval: (Double, Double) {
    let half = Self.ninety * (deviation * deviation + commonDeviation * commonDeviation).squareRoot()
    return (PortableMath.exp(mean - half), PortableMath.exp(mean + half))
  }

  /// The same for a candidate that lies around this one.
  func widened(by spread: Double) -> FinalError {
    FinalError(
      mean: mean, deviation: (deviation * deviation + spread * spread).squareRoot(), commonDeviation: commonDeviation)
  }

  /// This one beside another: what is common to both says nothing of who is best.
  func beside(_ other: FinalError) -> FinalError {
    let common = commonDeviation - other.commonDeviation
    return FinalError(mean: mean, deviation: (deviation * deviation + common * common).squareRoot())
  }

  /// By how much this one is expected to end below the other, taken as 0 where it ends above: log error.
  func expectedGain(over other: FinalError) -> Double {
    let own = beside(other).deviation
    let deviation = (own * own + other.deviation * other.deviation).squareRoot()
    return Self.expectedExcess(of: other.mean - mean, deviation: deviation)
  }

  /// The probability that this one ends below the other.
  func probability(below other: FinalError) -> Double {
    let own = beside(other).deviation
    let deviation = (own * own + other.deviation * other.deviation).squareRoot()
    return PortableMath.normalProbability(below: (other.mean - mean) / max(deviation, 1e-12))
  }

  /// The expectation of max(0, x) for a normal x.
  static func expectedExcess(of mean: Double, deviation: Double) -> Double {
    let z = mean / max(deviation, 1e-12)
    // So little is 0, and most of a large pool has no more than that to gain.
    guard z > -8 else { return 0 }
    return max(0, deviation * (z * PortableMath.normalProbability(below: z) + PortableMath.normalDensity(z)))
  }
}
