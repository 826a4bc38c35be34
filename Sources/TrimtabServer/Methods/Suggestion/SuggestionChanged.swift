package import JSON
internal import JSONRPC
package import Sessions

/// `suggestion/changed`: another candidate leads.
extension LeaderChange: Notification {
  package static let name = "suggestion/changed"
  package static let purpose =
    "Says that another candidate leads: after the answer of the request, or the notification, that changed the leader."

  package static let fields = Fields<LeaderChange> {
    Field("session", "The session.") { $0.session }
    Field.revision { $0.revision }
    Field("candidate", "The candidate that leads now.") { $0.candidate }
    Field("predictedScore", unit: "of the metric", "Its predicted score on all data.") { $0.predictedScore }
    Field("probabilityBestFraction", "How likely it is the best of all.") { $0.probabilityBestFraction }
  }
}

extension CandidateName: AnswerObject {
  package static let fields = Fields<CandidateName> {
    Field("encoder", "The vision encoder.") { $0.encoder }
    Field("projector", "The projector, where the pool names any.") { $0.projector }
    Field("languageModel", "The language model.") { $0.languageModel }
  }
}
