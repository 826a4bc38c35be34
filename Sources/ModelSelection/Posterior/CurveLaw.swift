import Basics

/// How one learning curve moves: what a ``CurveFilter`` believes before it has seen any of it.
///
/// In the log of the error over the log of the data, x, a curve has a slope that wanders: it stays near the pool's mean slope
/// (an Ornstein-Uhlenbeck process) and forgets what it was over some e-folds of data. So a curve may bend, flatten or steepen;
/// a power law is the special case of a slope that never forgets.
struct CurveLaw: Equatable, Sendable {
  /// Standard deviation of a curve's slope around the pool's mean slope.
  var slopeDeviation: Double
  /// E-folds of data over which a slope's departure from the mean fades by a factor e.
  var slopeMemory: Double
  /// Standard deviation of one evaluation's log error.
  var noise: Double

  /// How fast slopes change: variance for each e-fold.
  var slopeDiffusion: Double { 2 * slopeDeviation * slopeDeviation / slopeMemory }
}

/// A learning curve read from the left to the right: where it is and how it moves, with how sure that is.
///
/// The Kalman filter of a ``CurveLaw``: its state is the level and the departure of the slope from the pool's mean slope, its
/// estimates are exact conditional means. The mean slope need not be known: everything is linear in it, and is kept as a value
/// at mean slope 0 and a coefficient.
///
/// **Complexity.** O(1) for each point.
struct CurveFilter: Sendable {
  /// A quantity that depends linearly on the pool's mean slope.
  struct Linear: Equatable, Sendable {
    var value: Double
    var coefficient: Double

    func at(meanSlope: Double) -> Double { value + coefficient * meanSlope }
  }

  private(set) var logFraction: Double
  private(set) var level: Linear
  private(set) var departure = Linear(value: 0, coefficient: 0)
  /// Covariance of level and departure.
  private(set) var levelVariance: Double
  private var covariance = 0.0
  private var departureVariance: Double

  /// A curve of one point, whose level nothing was known of.
  init(logFraction: Double, logError: Double, law: CurveLaw) {
    self.logFraction = logFraction
    level = Linear(value: logError, coefficient: 0)
    levelVariance = law.noise * law.noise
    departureVariance = law.slopeDeviation * law.slopeDeviation
  }

  /// Goes on to a larger fraction without looking.
  mutating func advance(to target: Double, law: CurveLaw) {
    let distance = target - logFraction
    let ratio = distance / law.slopeMemory
    let kept = PortableMath.exp(-ratio)
    let reach = law.slopeMemory * (1 - kept)
    level.value += reach * departure.value
    level.coefficient += distance + reach * departure.coefficient
    departure.value *= kept
    departure.coefficient *= kept
    let variance = law.slopeDeviation * law.slopeDeviation
    let wander = variance * law.slopeMemory * law.slopeMemory * (2 * ratio - 3 + 4 * kept - kept * kept)
    levelVariance += 2 * reach * covariance + reach * reach * departureVariance + max(0, wander)
    covariance = (covariance + reach * departureVariance) * kept + variance * law.slopeMemory * (1 - kept) * (1 - kept)
    departureVariance = departureVariance * kept * kept + variance * (1 - kept * kept)
    logFraction = target
  }

  /// Takes in a point beyond those before.
  ///
  /// - Returns: by how much it differs from what was expected, and the variance of that.
  @discardableResult
  mutating func observe(logFraction: Double, logError: Double, law: CurveLaw) -> (surprise: Linear, variance: Double) {
    advance(to: logFraction, law: law)
    let variance = levelVariance + law.noise * law.noise
    let surprise = Linear(value: logError - level.value, coefficient: -level.coefficient)
    let (gain, slopeGain) = (levelVariance / variance, covariance / variance)
    level.value += gain * surprise.value
    level.coefficient += gain * surprise.coefficient
    departure.value += slopeGain * surprise.value
    departure.coefficient += slopeGain * surprise.coefficient
    departureVariance -= slopeGain * covariance
    covariance -= gain * covariance
    levelVariance -= gain * levelVariance
    return (surprise, variance)
  }
}
