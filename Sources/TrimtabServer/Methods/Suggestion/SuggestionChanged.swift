package import JSON
internal import ModelSelection
internal import Sessions

/// `suggestion/changed`: pushed when another candidate leads.
package struct SuggestionChanged: ObjectWritable, Sendable {
  package static let name = "suggestion/changed"
  let session: String
  let revision: Int
  let candidate: CandidateName
  let predictedScore: Double
  let probabilityBestFraction: Double

  package func write(to object: inout ObjectWriter) {
    object.field("session", session, "The session.")
    object.field("revision", revision, "Counts the session's accepted changes.")
    object.object("candidate", "The candidate that leads now.") { candidate.write(to: &$0) }
    object.field("predictedScore", predictedScore, "Its predicted score on all data.")
    object.field("probabilityBestFraction", probabilityBestFraction, "How likely it is the best of all.")
  }
}

extension SessionState {
  /// The notification that is due when the leader changed since the last one.
  mutating func leaderChangeEvents() -> [SessionEvent] {
    guard let leader = search?.announceNewLeader(), let search else { return [] }
    return [
      .suggestionChanged(
        SuggestionChanged(
          session: name, revision: revision, candidate: search.pool.name(of: leader.candidate),
          predictedScore: search.pool.task.metric.score(ofError: leader.predictedError),
          probabilityBestFraction: leader.probabilityBestFraction))
    ]
  }
}

extension CandidateName {
  func write(to object: inout ObjectWriter) {
    object.field("encoder", encoder, "The vision encoder.")
    object.field("projector", projector, "The projector, where the pool names any.")
    object.field("languageModel", languageModel, "The language model.")
  }
}
