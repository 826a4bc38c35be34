package import JSON
internal import JSONRPC
internal import Sessions

/// `trial/decided`: the outcome of a trial/update that came as a notification.
package struct TrialDecided: Notification {
  package static let name = "trial/decided"
  package static let purpose =
    "Answers a trial/update that came as a notification: with the decision, or with the error that an answer would have had."

  /// As the notification had them; nil where it had none.
  let session: String?
  let trial: Int?
  let step: Int?
  let outcome: Result<TrialDecision, RPCError>
  let unknown: UnknownFields

  package static let fields = Fields<TrialDecided> {
    Field("session", "The session.") { $0.session }
    Field("trial", "The trial.") { $0.trial }
    Field("step", "The step that was reported.") { $0.step }
    Field.inline { try? $0.outcome.get() }
    Field("error", "Why the report was refused, as an answer would have said it.") {
      if case .failure(let error) = $0.outcome { error } else { nil }
    }
    Field.inline { Warnings(unknown: $0.unknown) }
  }
}
