/// A candidate's log error on all the data, as far as known: normal.
struct FinalError: Equatable, Sendable {
  /// Mean of the log error.
  let mean: Double
  let deviation: Double

  /// The median error.
  var error: Double { Elementary.exp(mean) }
  /// The ends of the interval that holds the error with probability 0.9.
  var interval: (Double, Double) {
    (Elementary.exp(mean - Self.ninety * deviation), Elementary.exp(mean + Self.ninety * deviation))
  }

  private static let ninety = 1.6448536269514722
  /// How fast a power law loses its validity: standard deviation of the log error for each e-fold that it is stretched
  /// beyond the last observation.
  private static let driftPerFold = 0.04

  init(mean: Double, deviation: Double) {
    self.mean = mean
    self.deviation = deviation
  }

  /// From a candidate's own curve and what all have in common; nil when nothing was observed.
  ///
  /// Bayesian linear regression of log error on log fraction with a flat prior of the level and the common prior of the slope,
  /// over the points of the regime; the slope's posterior and the drift carry the uncertainty to fraction 1.
  init?(_ observations: [Observation], fit: LogLinearFit?, prior: CurvePrior) {
    guard let last = observations.last, last.dataFraction > 0 else { return nil }
    if last.dataFraction >= 1 {
      self.init(mean: Elementary.log(last.error), deviation: 1e-9)
      return
    }
    let points = observations.suffix(fit?.count ?? 1).map {
      (x: Elementary.log($0.dataFraction), y: Elementary.log($0.error))
    }
    let n = Double(points.count)
    let (meanX, meanY) = (points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n)
    var (xx, xy) = (0.0, 0.0)
    for point in points {
      xx += (point.x - meanX) * (point.x - meanX)
      xy += (point.x - meanX) * (point.y - meanY)
    }
    let (noise, prior) = (prior.noise * prior.noise, prior)
    let priorPrecision = 1 / (prior.slopeDeviation * prior.slopeDeviation)
    let precision = priorPrecision + xx / noise
    let slope = (priorPrecision * prior.slopeMean + xy / noise) / precision
    let drift = Self.driftPerFold * -points[points.count - 1].x
    let variance = noise / n + meanX * meanX / precision + drift * drift
    self.init(mean: meanY - slope * meanX, deviation: variance.squareRoot())
  }

  /// The probability that this one ends below the other.
  func probability(below other: FinalError) -> Double {
    let deviation = (self.deviation * self.deviation + other.deviation * other.deviation).squareRoot()
    return Elementary.normalProbability(below: (other.mean - mean) / max(deviation, 1e-12))
  }
}
