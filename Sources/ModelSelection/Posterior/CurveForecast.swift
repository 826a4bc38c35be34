internal import Basics

/// How a candidate's curve goes on to all the data, by the experts of a ``CurveMixture``, as tables by knot.
///
/// With n doublings left, the rest of a curve that ends with own and dev is expected to be
/// C + persistenceSum[n] * own + divergenceSum[n] * dev: the recursions are those of the expert's rule, applied to
/// expectations. A noise n doublings before the end moves the final log error by `1 + persistenceSum + divergenceSum`.
/// Between knots all is interpolated.
///
/// **Complexity.** O(kept experts x knots) to build; O(kept experts) for a candidate.
struct CurveForecast: Sendable {
  /// Experts beyond this number, or of less than `leastWeight` of the largest weight, are left out.
  private static let mostExperts = (usual: 64, least: 16)
  /// In pools of more candidates fewer experts are kept, so that predicting all again does not take longer.
  private static let usualCandidates = 16_384
  private static let leastWeight = 1e-4
  /// The variance of the sum of a candidate's noises, in squares of their scales: between a normal variable's and
  /// that of Student's t with four degrees of freedom, whose rare large values the intervals need not cover.
  private static let noiseVariance = 1.6

  let mixture: CurveMixture
  /// The kept experts and their weights, which sum to 1, largest first.
  let experts: [Int]
  let weights: [Double]
  /// By knot, then kept expert.
  private var rests: [[Double]] = []
  private var steps: [[Double]] = []
  private var ownFactors: [[Double]] = []
  private var deviationFactors: [[Double]] = []
  private var variances: [[Double]] = []
  private var freshVariances: [[Double]] = []
  private var courses: [[Double]] = []
  private var ownBounds: [[Double]] = []
  /// By knot: means over the experts of the course and of the noise's variance, and the variances of what all curves
  /// have in common.
  private var meanCourses: [Double] = []
  private var meanVariances: [Double] = []
  private var restVariances: [Double] = []
  private var sharedVariances: [Double] = []

  /// - Parameter candidateCount: how many candidates are to be predicted.
  init(_ mixture: CurveMixture, candidateCount: Int = 1) {
    self.mixture = mixture
    let most = max(
      Self.mostExperts.least, Self.mostExperts.usual * Self.usualCandidates / max(Self.usualCandidates, candidateCount))
    let all = mixture.weights
    let largest = all.max() ?? 0
    experts = all.indices.filter { all[$0] >= Self.leastWeight * largest }
      .smallest(most) { (all[$1], $0) < (all[$0], $1) }
    let sum = experts.reduce(0) { $0 + all[$1] }
    weights = experts.map { all[$0] / sum }
    let zeros = [[Double]](repeating: [Double](repeating: 0, count: experts.count), count: mixture.knotCount)
    (rests, steps, ownFactors, deviationFactors) = (zeros, zeros, zeros, zeros)
    (variances, freshVariances, courses, ownBounds) = (zeros, zeros, zeros, zeros)
    for (place, expert) in experts.enumerated() { continueCurves(of: expert, at: place) }
    for knot in 0..<mixture.knotCount { summarize(knot) }
  }

  private mutating func continueCurves(of expert: Int, at place: Int) {
    let all = CurveExperts.all
    let (persistence, divergence) = (all.persistence[expert], all.divergence[expert])
    let last = mixture.knotCount - 1
    var (own, deviation, rest, variance) = (0.0, 0.0, 0.0, 0.0)
    for knot in stride(from: last, through: 0, by: -1) {
      if knot < last {
        let noise = (1 + own + deviation) * mixture.scale(expert, to: knot + 1)
        let first = all.firstFactor[expert]
        freshVariances[knot][place] = Self.noiseVariance * (variance + noise * noise * first * first)
        variance += noise * noise
        (own, deviation) = (
          persistence * (1 + own + deviation), divergence * (1 + own) + (1 + divergence) * deviation
        )
        rest += mixture.steps[knot + 1][expert]
      }
      rests[knot][place] = rest
      steps[knot][place] = mixture.steps[knot][expert]
      (ownFactors[knot][place], deviationFactors[knot][place]) = (own, deviation)
      variances[knot][place] = Self.noiseVariance * variance
      courses[knot][place] = mixture.course(knot, expert)
      ownBounds[knot][place] = mixture.ownBound(expert, at: knot)
    }
  }

  private mutating func summarize(_ knot: Int) {
    var (course, rest, square, shared) = (0.0, 0.0, 0.0, 0.0)
    for (place, weight) in weights.enumerated() {
      course += weight * courses[knot][place]
      rest += weight * rests[knot][place]
      shared += weight * sharedVariance(after: knot, experts[place])
    }
    for (place, weight) in weights.enumerated() {
      square += weight * (rests[knot][place] - rest) * (rests[knot][place] - rest)
    }
    meanCourses.append(course)
    meanVariances.append(zip(weights, variances[knot]).reduce(0) { $0 + $1.0 * $1.1 })
    restVariances.append(square)
    sharedVariances.append(shared)
  }

  /// The variance of the sum of the shared steps after a knot. Steps that some curve took are known each for itself;
  /// those after the last such step wander from it.
  private func sharedVariance(after knot: Int, _ expert: Int) -> Double {
    let last = mixture.knotCount - 1
    guard knot < last else { return 0 }
    let seen = mixture.counts.lastIndex { $0 > 0 } ?? 0
    var variance = 0.0
    for step in stride(from: knot + 1, to: seen, by: 1) { variance += mixture.stepVariances[step][expert] }
    // The last seen step counts once for itself and once for each that follows it.
    let repeats = Double(last - max(knot, seen) + (knot < seen ? 1 : 0))
    if seen > 0 { variance += repeats * repeats * mixture.stepVariances[seen][expert] }
    for step in stride(from: max(seen + 1, 1), through: last, by: 1) {
      let before = step > 1 ? mixture.stepVariances[step - 1][expert] : 0
      let times = Double(last - max(step, knot + 1) + 1)
      variance += times * times * max(0, mixture.stepVariances[step][expert] - before)
    }
    return variance
  }

  // MARK: - One candidate

  /// A place between two knots, for values that are interpolated there.
  struct Position {
    let before: Int
    let after: Int
    /// The share of the later knot.
    let share: Double

    @inline(__always) func value(_ value: (Int) -> Double) -> Double {
      share == 0 ? value(before) : value(before) * (1 - share) + value(after) * share
    }
  }

  /// Where a curve stands among the knots.
  func position(_ position: Double) -> Position {
    let last = mixture.knotCount - 1
    let left = mixture.schedule.doublingsLeft(at: position)
    let knot = min(Double(last), max(0, Double(mixture.first) - left))
    let before = Int(knot.rounded(.down))
    return Position(before: before, after: min(last, before + 1), share: knot - Double(before))
  }

  private func mix(_ position: Double, _ value: (Int) -> Double) -> Double { self.position(position).value(value) }

  private func calm(_ end: CurveEnd) -> Double {
    mixture.calm(end.level, course: mix(end.position) { mixture.medianCourse[$0] })
  }

  /// The final log error of a curve: mean and variance over all experts. O(kept experts).
  func final(of end: CurveEnd) -> FinalError {
    guard end.position > 0 else { return FinalError(mean: end.level, deviation: seenDeviation(end)) }
    let calm = calm(end)
    var (mean, square, noise) = (0.0, 0.0, 0.0)
    visitExperts(of: end) { place, value, variance in
      mean += weights[place] * value
      square += weights[place] * value * value
      noise += weights[place] * variance
    }
    // What the experts disagree on for every curve alike is common.
    let disagreement = mix(end.position) { restVariances[$0] }
    let own =
      max(0, square - mean * mean - disagreement) + calm * calm * noise + end.levelDeviation * end.levelDeviation
    return FinalError(
      mean: end.level + mean, deviation: max(FinalError.seenDeviation, own.squareRoot()),
      commonDeviation: (disagreement + mix(end.position) { sharedVariances[$0] }).squareRoot())
  }

  /// For each kept expert the mean and the deviation of the curve's final log error, shared steps as they are expected.
  func finals(of end: CurveEnd) -> [(mean: Double, deviation: Double)] {
    guard end.position > 0 else { return experts.map { _ in (end.level, seenDeviation(end)) } }
    let (calm, seen) = (calm(end), end.levelDeviation * end.levelDeviation)
    var finals: [(mean: Double, deviation: Double)] = []
    visitExperts(of: end) { _, value, variance in
      finals.append((end.level + value, (calm * calm * variance + seen).squareRoot()))
    }
    return finals
  }

  /// The deviation of a finished candidate's error: that of its evaluation.
  private func seenDeviation(_ end: CurveEnd) -> Double { max(FinalError.seenDeviation, end.levelDeviation) }

  /// The pool's mean log error at a position, were every curve there.
  func course(at position: Double) -> Double { mix(position) { meanCourses[$0] } }

  /// Shows, for each kept expert in turn, by how much the log error is expected to change, and the noise's variance.
  private func visitExperts(of end: CurveEnd, _ visit: (_ place: Int, _ change: Double, _ variance: Double) -> Void) {
    let place = position(end.position)
    let (before, after, share) = (place.before, place.after, place.share)
    let bound = CurveMixture.deviationBound * mixture.spread
    let deviation = min(bound, max(-bound, end.level - mix(end.position) { meanCourses[$0] }))
    func change(_ knot: Int, _ place: Int) -> Double {
      var change = rests[knot][place] + deviationFactors[knot][place] * deviation
      if let step = end.step {
        let limit = ownBounds[knot][place]
        change += ownFactors[knot][place] * min(limit, max(-limit, step - steps[knot][place]))
      }
      return change
    }
    let noises = end.step == nil ? freshVariances : variances
    for place in experts.indices {
      if share == 0 {
        visit(place, change(before, place), noises[before][place])
      } else {
        visit(
          place, change(before, place) * (1 - share) + change(after, place) * share,
          noises[before][place] * (1 - share) + noises[after][place] * share)
      }
    }
  }

  /// The own variance that is left once the candidate has been trained to a position. O(1).
  func varianceLeft(at position: Double, of end: CurveEnd) -> Double {
    let calm = calm(end)
    return position <= 0 ? 0 : calm * calm * mix(position) { meanVariances[$0] }
  }

  /// By how much the shared steps after each knot are off, given a standard normal draw for each knot.
  func sharedShifts(_ place: Int, _ draws: (Int) -> Double) -> [Double] {
    let (last, expert) = (mixture.knotCount - 1, experts[place])
    var shifts = [Double](repeating: 0, count: last + 1)
    var before = 0.0
    for knot in stride(from: 1, through: last, by: 1) {
      let variance = mixture.stepVariances[knot][expert]
      if mixture.counts[knot] > 0 {
        before = variance.squareRoot() * draws(knot)
      } else {
        let known = knot > 1 ? mixture.stepVariances[knot - 1][expert] : 0
        before += max(0, variance - known).squareRoot() * draws(knot)
      }
      shifts[knot - 1] = before
    }
    // Sums from the end: what is still to come after each knot.
    for knot in stride(from: last - 1, through: 0, by: -1) { shifts[knot] += shifts[knot + 1] }
    return shifts
  }
}
