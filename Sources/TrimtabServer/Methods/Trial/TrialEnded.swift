package import JSON
internal import JSONRPC
package import Sessions

/// `trial/ended`: a trial is over.
extension TrialEnding: Notification {
  package static let name = "trial/ended"
  package static let purpose =
    """
    Says that a trial ended, by a decision, a failure, or a lease that ran out: after the answer of the request that \
    ended it. Only for session/watch.
    """

  package static let fields = Fields<TrialEnding> {
    Field("session", "The session.") { $0.session }
    Field.revision { $0.revision }
    Field.inline { $0.trial }
    Field("lastScore", unit: "of the metric", "The score at the greatest step that it reported.") {
      $0.lastScore.flatMap { $0.isFinite ? $0 : nil }
    }
  }
}
