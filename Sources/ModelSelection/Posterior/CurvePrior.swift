/// What all candidates' learning curves have in common, learned from those seen so far.
///
/// A curve in its regime is log error = a + b log r + noise. Slopes and noise of one pool resemble each other, so the few
/// points of one candidate are read in the light of all: an empirical Bayes estimate, shrunk towards a weak belief while
/// few curves are known.
struct CurvePrior: Equatable, Sendable {
  /// Mean of the slopes b, and their standard deviation.
  var slopeMean = -0.12
  var slopeDeviation = 0.08
  /// Standard deviation of one evaluation's log error.
  var noise = 0.01
  /// Standard deviation of the log error of a cluster's members around their medoid's.
  var spread = 0.15

  /// How many curves the belief before any observation counts for.
  private static let weight = 3.0

  init() {}

  /// - Parameters:
  ///   - fits: of the candidates with at least three points in the regime.
  ///   - differences: log errors of members less their medoid's, as predicted.
  init(fits: [LogLinearFit], differences: [Double]) {
    self.init()
    let known = Double(fits.count)
    guard known > 0 else { return }
    let mean = (Self.weight * slopeMean + fits.reduce(0) { $0 + $1.slope }) / (Self.weight + known)
    let square = fits.reduce(Self.weight * slopeDeviation * slopeDeviation) {
      $0 + ($1.slope - mean) * ($1.slope - mean)
    }
    // Three points leave one residual for two parameters, and so on.
    let residual = fits.reduce(Self.weight * noise * noise) { $0 + $1.meanSquare * Double($1.count) }
    let degrees = fits.reduce(Self.weight) { $0 + Double(max(1, $1.count - 2)) }
    slopeMean = mean
    slopeDeviation = max(0.01, (square / (Self.weight + known)).squareRoot())
    noise = max(2e-3, (residual / degrees).squareRoot())
    let wide = differences.reduce(Self.weight * spread * spread) { $0 + $1 * $1 }
    spread = (wide / (Self.weight + Double(differences.count))).squareRoot()
  }
}
