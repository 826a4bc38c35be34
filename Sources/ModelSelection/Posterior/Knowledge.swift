/// What the observations so far say of each candidate, kept up to date one candidate at a time.
///
/// The common prior is learned anew when the observations have grown by a tenth, and then every candidate is read again; in
/// between an observation concerns its own candidate only. So all renewals together cost O(log observations) readings of
/// each candidate.
struct Knowledge: Sendable {
  private(set) var prior = CurvePrior()
  /// For each candidate its fit, and its final error as predicted; nil while nothing was observed.
  private(set) var fits: [LogLinearFit?]
  private(set) var finals: [FinalError?]
  private var observationCount = 0
  private var countAtRenewal = 0

  init(candidateCount: Int) {
    fits = Array(repeating: nil, count: candidateCount)
    finals = Array(repeating: nil, count: candidateCount)
  }

  mutating func add(candidates count: Int) {
    fits += Array(repeating: nil, count: count)
    finals += Array(repeating: nil, count: count)
  }

  /// Takes in that a candidate was observed once more.
  ///
  /// - Returns: whether all candidates were read again.
  mutating func observe(
    _ candidate: Int, states: [CandidateState], pool: Pool, settings: SearchSettings
  ) -> Bool {
    observationCount += 1
    read(candidate, states: states, settings: settings)
    guard observationCount - countAtRenewal > countAtRenewal / 10 else { return false }
    countAtRenewal = observationCount
    prior = CurvePrior(
      // A few points close together tell of noise and not of a slope.
      fits: fits.compactMap { $0 }.filter { $0.count >= 3 && $0.logSpan >= LogLinearFit.doubling },
      differences: differences(pool))
    for other in finals.indices where finals[other] != nil { read(other, states: states, settings: settings) }
    return true
  }

  private mutating func read(_ candidate: Int, states: [CandidateState], settings: SearchSettings) {
    let observations = states[candidate].observations
    let fit = LogLinearFit(
      observations, pointCount: settings.regimePointCount, deviations: settings.regimeDeviations)
    fits[candidate] = fit
    finals[candidate] = FinalError(observations, fit: fit, prior: prior)
  }

  /// How far members of clusters are seen to lie from their medoid.
  private func differences(_ pool: Pool) -> [Double] {
    pool.clusters.flatMap { cluster -> [Double] in
      guard let medoid = finals[cluster.medoid] else { return [] }
      return cluster.members.compactMap { member in
        member == cluster.medoid ? nil : finals[member].map { $0.mean - medoid.mean }
      }
    }
  }

  /// What is believed of a candidate: its own observations, or where there are none its cluster's medoid; nil where
  /// that was not observed either.
  func belief(_ candidate: Int, _ pool: Pool) -> FinalError? {
    if let own = finals[candidate] { return own }
    guard let medoid = finals[pool.clusters[pool.clusterOfCandidate[candidate]].medoid] else { return nil }
    return FinalError(
      mean: medoid.mean,
      deviation: (medoid.deviation * medoid.deviation + prior.spread * prior.spread).squareRoot())
  }
}
