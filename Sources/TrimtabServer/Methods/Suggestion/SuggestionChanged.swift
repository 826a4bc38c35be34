package import JSON
internal import JSONRPC
internal import ModelSelection
package import Sessions

/// `suggestion/changed`: another candidate leads.
package struct SuggestionChanged: Notification {
  package static let name = "suggestion/changed"
  package static let purpose =
    "Says that another candidate leads: after the answer of the request, or the notification, that changed the leader."

  let session: String
  let revision: Int
  let candidate: CandidateName
  let predictedScore: Double
  let probabilityBestFraction: Double

  package static let fields = Fields<SuggestionChanged> {
    Field("session", "The session.") { $0.session }
    Field("revision", "The number of changes that the session has accepted.") { $0.revision }
    Field("candidate", "The candidate that leads now.") { $0.candidate }
    Field("predictedScore", unit: "of the metric", "Its predicted score on all data.") { $0.predictedScore }
    Field("probabilityBestFraction", "How likely it is the best of all.") { $0.probabilityBestFraction }
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

extension CandidateName: AnswerObject {
  package static let fields = Fields<CandidateName> {
    Field("encoder", "The vision encoder.") { $0.encoder }
    Field("projector", "The projector, where the pool names any.") { $0.projector }
    Field("languageModel", "The language model.") { $0.languageModel }
  }
}
