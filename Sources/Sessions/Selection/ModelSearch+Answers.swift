package import ModelSelection

// What the search has found so far.
extension ModelSearch {
  /// The candidate that leads; nil while nothing has been observed.
  package var suggestion: Suggestion? { engine.suggestion() }

  /// The candidates by predicted error, the best first; those never tried last.
  package func ranking(limit: Int?) -> [Prediction] { engine.ranking(limit: limit) }

  /// Both at once.
  package func answers(limit: Int?) -> (suggestion: Suggestion?, ranking: [Prediction]) { engine.answers(limit: limit) }

  package func evidence(of candidate: Int) -> Evidence { engine.evidence(of: candidate) }

  /// Candidates of which no trial was ever given out.
  package var neverTried: [Int] { engine.neverTried }

  package var spending: Spending { engine.spending }

  /// What training every candidate on all data would cost, in GPU-seconds where trials report them, else in the pool's
  /// unit.
  package var gridGPUSeconds: Double { engine.gridGPUSeconds }

  /// The leader, if it was not announced yet; it counts as announced afterwards.
  package mutating func announceNewLeader() -> Prediction? {
    // Usually the leader stays, and finding that out costs nothing.
    guard let leader = engine.leader, leader != announcedLeader else { return nil }
    announcedLeader = leader
    return engine.suggestion()?.prediction
  }
}
