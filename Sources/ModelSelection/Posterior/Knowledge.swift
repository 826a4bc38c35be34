internal import Basics

/// What the observations so far say of each candidate, kept up to date one candidate at a time.
///
/// The mixture is fitted again when a knot of a curve changes, in a pool of few candidates each time, in a larger one
/// when the observations have grown by a tenth, to an even sample of the curves; then every candidate is predicted
/// again. In between an observation concerns its own candidate only and costs O(1). So all fits together cost O(log
/// observations) predictions of each candidate.
struct Knowledge: Sendable {
  private(set) var forecast: CurveForecast
  /// For each candidate its final error, as predicted; nil while nothing was observed.
  private(set) var finals: [FinalError?]
  /// What is known from outside; nil where nothing is.
  private(set) var evidence: PriorEvidence?
  /// For each candidate where its curve stands; nil while nothing was observed.
  private(set) var ends: [CurveEnd?]
  /// Standard deviation of the log error of a cluster's members around their medoid's.
  private(set) var spread = Self.spreadBelief
  /// What is believed of a candidate that was not observed; nil while none was.
  private(set) var typical: FinalError?

  private static let spreadBelief = 0.15
  /// How many members of clusters the belief of their spread counts for.
  private static let spreadWeight = 3.0
  /// Up to this many candidates all curves are fitted, each time that a knot changes.
  private static let mostCurves = 64
  /// The deviation of the pool's levels where fewer than three candidates were seen: no bound that matters.
  private static let wideLevels = 10.0
  /// At least this share of the variance of observed levels is that of the true ones.
  private static let leastTrueShare = 0.1
  /// The deviation believed of final log errors in a pool, and for how many candidates that belief counts.
  private static let typicalDeviation = (belief: 0.3, weight: 3.0)

  private let prior: CurvePrior
  private let points: CurvePoints
  private var knots: [CurveKnots?]
  private var observationCount = 0
  private var countAtFit = 0
  private var noise: EvaluationNoise
  /// The deviation of the candidates' true first levels around the pool's course.
  private var levelDeviation = wideLevels
  /// The stated deviation of each candidate's last evaluation; nil where none was stated.
  private var statedDeviations: [Double?]

  init(candidateCount: Int, prior: CurvePrior = .learned, points: CurvePoints = .unknown) {
    (self.prior, self.points) = (prior, points)
    forecast = CurveForecast(CurveMixture(prior: prior, points: points), candidateCount: candidateCount)
    finals = Array(repeating: nil, count: candidateCount)
    ends = Array(repeating: nil, count: candidateCount)
    knots = Array(repeating: nil, count: candidateCount)
    noise = EvaluationNoise(candidateCount: candidateCount)
    statedDeviations = Array(repeating: nil, count: candidateCount)
  }

  mutating func add(candidates count: Int) {
    finals += Array(repeating: nil, count: count)
    ends += Array(repeating: nil, count: count)
    knots += Array(repeating: nil, count: count)
    noise.add(candidates: count)
    statedDeviations += Array(repeating: nil, count: count)
  }

  /// Takes in that a candidate was observed once more.
  ///
  /// - Returns: whether all candidates were predicted again.
  mutating func observe<Curve: ObservedCurve>(_ candidate: Int, states: [Curve], pool: Pool) -> Bool {
    observationCount += 1
    let observations = states[candidate].observations
    statedDeviations[candidate] = observations.last?.logErrorDeviation
    if finals.count <= Self.mostCurves { noise.take(observations, of: candidate) }
    ends[candidate] = end(of: observations)
    guard let changed = changedKnot(candidate, observations) else {
      finals[candidate] = ends[candidate].map { forecast.final(of: $0) }
      return false
    }
    learn(from: changed, states: states, pool: pool)
    return true
  }

  /// Learns again from curves that have changed. O(candidates), and a fit.
  mutating func relearn<Curve: ObservedCurve>(_ states: [Curve], pool: Pool) {
    for candidate in states.indices {
      let observations = states[candidate].observations
      statedDeviations[candidate] = observations.last?.logErrorDeviation
      ends[candidate] = CurveEnd(observations)
      if finals.count <= Self.mostCurves {
        noise.take(observations, of: candidate)
        knots[candidate] = CurveKnots(observations)
      }
    }
    guard ends.contains(where: { $0 != nil }) else { return }
    learn(from: 0, states: states, pool: pool)
  }

  /// Fits the mixture to the curves again and predicts every candidate by it.
  ///
  /// - Parameter changed: the knot of the mixture before which nothing changed.
  private mutating func learn<Curve: ObservedCurve>(from changed: Int, states: [Curve], pool: Pool) {
    countAtFit = observationCount
    var mixture = changed > 0 ? forecast.mixture : CurveMixture(prior: prior, points: points)
    let sample = sample(states)
    mixture.fit(sample.compactMap { CurveKnots(states[$0].observations) }, from: changed)
    forecast = CurveForecast(mixture, candidateCount: finals.count)
    if finals.count > Self.mostCurves {
      noise = EvaluationNoise(candidateCount: finals.count)
      for candidate in sample { noise.take(states[candidate].observations, of: candidate) }
    }
    noise.learn()
    levelDeviation = measuredLevelDeviation(states)
    for candidate in ends.indices where ends[candidate] != nil {
      ends[candidate] = end(of: states[candidate].observations)
      finals[candidate] = ends[candidate].map { forecast.final(of: $0) }
    }
    spread = measuredSpread(pool)
    typical = measuredTypical()
    learnEvidence()
  }

  /// Takes other evidence from outside, for as many candidates as there are. O(candidates x sources).
  mutating func setEvidence(_ evidence: PriorEvidence?) {
    self.evidence = evidence
    learnEvidence()
  }

  private mutating func learnEvidence() {
    evidence?.learn(finals.indices.compactMap { candidate in finals[candidate].map { (candidate, $0) } })
  }

  /// Candidates in the order of what is believed of them with evidence, the best first, their numbers deciding ties;
  /// unchanged without evidence. O(candidates log candidates).
  func ordered(_ candidates: [Int], _ pool: Pool) -> [Int] {
    guard let evidence else { return candidates }
    let means = candidates.map { candidate in
      finals[candidate].map { evidence.combined(candidate, $0) } ?? belief(candidate, pool)
        ?? evidence.prior(of: candidate)
    }
    return candidates.indices.sorted { (means[$0].mean, $0) < (means[$1].mean, $1) }.map { candidates[$0] }
  }

  /// Whether curve and evidence, once the pool has shown that evidence says something, leave a candidate that was seen
  /// little chance to end below the leader. O(hypotheses).
  func isUnlikely(_ candidate: Int, leader: Int?) -> Bool {
    guard let evidence, evidence.isSure, let leader, candidate != leader, let leading = finals[leader],
      let final = finals[candidate]
    else { return false }
    let chance = evidence.combined(candidate, final).probability(below: evidence.combined(leader, leading))
    return chance < PriorEvidence.leastChance
  }

  /// The first knot of the mixture that an observation changes; nil where no fit is due.
  private mutating func changedKnot(_ candidate: Int, _ observations: [Observation]) -> Int? {
    guard finals.count <= Self.mostCurves else { return observationCount - countAtFit > countAtFit / 10 ? 0 : nil }
    let (before, after) = (knots[candidate], CurveKnots(observations))
    knots[candidate] = after
    guard let before, let after, before.first == after.first, before.first <= forecast.mixture.first else { return 0 }
    let common = zip(before.values, after.values).prefix { $0 == $1 }.count
    guard common < max(before.values.count, after.values.count) else { return nil }
    // Without a point at the first knot of all, what is known there changes too.
    return common == 0 ? 0 : forecast.mixture.first - after.first + common
  }

  /// Where a curve stands. Noise that reports state draws its level towards what the points before it say. Noise that
  /// they do not state shows as steps, which experts allow for; only at all the data there is no step left for it.
  private func end(of observations: [Observation]) -> CurveEnd? {
    guard let end = CurveEnd(observations), let first = observations.first else { return nil }
    let isNoisy = observations.contains { $0.logErrorDeviation ?? 0 > 0 }
    guard isNoisy || (end.position == 0 && noise.deviation > 0) else { return end }
    let course = forecast.course(at: max(0, CurveKnots.position(first)))
    let curve = NoisyCurve(observations)
    return end.filtered(curve.end(noise: noise.deviation, pool: (course, levelDeviation)))
  }

  /// By the method of moments: the variance of the observed first levels around the course, less that of their noise.
  private func measuredLevelDeviation<Curve: ObservedCurve>(_ states: [Curve]) -> Double {
    var (square, noiseSquare, count) = (0.0, 0.0, 0.0)
    for state in states {
      guard let first = state.observations.first else { continue }
      let off = first.logError - forecast.course(at: max(0, CurveKnots.position(first)))
      let deviation = first.logErrorDeviation ?? noise.deviation
      square += off * off
      noiseSquare += deviation * deviation
      count += 1
    }
    guard count >= 3 else { return Self.wideLevels }
    let observed = square / (count - 1)
    let variance = max(observed - noiseSquare / count, Self.leastTrueShare * observed)
    return max(FinalError.seenDeviation, variance.squareRoot())
  }

  /// The candidates whose curves to learn from: of a large pool as many as say enough, the longest where these are
  /// enough, evenly chosen.
  private func sample<Curve: ObservedCurve>(_ states: [Curve]) -> [Int] {
    let observed = states.indices.filter { !states[$0].observations.isEmpty }
    guard finals.count > Self.mostCurves else { return observed }
    let extended = observed.filter { ends[$0]?.step != nil }
    func even(_ candidates: [Int], _ count: Int) -> [Int] {
      candidates.count <= count ? candidates : (0..<count).map { candidates[$0 * candidates.count / count] }
    }
    let chosen = even(extended, Self.mostCurves / 2)
    let rest = Set(chosen)
    return chosen + even(observed.filter { !rest.contains($0) }, Self.mostCurves - chosen.count)
  }

  /// How far members of clusters are seen to lie from their medoid: a standard deviation of log error.
  private func measuredSpread(_ pool: Pool) -> Double {
    var (square, count) = (Self.spreadWeight * Self.spreadBelief * Self.spreadBelief, Self.spreadWeight)
    for cluster in pool.clusters {
      guard let medoid = finals[cluster.medoid] else { continue }
      for member in cluster.members where member != cluster.medoid {
        guard let difference = finals[member].map({ $0.mean - medoid.mean }) else { continue }
        square += difference * difference
        count += 1
      }
    }
    return (square / count).squareRoot()
  }

  /// The median of the predictions and their deviation around it.
  private func measuredTypical() -> FinalError? {
    let known = finals.compactMap { $0 }
    guard let median = known.map(\.mean).median else { return nil }
    let belief = Self.typicalDeviation
    let square = known.reduce(belief.weight * belief.belief * belief.belief) { sum, one in
      sum + (one.mean - median) * (one.mean - median)
    }
    let common = known.map(\.commonDeviation).median ?? 0
    return FinalError(
      mean: median, deviation: (square / (belief.weight + Double(known.count))).squareRoot(), commonDeviation: common)
  }

  /// What is believed of a candidate: its own observations, or where there are none its cluster's medoid, or where
  /// there are none of that either the pool; nil while nothing was observed at all.
  func belief(_ candidate: Int, _ pool: Pool) -> FinalError? {
    if let final = finals[candidate] { return final }
    let believed = finals[pool.clusters[pool.clusterOfCandidate[candidate]].medoid]?.widened(by: spread) ?? typical
    guard let evidence, let believed else { return believed }
    return evidence.combined(candidate, believed)
  }

  /// Who of some candidates ends best.
  ///
  /// - Parameter chance: the probability that a candidate keeps its ceilings.
  func contest(
    among candidates: [(candidate: Int, final: FinalError)], favourite: Int, chance: (Int) -> Double = { _ in 1 }
  ) -> Contest {
    Contest(
      candidates.map {
        Contest.Entrant(
          candidate: $0.candidate, final: $0.final, end: ends[$0.candidate], chance: chance($0.candidate))
      },
      favourite: favourite, forecast: forecast)
  }

  /// The deviation of what training a candidate up to a fraction of the data is expected to tell of its own final
  /// error: log error.
  ///
  /// - Parameter belief: what is believed of it now.
  func informativeDeviation(_ belief: FinalError, _ candidate: Int, upTo fraction: Double) -> Double {
    guard fraction < 1 else {
      return Self.learned(belief.deviation * belief.deviation, evaluationDeviation(of: candidate))
    }
    let position = -PortableMath.log(fraction) / 0.6931471805599453
    let end = ends[candidate] ?? CurveEnd(position: position, level: belief.mean, step: nil)
    let left = forecast.varianceLeft(at: position, of: end)
    // Noise that is not stated is a part of the steps that are left.
    return Self.learned(max(0, belief.deviation * belief.deviation - left), statedDeviations[candidate] ?? 0)
  }

  /// The deviation of the mean that a noisy evaluation of something with this variance leaves, as expected before it.
  static func learned(_ variance: Double, _ evaluation: Double) -> Double {
    evaluation > 0 ? variance / (variance + evaluation * evaluation).squareRoot() : variance.squareRoot()
  }

  /// The deviation of the noise in the log error of the candidate's next evaluation, as far as known.
  func evaluationDeviation(of candidate: Int) -> Double { statedDeviations[candidate] ?? noise.deviation }
}
