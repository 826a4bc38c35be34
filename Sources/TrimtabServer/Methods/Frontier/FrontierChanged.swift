package import JSON
internal import JSONRPC
package import Sessions

/// `frontier/changed`: a pipeline has a new frontier.
extension FrontierChange: Notification {
  package static let name = "frontier/changed"
  package static let purpose =
    """
    Says that a pipeline's frontier was replaced: after the answer of the request that did so, or unasked where the \
    frontier follows the profile.
    """

  package static let fields = Fields<FrontierChange> {
    Field("session", "The session.") { $0.session }
    Field("pipeline", "The pipeline.") { $0.pipeline }
    Field.revision { $0.revision }
    Field("generation", "Counts the pipeline's frontiers from 1.") { $0.generation }
    Field("stale", "Whether the profile has changed since the computation began; another frontier then follows.") {
      $0.isStale
    }
    Field(
      "provisional",
      "Whether it has the earlier plans, re-evaluated against the new lower bound; the result of a search then follows."
    ) { $0.isProvisional }
  }
}
