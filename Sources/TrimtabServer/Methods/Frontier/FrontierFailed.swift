package import JSON
internal import JSONRPC
internal import Sessions

/// `frontier/failed`: a frontier that follows the profile could not be computed.
package struct FrontierFailed: Notification {
  package static let name = "frontier/failed"
  package static let purpose =
    "Says that a frontier that follows the profile could not be computed. The earlier frontier goes on answering."

  let session: String
  let pipeline: String
  let error: RequestError

  package static let fields = Fields<FrontierFailed> {
    Field("session", "The session.") { $0.session }
    Field("pipeline", "The pipeline.") { $0.pipeline }
    Field("kind", "The reason, as in the errors of frontier/characterize.") { $0.error.kind }
    Field("message", "For a person: what was expected, what was found, and how to mend it.") { $0.error.message }
  }
}

extension RequestError.Kind: FieldValue {}
