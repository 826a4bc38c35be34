internal import Basics

/// Where a learning curve stands when its evaluations are noisy, and how well a size of the noise explains it.
///
/// Between observations the log error follows a local linear trend: level and slope, whose slope wanders like a random
/// walk over the doublings of the data. How far it wanders differs between curves, so several sizes compete, weighted
/// by how well each foretold the curve's points. Kalman's filter gives the level's mean and variance at the last point:
/// a lucky evaluation is drawn back to what the points before it say, the more the noisier it is.
///
/// **References.** Local linear trend: Harvey 1989 (10.1017/CBO9781107049994), section 2.3; the continuous form is
/// Wahba's smoothing spline (1978, 10.1111/j.2517-6161.1978.tb01050.x).
///
/// **Complexity.** O(observations) for each size of the noise.
struct NoisyCurve {
  /// The deviations by which a slope changes in a doubling.
  private static let wanders = [0.005, 0.015, 0.05, 0.15, 0.5]
  /// The normal belief of a slope before any was seen: log error a doubling.
  private static let firstSlope = (mean: -0.07, deviation: 0.1)
  /// How far first levels lie from the pool's: as multiples of its deviation, with the probability of each. The rare
  /// one keeps the best by far from being drawn to the others.
  private static let distances = [(factor: 1.0, probability: 0.998), (factor: 10.0, probability: 0.002)]
  /// Points before the last this many tell nothing more of where a curve stands.
  private static let mostPoints = 24

  /// The points to learn from.
  private let points: ArraySlice<Observation>

  init(_ observations: [Observation]) { points = observations.suffix(Self.mostPoints) }

  /// The level at the last point and the slope before it.
  struct End {
    var level = 0.0
    var levelVariance = 0.0
    /// The change of the log error over a doubling.
    var slope = 0.0
  }

  /// What is known at the last point.
  ///
  /// - Parameters:
  ///   - noise: the deviation of an evaluation's log error that states none.
  ///   - pool: mean and deviation of the pool's log errors at the first point.
  func end(noise: Double, pool: (mean: Double, deviation: Double)) -> End {
    var filters: [TrendFilter] = []
    var logs: [Double] = []
    for distance in Self.distances {
      let first = (pool.mean, distance.factor * pool.deviation)
      for wander in Self.wanders {
        let filter = filter(wander: wander, noise: noise, pool: first)
        filters.append(filter)
        logs.append(filter.logLikelihood + PortableMath.log(distance.probability))
      }
    }
    let most = logs.max() ?? 0
    let weights = logs.map { PortableMath.exp($0 - most) }
    let sum = weights.reduce(0, +)
    var end = End()
    for (filter, weight) in zip(filters, weights) {
      end.level += weight / sum * filter.level
      end.slope += weight / sum * filter.slope
    }
    for (filter, weight) in zip(filters, weights) {
      let off = filter.level - end.level
      end.levelVariance += weight / sum * (filter.levelVariance + off * off)
    }
    return end
  }

  /// The log likelihood of the points for a deviation of their noise, over all sizes of the wander alike.
  func logLikelihood(noise: Double) -> Double {
    guard let first = points.first else { return 0 }
    let logs = Self.wanders.map { wander in
      // The first level explains itself: its prior is so wide that the noise hardly matters.
      filter(wander: wander, noise: noise, pool: (first.logError, 1)).logLikelihood
    }
    let most = logs.max() ?? 0
    return most + PortableMath.log(logs.reduce(0) { $0 + PortableMath.exp($1 - most) } / Double(logs.count))
  }

  private func filter(wander: Double, noise: Double, pool: (mean: Double, deviation: Double)) -> TrendFilter {
    let slope = Self.firstSlope
    var filter = TrendFilter(
      level: pool.mean, levelDeviation: pool.deviation, slope: slope.mean, slopeDeviation: slope.deviation)
    var position: Double?
    for point in points {
      let next = CurveKnots.position(point)
      if let position { filter.advance(by: position - next, wander: wander) }
      position = next
      let deviation = point.logErrorDeviation ?? noise / Double(point.trainingCount).squareRoot()
      filter.take(point.logError, variance: max(deviation, TrendFilter.leastDeviation).squared)
    }
    return filter
  }
}

/// Kalman's filter of a level and its slope.
private struct TrendFilter {
  /// Rounding of reported scores; a point without any noise would have no density.
  static let leastDeviation = 1e-5

  private(set) var level: Double
  private(set) var slope: Double
  private(set) var levelVariance: Double
  private var covariance = 0.0
  private var slopeVariance: Double
  private(set) var logLikelihood = 0.0

  init(level: Double, levelDeviation: Double, slope: Double, slopeDeviation: Double) {
    (self.level, self.slope) = (level, slope)
    (levelVariance, slopeVariance) = (levelDeviation.squared, slopeDeviation.squared)
  }

  /// Goes on by some doublings of the data.
  mutating func advance(by doublings: Double, wander: Double) {
    let square = wander * wander
    level += slope * doublings
    levelVariance +=
      doublings * (2 * covariance + doublings * slopeVariance) + square * doublings * doublings * doublings / 3
    covariance += doublings * slopeVariance + square * doublings * doublings / 2
    slopeVariance += square * doublings
  }

  /// Takes an observation of the level.
  mutating func take(_ value: Double, variance: Double) {
    let (residual, total) = (value - level, levelVariance + variance)
    logLikelihood -= (residual * residual / total + PortableMath.log(total)) / 2
    let (gain, slopeGain) = (levelVariance / total, covariance / total)
    level += gain * residual
    slope += slopeGain * residual
    slopeVariance -= slopeGain * covariance
    covariance *= variance / total
    levelVariance *= variance / total
  }
}

extension Double {
  fileprivate var squared: Double { self * self }
}
