/// What the observations so far say of each candidate, kept up to date one candidate at a time.
///
/// The common prior is learned anew when the observations have grown by a tenth, and then every candidate is read again; in
/// between an observation concerns its own candidate only, and one beyond those before costs O(1). So all renewals together
/// cost O(log observations) readings of each candidate.
struct Knowledge: Sendable {
  private(set) var prior = CurvePrior()
  /// Nil before the first observation.
  private var finalPrior: FinalPrior?
  /// For each candidate its final error, as predicted; nil while nothing was observed.
  private(set) var finals: [FinalError?]
  /// Standard deviation of the log error of a cluster's members around their medoid's.
  private(set) var spread = Self.spreadBelief
  /// Each candidate's curve as read so far.
  private var curves: [CurveFilter?]
  private static let spreadBelief = 0.15
  /// How many members of clusters the belief of their spread counts for.
  private static let spreadWeight = 3.0

  private var observationCount = 0
  private var countAtRenewal = 0

  init(candidateCount: Int) {
    finals = Array(repeating: nil, count: candidateCount)
    curves = Array(repeating: nil, count: candidateCount)
  }

  mutating func add(candidates count: Int) {
    finals += Array(repeating: nil, count: count)
    curves += Array(repeating: nil, count: count)
  }

  /// Takes in that a candidate was observed once more.
  ///
  /// - Parameter isAppended: whether the curve is as it was before but for a new last point.
  /// - Returns: whether all candidates were read again.
  mutating func observe(_ candidate: Int, states: [CandidateState], pool: Pool, isAppended: Bool) -> Bool {
    observationCount += 1
    guard observationCount - countAtRenewal > countAtRenewal / 10 else {
      if !isAppended { curves[candidate] = nil }
      read(candidate, states[candidate].observations)
      finals[candidate] = final(of: candidate, states)
      return false
    }
    countAtRenewal = observationCount
    prior = CurvePrior(CurvePrior.sample(states))
    spread = measuredSpread(pool)
    for candidate in states.indices where !states[candidate].observations.isEmpty {
      curves[candidate] = nil
      read(candidate, states[candidate].observations)
    }
    finalPrior = FinalPrior(states.indices.compactMap { own($0, states) })
    for candidate in states.indices { finals[candidate] = final(of: candidate, states) }
    return true
  }

  /// Brings a candidate's curve up to its last observation.
  private mutating func read(_ candidate: Int, _ observations: [Observation]) {
    var curve = curves[candidate]
    for observation in curve == nil ? observations[...] : observations.suffix(1) where observation.dataFraction > 0 {
      let point = (x: observation.logFraction, y: observation.logError)
      if curve == nil {
        curve = CurveFilter(logFraction: point.x, logError: point.y, law: prior.law)
      } else {
        curve?.observe(logFraction: point.x, logError: point.y, law: prior.law)
      }
    }
    curves[candidate] = curve
  }

  /// What a candidate's own curve says.
  private func own(_ candidate: Int, _ states: [CandidateState]) -> FinalError? {
    guard let last = states[candidate].observations.last, let curve = curves[candidate] else { return nil }
    return last.dataFraction >= 1 ? FinalError(seen: last.error) : FinalError(curve, prior: prior)
  }

  private func final(of candidate: Int, _ states: [CandidateState]) -> FinalError? {
    own(candidate, states).map { finalPrior?.together(with: $0) ?? $0 }
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

  /// What is believed of a candidate: its own observations, or where there are none its cluster's medoid; nil where
  /// that was not observed either.
  func belief(_ candidate: Int, _ pool: Pool) -> FinalError? {
    finals[candidate]
      ?? finals[pool.clusters[pool.clusterOfCandidate[candidate]].medoid]?.widened(by: spread)
  }
}
