internal import Basics

/// What the end of a learning-rate schedule adds to curves, by what their points are (``CurvePoints``).
///
/// **Law.** While the learning rate is high, a run's error lies above what an annealed run on the same data would have,
/// by an excess that falls with the learning rate; so its whole drop is divided among the steps of the curve as the
/// fall of the rate is. The rate is taken to fall linearly from the decay's start to 0 at all the data. Where the start
/// is not known, one half is as if it fell from the beginning, one half as if it fell in the last doubling alone.
///
/// The pool's drop is normal with ``meanDrop`` and ``dropDeviation``, each candidate's own step wider by the expert's
/// `lastFactor` where the whole fall lies in it. Both sizes, and the probability of the latter, come from simulated
/// runs: `Tests/Benchmarks/annealing.py`.
///
/// **References.** Annealing moves the loss by an amount of its own: Tissue, Wang and Wang 2024 (arXiv 2408.11029);
/// constant rate with a late decay: Hägele et al. 2024 (arXiv 2405.18392); noisy quadratic model: Zhang et al. 2019
/// (arXiv 1907.04164).
struct ScheduleEnd: Sendable {
  /// Mean and deviation of what the fall of the rate from its height to 0 takes of a pool's log errors.
  private static let meanDrop = 0.13
  private static let dropDeviation = 0.17
  /// The deviation of what the same fall takes of one candidate more than of the pool.
  private static let ownDrop = 0.09
  /// The probability that candidates' own steps are wider where the rate falls: see `CurvePrior`.
  private static let wideProbability = (finished: 0.02, snapshot: 0.62)

  /// The larger of the values of `lastFactor`.
  private static let fullFactor = CurveExperts.values[CurveExperts.Trait.lastFactor.rawValue].max() ?? 1
  private static let logFullFactor = PortableMath.log(fullFactor)

  let points: CurvePoints

  /// The rate at a fraction of the data, over its height.
  private static func rate(at fraction: Double, decayStart: Double) -> Double {
    fraction >= 1 ? 0 : fraction <= decayStart ? 1 : (1 - fraction) / (1 - decayStart)
  }

  /// How much of the rate's fall lies in the doubling that ends with some doublings left.
  func share(remaining: Int) -> Double {
    let isLast = remaining == 0
    switch points {
    case .unknown, .finished: return isLast ? 1 : 0
    case .snapshot(let decayStart):
      let end = 1 / Double(UInt64(1) << min(remaining, 62))
      guard let decayStart else { return end / 4 + (isLast ? 0.5 : 0) }
      return Self.rate(at: end / 2, decayStart: decayStart) - Self.rate(at: end, decayStart: decayStart)
    }
  }

  /// What a shared step differs by from that before it because more of the fall lies in it: mean and variance.
  func drop(remaining: Int) -> (mean: Double, variance: Double) {
    guard case .snapshot = points else { return (0, 0) }
    let more = share(remaining: remaining) - share(remaining: remaining + 1)
    return (-Self.meanDrop * more, Self.dropDeviation * Self.dropDeviation * more * more)
  }

  /// How an expert with a `lastFactor` above 1 widens the scale of candidates' own steps.
  struct Width {
    let factor: Double
    /// The logarithm of the factor.
    let logFactor: Double
    /// What the fall of the rate adds to the scale, as an independent part.
    let own: Double

    func of(_ scale: Double) -> Double {
      let wide = factor * scale
      return own > 0 ? (wide * wide + own * own).squareRoot() : wide
    }
  }

  /// The width of the step that ends with some doublings left.
  func width(remaining: Int) -> Width {
    let share = share(remaining: remaining)
    let factor = 1 + (Self.fullFactor - 1) * share
    let logFactor = share == 1 ? Self.logFullFactor : share == 0 ? 0 : PortableMath.log(factor)
    guard case .snapshot = points else { return Width(factor: factor, logFactor: logFactor, own: 0) }
    return Width(factor: factor, logFactor: logFactor, own: Self.ownDrop * share)
  }

  /// How many doublings are left to all the data after a position within the last one, were the curve to fall as fast
  /// as the learning rate does there; other positions stay. So what falls at the very end is still ahead.
  func doublingsLeft(at position: Double) -> Double {
    guard case .snapshot(let decayStart) = points, position > 0, position < 1 else { return position }
    let fraction = PortableMath.exp(-0.6931471805599453 * position)
    func left(_ start: Double) -> Double {
      Self.rate(at: fraction, decayStart: start) / Self.rate(at: 0.5, decayStart: start)
    }
    return max(position, decayStart.map(left) ?? (left(0) + left(0.75)) / 2)
  }

  /// The probabilities of the values of `lastFactor`, given those learned from pools of which nothing was told.
  func lastProbabilities(_ learned: [Double]) -> [Double] {
    switch points {
    case .unknown: learned
    case .finished: [1 - Self.wideProbability.finished, Self.wideProbability.finished]
    case .snapshot: [1 - Self.wideProbability.snapshot, Self.wideProbability.snapshot]
    }
  }
}
