package import JSON
internal import JSONRPC
package import Sessions

/// `trial/assigned`: a worker was given a trial.
extension TrialAssignment: Notification {
  package static let name = "trial/assigned"
  package static let purpose =
    "Says that a trial was given out: after the answer of the trial/next that asked for it. Only for session/watch."

  package static let fields = Fields<TrialAssignment> {
    Field("session", "The session.") { $0.session }
    Field.revision { $0.revision }
    Field("worker", "The worker that asked for it, where it gave its name.") { $0.trial.worker }
    Field.inline { $0.trial }
  }
}
