package import ModelSelection

// Predictions by candidate number, for callers that join them with other results.
extension ModelSearch {
  /// The best candidate so far; nil before the first observation.
  package var suggestion: Suggestion? { engine.suggestion() }

  /// The candidates by predicted error, the best first; those without a prediction last.
  package func ranking(limit: Int?) -> [Prediction] { engine.ranking(limit: limit) }

  /// The leader, if it was not announced yet; it counts as announced afterwards.
  package mutating func announceNewLeader() -> Prediction? {
    // Usually the leader stays, and finding that out costs nothing.
    guard let leader = engine.leader, leader != announcedLeader else { return nil }
    announcedLeader = leader
    return engine.suggestion()?.prediction
  }
}
