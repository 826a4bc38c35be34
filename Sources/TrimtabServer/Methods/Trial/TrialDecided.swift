package import JSON
internal import JSONRPC
internal import Sessions

/// `trial/decided`: pushed for a trial/update that came as a notification: the decision, or why there is none.
package struct TrialDecided: ObjectWritable, Sendable {
  package static let name = "trial/decided"
  /// As the notification had them; nil where it had none.
  let session: String?
  let trial: Int?
  let step: Int?
  let outcome: Result<TrialDecision, RPCError>

  package func write(to object: inout ObjectWriter) {
    object.field("session", session, "The session.")
    object.field("trial", trial, "The trial.")
    object.field("step", step, "The step that was reported.")
    switch outcome {
    case .success(let decision): decision.write(to: &object)
    case .failure(let error):
      object.field("error", error, "Why the report was refused, as an answer would have said it.")
    }
  }
}
