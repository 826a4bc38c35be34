internal import Basics

/// What curves of one pool have in common, learned while they are seen: a mixture of experts.
///
/// **Problem.** Given the first parts of some learning curves of one pool, how do they and the others go on to all the
/// data? Pools differ in what persists: of fine-tuned language models a curve's own slope does, of classical learners
/// it hardly does, in runs with a learning-rate schedule the last doubling decides. No single law is right.
///
/// **Notation.** y[i,k] is the log error of candidate i at knot k, k = 0 ... K - 1; from knot to knot the data double,
/// and K - 1 is all of it. d[i,k] = y[i,k] - y[i,k-1] is a step. S[k] is the step that the pool shares and
/// M[k] = M[0] + S[1] + ... + S[k] its course, with M[0] the median of y[i,0]. own[i,k] = d[i,k] - S[k], and
/// dev[i,k] = y[i,k] - M[k]; both are bounded, own to a few scales and dev to a few spreads of the y[i,0].
///
/// **Idea.** An expert holds that
///
///     d[i,k] = S[k] + persistence * own[i,k-1] + divergence * dev[i,k-1] + noise,
///
/// where the noise is of Student's t with scale `scale * growth^(k-1)`, times `firstFactor` where own[i,k-1] is
/// unknown, times `lastFactor` in the last doubling, times a factor below 1 for a candidate that is better than the
/// course. A power law is persistence near 1; a rectified or exponential law is growth; the end of a schedule is
/// `lastFactor`, which nothing can confirm before a candidate has finished; who is behind falls further behind with
/// divergence above 0. S[k] is normal around S[k-1]; it wanders before any curve has shown it. Every
/// combination of traits is an expert. Each has predicted every step seen so far in this pool, and is weighted by how
/// well (Laplace's approximation integrates S[k]), starting from ``CurvePrior``, which other pools taught.
/// Steps of one pool are not independent, so likelihoods are tempered, the more the fewer curves have two points:
/// the first curves that a search extends are those that look best, and tell little of the others.
///
/// The expected rest of a curve is linear in own and dev, so a candidate's final error costs O(1) for each expert that
/// still counts; see ``CurveForecast``.
///
/// **Complexity.** O(experts x steps) for a fit; only from the first knot at which something changed.
///
/// **References.** Tempered ("power") likelihoods: Holmes and Walker 2017 (10.1093/biomet/asx010). Student's t by
/// iteratively reweighted least squares: Lange, Little and Taylor 1989 (10.2307/2290063). Freeze-thaw belief over
/// curves: Swersky, Snoek and Adams 2014 (arXiv 1406.3896).
struct CurveMixture: Sendable {
  /// The normal belief of the first shared step.
  private static let firstStep = (mean: -0.07, deviation: 0.1)
  /// How far a shared step wanders from that before: this much of its size, and of `leastStep` beside it.
  private static let walk = 0.5
  private static let leastStep = 0.01
  /// What an expert of a late drop adds to the deviation of the last shared step.
  private static let lateDrop = 0.1
  /// Student's degrees of freedom.
  private static let freedom = 4.0
  /// own counts up to this many scales of a first step.
  private static let ownBound = 2.5
  /// dev counts up to this many spreads.
  static let deviationBound = 2.5
  /// The logarithm of the scale falls by this much for each spread below the course, up to 1.5 spreads.
  private static let leaderCalm = 0.15
  private static let temper = 0.8
  /// At this number of curves with two points the tempering is halved again.
  private static let temperCount = 8.0
  private static let leastSpread = 1e-3
  /// The belief of the spread where fewer than three curves have begun.
  private static let spreadBelief = 0.3

  /// The first knot, as the doublings that are left after it; knot k has `first - k` left.
  private(set) var first = 0
  var knotCount: Int { first + 1 }
  /// M[0], and the spread of the y[i,0].
  private(set) var level = -1.0
  private(set) var spread = spreadBelief
  /// The course of the median curve, for the factor of calm: by knot.
  private(set) var medianCourse: [Double] = []
  /// Curves that take each step; 0 at knot 0.
  private(set) var counts: [Int] = []
  /// By knot, then expert: mean and variance of the shared step, the course, the log likelihood of the step.
  private(set) var steps: [[Double]] = []
  private(set) var stepVariances: [[Double]] = []
  private var courses: [[Double]] = []
  private var logLikelihoods: [[Double]] = []
  private let logPrior: [Double]
  let schedule: ScheduleEnd
  /// The weights of all experts.
  private(set) var weights: [Double]

  /// Before anything was seen.
  init(prior: CurvePrior, points: CurvePoints = .unknown) {
    schedule = ScheduleEnd(points: points)
    logPrior = prior.logWeights(schedule)
    weights = []
    fit([])
  }

  func course(_ knot: Int, _ expert: Int) -> Double { courses[knot][expert] }

  /// The factor of an own part's scale for a candidate whose log error is `level` where the median curve's is `course`.
  func calm(_ level: Double, course: Double) -> Double {
    PortableMath.exp(Self.leaderCalm * min(0, max(-1.5, (level - course) / spread)))
  }

  /// Learns from curves; the order does not matter.
  ///
  /// - Parameter changed: the knot before which nothing changed since the last fit; 0 where everything may have.
  /// - Complexity: O(experts x steps of the curves to that knot and later ones).
  mutating func fit(_ curves: [CurveKnots], from changed: Int = 0) {
    if changed > 0, changed <= steps.count {
      medianCourse.removeSubrange(changed...)
      counts.removeSubrange(changed...)
      for path in [\CurveMixture.steps, \.stepVariances, \.courses, \.logLikelihoods] {
        self[keyPath: path].removeSubrange(changed...)
      }
    } else {
      begin(curves)
    }
    for knot in stride(from: steps.count, through: first, by: 1) { fit(knot, curves) }
    weigh(curves)
  }

  /// What is known at the first knot.
  private mutating func begin(_ curves: [CurveKnots]) {
    let experts = CurveExperts.all
    first = curves.map { $0.values.isEmpty ? 0 : $0.first }.max() ?? 0
    let begun = curves.compactMap { $0.value(at: first) }
    level = begun.median ?? -1
    spread =
      begun.count > 2
      ? max(Self.leastSpread, 1.4826 * (begun.map { abs($0 - level) }.median ?? 0)) : Self.spreadBelief
    medianCourse = [level]
    counts = [0]
    steps = [[Double](repeating: 0, count: experts.count)]
    stepVariances = steps
    logLikelihoods = steps
    courses = [[Double](repeating: level, count: experts.count)]
  }

  private mutating func weigh(_ curves: [CurveKnots]) {
    let extended = Double(curves.count { $0.values.count >= 2 })
    let temper = Self.temper * extended / (extended + Self.temperCount)
    var logs = logPrior
    for knot in logLikelihoods.indices {
      for expert in logs.indices { logs[expert] += temper * logLikelihoods[knot][expert] }
    }
    let most = logs.max() ?? 0
    weights = logs.map { PortableMath.exp($0 - most) }
    let sum = weights.reduce(0, +)
    for expert in weights.indices { weights[expert] /= sum }
  }

  /// One candidate's step to a knot.
  private struct Member {
    let step: Double
    /// The log error before it.
    let before: Double
    /// The step before it; nil when it was not seen.
    let lastStep: Double?
    /// One over the factor of calm.
    let sharpness: Double
  }

  /// The shared step to a knot, and how well each expert foretold the steps.
  private mutating func fit(_ knot: Int, _ curves: [CurveKnots]) {
    let remaining = first - knot
    let members = curves.compactMap { curve -> Member? in
      guard let after = curve.value(at: remaining), let before = curve.value(at: remaining + 1) else { return nil }
      return Member(
        step: after - before, before: before, lastStep: curve.value(at: remaining + 2).map { before - $0 },
        sharpness: 1 / calm(before, course: medianCourse[knot - 1]))
    }
    let medianStep = members.map(\.step).median ?? 0
    medianCourse.append(medianCourse[knot - 1] + medianStep)
    counts.append(members.count)
    let experts = CurveExperts.all
    let drop = schedule.drop(remaining: remaining)
    let width = schedule.width(remaining: remaining)
    var fitted = (
      steps: [Double](repeating: 0, count: experts.count), variances: [Double](repeating: 0, count: experts.count),
      courses: [Double](repeating: 0, count: experts.count), likelihoods: [Double](repeating: 0, count: experts.count)
    )
    var residuals = [Double](repeating: 0, count: members.count)
    var sharpness = residuals
    for expert in 0..<experts.count {
      let last = knot > 1 ? steps[knot - 1][expert] : Self.firstStep.mean
      let drift = Self.walk * (Self.leastStep + abs(last))
      let before = last + drop.mean
      var variance =
        knot > 1
        ? stepVariances[knot - 1][expert] + drift * drift : Self.firstStep.deviation * Self.firstStep.deviation
      variance += drop.variance
      if remaining == 0, experts.lastFactor[expert] > 1 { variance += Self.lateDrop * Self.lateDrop }
      var (step, posterior) = (before, variance)
      if !members.isEmpty {
        let scale = scale(expert, to: knot)
        let (bound, course) = (Self.deviationBound * spread, courses[knot - 1][expert])
        let lastShared = knot > 1 ? steps[knot - 1][expert] : 0
        let ownBound = ownBound(expert, at: knot - 1)
        var (correction, freshCount) = (0.0, 0.0)
        for (place, member) in members.enumerated() {
          let own = member.lastStep.map { min(ownBound, max(-ownBound, $0 - lastShared)) } ?? 0
          let deviation = min(bound, max(-bound, member.before - course))
          let expected = experts.persistence[expert] * own + experts.divergence[expert] * deviation
          residuals[place] = member.step - expected
          correction += expected
          sharpness[place] = member.sharpness / scale
          if member.lastStep == nil {
            sharpness[place] /= experts.firstFactor[expert]
            freshCount += 1
          }
        }
        step = medianStep - correction / Double(members.count)
        for _ in 0..<3 {
          var (sum, total) = (before / variance, 1 / variance)
          for place in residuals.indices {
            let off = (residuals[place] - step) * sharpness[place]
            let weight = (Self.freedom + 1) / (Self.freedom + off * off) * sharpness[place] * sharpness[place]
            sum += weight * residuals[place]
            total += weight
          }
          (step, posterior) = (sum / total, 1 / total)
        }
        var (product, logProduct) = (1.0, 0.0)
        for place in residuals.indices {
          let off = (residuals[place] - step) * sharpness[place]
          product *= 1 + off * off / Self.freedom
          // One logarithm for many factors, before the product leaves the range of numbers.
          if product > 1e150 { (logProduct, product) = (logProduct + PortableMath.log(product), 1) }
        }
        logProduct += PortableMath.log(product)
        // What all experts share is left out.
        fitted.likelihoods[expert] =
          -(Self.freedom + 1) / 2 * logProduct - Double(members.count) * logScale(expert, to: knot, width)
          - freshCount * experts.logFirstFactor[expert] - (step - before) * (step - before) / (2 * variance)
          + PortableMath.log(posterior / variance) / 2
      }
      fitted.steps[expert] = step
      fitted.variances[expert] = posterior
      fitted.courses[expert] = courses[knot - 1][expert] + step
    }
    steps.append(fitted.steps)
    stepVariances.append(fitted.variances)
    courses.append(fitted.courses)
    logLikelihoods.append(fitted.likelihoods)
  }

  /// The scale of own parts in the step to a knot, where the step before is known.
  func scale(_ expert: Int, to knot: Int) -> Double {
    let experts = CurveExperts.all
    var scale = experts.scale[expert]
    for _ in stride(from: 1, to: knot, by: 1) { scale *= experts.growth[expert] }
    return isWide(expert) ? schedule.width(remaining: first - knot).of(scale) : scale
  }

  /// Whether the expert holds that candidates differ more where the learning rate falls.
  private func isWide(_ expert: Int) -> Bool { CurveExperts.all.lastFactor[expert] > 1 }

  /// own at a knot counts up to this: larger ones are accidents, and do not persist.
  func ownBound(_ expert: Int, at knot: Int) -> Double {
    let experts = CurveExperts.all
    var scale = experts.scale[expert] * experts.firstFactor[expert]
    for _ in stride(from: 1, to: knot, by: 1) { scale *= experts.growth[expert] }
    return Self.ownBound * scale
  }

  private func logScale(_ expert: Int, to knot: Int, _ width: ScheduleEnd.Width) -> Double {
    let experts = CurveExperts.all
    let scale = experts.logScale[expert] + Double(knot - 1) * experts.logGrowth[expert]
    guard isWide(expert) else { return scale }
    return width.own > 0 ? PortableMath.log(self.scale(expert, to: knot)) : scale + width.logFactor
  }
}

extension [Double] {
  /// The middle value, or the mean of the two in the middle; nil when empty. O(count log count).
  var median: Double? {
    guard !isEmpty else { return nil }
    let sorted = sorted()
    return (sorted[count / 2] + sorted[(count - 1) / 2]) / 2
  }
}
