internal import ModelSelection

/// Another candidate leads a search.
package struct LeaderChange: Sendable {
  package let session: String
  package let revision: Int
  package let candidate: CandidateName
  package let predictedScore: Double
  package let probabilityBestFraction: Double
}

extension SessionState {
  /// The notification that is due when the leader changed since the last one.
  package mutating func leaderChangeEvents() -> [SessionEvent] {
    guard let leader = search?.announceNewLeader(), let search else { return [] }
    return [
      .leaderChanged(
        LeaderChange(
          session: name, revision: revision, candidate: search.pool.name(of: leader.candidate),
          predictedScore: search.pool.task.metric.score(ofError: leader.predictedError),
          probabilityBestFraction: leader.probabilityBestFraction))
    ]
  }
}
