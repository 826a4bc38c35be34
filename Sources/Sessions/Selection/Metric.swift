/// What a candidate is scored by, and how its score becomes the error that learning curves are fitted to.
///
/// Scores are in the client's unit; errors are at least a tiny positive number and smaller is better, because curves
/// are straight lines in the logarithm of the error.
package struct Metric: Sendable, Equatable {
  package enum Direction: String, CaseIterable, Sendable {
    case maximize, minimize
  }

  package enum ErrorTransform: String, CaseIterable, Sendable {
    /// The distance from the best possible score.
    case distance
    /// That distance over the distance from the worst possible score. Has no upper end, so a prediction never leaves
    /// the range.
    case odds
  }

  package let name: String
  package let direction: Direction
  /// The least and the greatest possible score.
  package let range: ClosedRange<Double>
  package let transform: ErrorTransform

  package init(name: String, direction: Direction, range: ClosedRange<Double>, transform: ErrorTransform) {
    self.name = name
    self.direction = direction
    self.range = range
    self.transform = transform
  }

  /// Errors below this part of the range (of 1 where it has no end) count as this much: a perfect score has no
  /// logarithm.
  package static let leastErrorFraction = 1e-9

  /// For a person.
  package var rangeText: String {
    range.upperBound.isFinite ? "\(range.lowerBound)...\(range.upperBound)" : "\(range.lowerBound) and above"
  }

  private var best: Double { direction == .maximize ? range.upperBound : range.lowerBound }
  private var worst: Double { direction == .maximize ? range.lowerBound : range.upperBound }

  private var leastError: Double {
    let width = range.upperBound - range.lowerBound
    return Self.leastErrorFraction * (transform == .distance && width.isFinite ? width : 1)
  }

  /// The error of a score within the range.
  package func error(ofScore score: Double) -> Double {
    error(ofDistance: distance(ofScore: score), score: score)
  }

  /// The error of a score that is known to lie so far from the best possible one.
  func error(ofDistance distance: Double, score: Double) -> Double {
    switch transform {
    case .distance: return max(distance, leastError)
    case .odds: return max(distance / max(abs(score - worst), leastError * abs(best - worst)), leastError)
    }
  }

  /// The score of an error, within the range.
  package func score(ofError error: Double) -> Double {
    let sign: Double = direction == .maximize ? -1 : 1
    switch transform {
    case .distance:
      // A range without an end still has a largest number.
      let greatest = Double.greatestFiniteMagnitude
      return min(max(best + sign * error, range.lowerBound, -greatest), range.upperBound, greatest)
    case .odds:
      let share = error / (1 + error)
      return share.isFinite ? best * (1 - share) + worst * share : worst
    }
  }

  /// How far a score is from the best possible one, in the metric's unit.
  package func distance(ofScore score: Double) -> Double {
    min(abs(score - best), .greatestFiniteMagnitude)
  }

  /// The score that is so far from the best possible one; nil where that is beyond the worst.
  package func score(atDistance distance: Double) -> Double? {
    let score = direction == .maximize ? best - distance : best + distance
    return range.contains(score) ? score : nil
  }

  /// How much score an error of `error` is away from one of `better`, at least 0.
  package func scoreLoss(ofError error: Double, from better: Double) -> Double {
    abs(score(ofError: error) - score(ofError: better))
  }

  /// The standard error of a score; nil for a number of examples where the range has no end.
  ///
  /// A mean of n figures of a range has at most the variance (score - least)(greatest - score) / n (Bhatia and Davis
  /// 2000, 10.2307/2589180); a share of right answers has that. With one example more at each end the standard error
  /// of a perfect score is not 0.
  package func standardError(ofScore score: Double, _ noise: TrialReport.Noise) -> Double? {
    switch noise {
    case .standardError(let error): return error
    case .exampleCount(let count):
      guard range.upperBound.isFinite, score.isFinite else { return nil }
      let mean = (score * Double(count) + range.lowerBound + range.upperBound) / Double(count + 2)
      return (max(0, (mean - range.lowerBound) * (range.upperBound - mean)) / Double(count)).squareRoot()
    }
  }

  /// The standard deviation of the noise in the log error of a score, to first order, at most 1; nil where it is not
  /// known.
  package func logErrorDeviation(ofScore score: Double, _ noise: TrialReport.Noise) -> Double? {
    guard let standardError = standardError(ofScore: score, noise) else { return nil }
    let distance = max(distance(ofScore: score), leastError)
    let slope: Double =
      switch transform {
      case .distance: 1 / distance
      case .odds: 1 / distance + 1 / max(abs(score - worst), leastError)
      }
    return min(1, standardError * slope)
  }
}
