internal import Basics

/// One learning curve on the knots of its pool: all the data, half of it, a quarter, and so on.
///
/// Position u counts the doublings of the data that are left to all of it, so a knot is an integer u. Between
/// observations the log error is interpolated linearly in u; so strategies may evaluate at any fraction.
struct CurveKnots: Equatable, Sendable {
  /// The first knot, which has the largest u.
  let first: Int
  /// The log errors at the knots `first`, `first - 1`, ...; empty when the curve reaches none.
  let values: [Double]
  /// The last observation.
  let end: CurveEnd

  /// An observation stands for a knot that is at most this many doublings before it.
  private static let tolerance = 0.35

  /// - Parameter observations: by ascending fraction, fractions above 0; nil when empty. O(observations).
  init?(_ observations: [Observation]) {
    guard let end = CurveEnd(observations), let firstObservation = observations.first else { return nil }
    self.end = end
    first = Int((Self.position(firstObservation) + Self.tolerance).rounded(.down))
    let last = max(0, Int((end.position - 1e-9).rounded(.up)))
    guard first >= last else {
      values = []
      return
    }
    values = stride(from: first, through: last, by: -1).map { Self.value(at: Double($0), observations) }
  }

  /// The log error at a knot; nil where the curve does not reach it. O(1).
  func value(at knot: Int) -> Double? {
    let place = first - knot
    return values.indices.contains(place) ? values[place] : nil
  }

  /// The doublings left after an observation, exact where its fraction is a power of a half.
  static func position(_ observation: Observation) -> Double {
    let position = -observation.logFraction / 0.6931471805599453
    let nearest = position.rounded()
    return abs(position - nearest) < 1e-9 ? nearest : position
  }

  /// The interpolated log error, found from the end, where most positions are.
  static func value(at position: Double, _ observations: [Observation]) -> Double {
    var after = observations.count - 1
    while after > 1, Self.position(observations[after - 1]) < position { after -= 1 }
    guard after > 0 else { return observations[0].logError }
    let (one, other) = (observations[after - 1], observations[after])
    let (from, to) = (Self.position(one), Self.position(other))
    guard from > to else { return other.logError }
    return one.logError + (other.logError - one.logError) * (from - position) / (from - to)
  }
}

/// Where a curve stands: its last observation, and its last doubling of the data where it has seen one.
struct CurveEnd: Equatable, Sendable {
  /// The doublings of the data that are left, at least 0.
  let position: Double
  /// The last log error.
  let level: Double
  /// The change of the log error over the last doubling; nil for a shorter curve.
  let step: Double?
  /// The standard deviation of the level, where evaluations are noisy.
  let levelDeviation: Double

  init(position: Double, level: Double, step: Double?, levelDeviation: Double = 0) {
    (self.position, self.level, self.step) = (position, level, step)
    self.levelDeviation = levelDeviation
  }

  /// - Parameter observations: by ascending fraction; nil when empty. O(observations within the last doubling).
  init?(_ observations: [Observation]) {
    guard let last = observations.last, let first = observations.first else { return nil }
    position = max(0, CurveKnots.position(last))
    level = last.logError
    let before = position + 1
    step =
      CurveKnots.position(first) >= before - 0.35
      ? last.logError - CurveKnots.value(at: before, observations) : nil
    levelDeviation = 0
  }

  /// The same end, at the level that noisy evaluations leave.
  func filtered(_ curve: NoisyCurve.End) -> CurveEnd {
    CurveEnd(
      position: position, level: curve.level, step: step.map { _ in curve.slope },
      levelDeviation: curve.levelVariance.squareRoot())
  }
}
