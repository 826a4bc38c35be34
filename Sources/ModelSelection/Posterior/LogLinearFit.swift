/// log error = intercept + slope * log fraction, by least squares over the largest fractions: the evidence that AtS and
/// Mordal go by. Predictions come from ``CurveFilter``.
///
/// **Regime.** Errors follow a power law only from some fraction on, which differs between models. The fit begins with
/// the `pointCount` largest fractions and takes in the next smaller one as long as its residual is within `deviations`
/// standard deviations of the fit so far; then it stops (AtS: Lin et al. 2024, arXiv 2402.02314, its algorithm 1). AtS
/// doubles the data from point to point. Where points lie closer, as many as lie in a doubling count for one: the fit
/// begins with `pointCount - 1` doublings, and takes in one at a time by the root mean square of its residuals.
struct LogLinearFit: Equatable, Sendable {
  /// log error on all the data.
  let intercept: Double
  /// d log error / d log fraction.
  let slope: Double
  /// Points in the regime, counted from the largest fraction.
  let count: Int
  /// Mean square residual in log error.
  let meanSquare: Double

  /// The logarithm of 2, less what rounding may take.
  static let doubling = 0.6931471805599453 * (1 - 1e-9)

  /// Residuals this small are noise of the evaluation, whatever the fit says of itself.
  private static let leastDeviation = 2e-3

  /// - Parameter observations: by ascending fraction, positive errors; nil with fewer than two. O(n^2) in the worst
  ///   case.
  init?(_ observations: [Observation], pointCount: Int, deviations: Double) {
    let points = observations.filter { $0.dataFraction > 0 }.map {
      (x: $0.logFraction, y: $0.logError)
    }
    guard points.count >= 2 else { return nil }
    let last = points[points.count - 1].x
    let begun = points.count { $0.x >= last - Double(max(2, pointCount) - 1) * Self.doubling * (1 + 2e-9) }
    var count = max(begun, min(points.count, max(2, pointCount)))
    var fit = Self.leastSquares(points.suffix(count))
    while count < points.count {
      let rest = points.dropLast(count)
      let next = rest.suffix(rest.count { $0.x > rest[rest.count - 1].x - Self.doubling })
      // With n points and two parameters the residuals of the fit itself tell n - 2 times the variance.
      let variance = fit.meanSquare * Double(count) / Double(max(1, count - 2))
      let deviation = max(Self.leastDeviation, variance.squareRoot())
      let square = next.reduce(0) {
        let residual = $1.y - fit.intercept - fit.slope * $1.x
        return $0 + residual * residual
      }
      guard (square / Double(next.count)).squareRoot() <= deviations * deviation else { break }
      count += next.count
      fit = Self.leastSquares(points.suffix(count))
    }
    (intercept, slope, meanSquare) = fit
    self.count = count
  }

  static func leastSquares(
    _ points: ArraySlice<(x: Double, y: Double)>
  ) -> (intercept: Double, slope: Double, meanSquare: Double) {
    let n = Double(points.count)
    let (meanX, meanY) = (points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n)
    var (xx, xy) = (0.0, 0.0)
    for point in points {
      xx += (point.x - meanX) * (point.x - meanX)
      xy += (point.x - meanX) * (point.y - meanY)
    }
    let slope = xx > 0 ? xy / xx : 0
    let intercept = meanY - slope * meanX
    let square = points.reduce(0) {
      let residual = $1.y - intercept - slope * $1.x
      return $0 + residual * residual
    }
    return (intercept, slope, square / n)
  }
}
