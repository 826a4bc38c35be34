import Basics

/// What all candidates' learning curves have in common, learned from those seen so far (empirical Bayes).
///
/// The mean slope and the ``CurveLaw`` are those of greatest posterior density: the likelihood of all curves times a belief
/// that came from other pools, whose curves were known to their ends. `Tests/Benchmarks/calibration.py` prints that belief from recorded
/// curves, and how intervals fare on a pool when its own curves had no part in it.
struct CurvePrior: Equatable, Sendable {
  /// Mean of the slopes d log error / d log fraction, and how well it is known.
  var meanSlope: Double
  var meanSlopeDeviation: Double
  var law: CurveLaw

  /// A curve in log fraction and log error, by ascending fraction.
  typealias Curve = [(x: Double, y: Double)]

  /// The belief of the mean slope: normal, with this mean and deviation.
  static let meanSlopeBelief = (mean: -0.08, deviation: 0.04)
  /// The belief of the law: the logarithm of each part is normal around this with ``lawDeviation``.
  static let lawBelief = CurveLaw(slopeDeviation: 0.06, slopeMemory: 7, noise: 0.004)
  static let lawDeviation = (slope: 0.2, memory: 0.5, noise: 0.5)
  /// So many curves say enough; more would only cost time.
  static let mostCurves = 128
  /// Points of one curve that are nearer than this in log fraction, a little less than a doubling of the data, tell nothing of how
  /// slopes change on the way to all the data: nearby, curves are smoother than the law has it, and a law learned from
  /// dense points would be too sure of what is far.
  static let leastSpacing = 0.6
  /// No part of the law leaves its belief by more than this factor's logarithm: curves without any noise tell of none.
  private static let mostShift = 4.0

  /// What is believed before anything was seen.
  init() {
    (meanSlope, meanSlopeDeviation) = Self.meanSlopeBelief
    law = Self.lawBelief
  }

  /// - Parameter curves: of two points or more; see ``sample(_:)``.
  /// - Complexity: O(points), some fifty times.
  init(_ curves: [Curve]) {
    self.init()
    var (best, shifts) = (Self.fit(curves, shifts: [0, 0, 0]), [0.0, 0, 0])
    // A pattern search, always to the best of the neighbours: noise and a slope that forgets at once look alike at first. A
    // quarter in the logarithm is less than curves can tell.
    for step in [1.0, 0.5, 0.25] {
      while true {
        let from = (loss: best.loss, shifts: shifts)
        for (part, sign) in [(0, 1.0), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1)] {
          var trial = from.shifts
          trial[part] += sign * step
          guard abs(trial[part]) <= Self.mostShift else { continue }
          let fit = Self.fit(curves, shifts: trial)
          if fit.loss < best.loss { (best, shifts) = (fit, trial) }
        }
        if best.loss == from.loss { break }
      }
    }
    (law, meanSlope, meanSlopeDeviation) = (best.law, best.meanSlope, best.deviation)
  }

  /// The loss of a law, which is minus the logarithm of its posterior density, and the mean slope that goes with it.
  private static func fit(
    _ curves: [Curve], shifts: [Double]
  ) -> (loss: Double, law: CurveLaw, meanSlope: Double, deviation: Double) {
    let law = CurveLaw(
      slopeDeviation: lawBelief.slopeDeviation * PortableMath.exp(shifts[0]),
      slopeMemory: lawBelief.slopeMemory * PortableMath.exp(shifts[1]),
      noise: lawBelief.noise * PortableMath.exp(shifts[2])
    )
    let belief = 1 / (meanSlopeBelief.deviation * meanSlopeBelief.deviation)
    // Sums of squares of surprises, as a parabola in the mean slope.
    var (square, cross, precision) = (
      belief * meanSlopeBelief.mean * meanSlopeBelief.mean, -belief * meanSlopeBelief.mean, belief
    )
    var logVariances = 0.0
    for curve in curves {
      var filter = CurveFilter(logFraction: curve[0].x, logError: curve[0].y, law: law)
      var product = 1.0
      for point in curve.dropFirst() {
        let (surprise, variance) = filter.observe(logFraction: point.x, logError: point.y, law: law)
        square += surprise.value * surprise.value / variance
        cross += surprise.value * surprise.coefficient / variance
        precision += surprise.coefficient * surprise.coefficient / variance
        product *= variance
        // One logarithm for several points, before the product leaves the range of numbers.
        if product < 1e-200 { (logVariances, product) = (logVariances + PortableMath.log(product), 1) }
      }
      logVariances += PortableMath.log(product)
    }
    let deviations = [lawDeviation.slope, lawDeviation.memory, lawDeviation.noise]
    let off = zip(shifts, deviations).reduce(0) { $0 + ($1.0 / $1.1) * ($1.0 / $1.1) }
    let loss = (square - cross * cross / precision + logVariances + PortableMath.log(precision) + off) / 2
    return (loss, law, -cross / precision, 1 / precision.squareRoot())
  }
}

extension CurvePrior {
  /// The curves to learn from: those of at least three points where there are enough of these, else of two, evenly chosen.
  static func sample(_ states: [CandidateState]) -> [Curve] {
    // Most curves are only counted, and that far no further than three.
    let counts = states.map { spacedCount($0.observations, upTo: 3) }
    let isEnough = counts.count { $0 >= 3 } >= mostCurves
    let chosen = states.indices.filter { counts[$0] >= (isEnough ? 3 : 2) }
    let kept =
      chosen.count > mostCurves ? (0..<mostCurves).map { chosen[$0 * chosen.count / mostCurves] } : chosen
    return kept.map { spaced(states[$0].observations) }
  }

  /// The points that lie apart, from the largest fraction down.
  private static func spaced(_ observations: [Observation]) -> Curve {
    var curve: Curve = []
    for observation in observations.reversed() where observation.dataFraction > 0 {
      if let last = curve.last, last.x - observation.logFraction < leastSpacing { continue }
      curve.append((observation.logFraction, observation.logError))
    }
    return curve.reversed()
  }

  /// How many points of ``spaced(_:)`` there are, counted no further than `most`.
  private static func spacedCount(_ observations: [Observation], upTo most: Int) -> Int {
    var (count, last) = (0, Double.infinity)
    for observation in observations.reversed() where observation.dataFraction > 0 {
      if last - observation.logFraction < leastSpacing { continue }
      (count, last) = (count + 1, observation.logFraction)
      if count == most { break }
    }
    return count
  }
}
