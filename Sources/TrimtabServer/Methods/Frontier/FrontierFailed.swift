package import JSON
internal import Sessions

/// `frontier/failed`: pushed when a frontier that is followed cannot be computed anew; the old one goes on answering.
package struct FrontierFailed: ObjectWritable, Sendable {
  package static let name = "frontier/failed"
  let session: String
  let pipeline: String
  let refusal: RequestError

  package func write(to object: inout ObjectWriter) {
    object.field("session", session, "The session.")
    object.field("pipeline", pipeline, "The pipeline.")
    object.field("kind", refusal.kind.rawValue, "Why, as in the errors of frontier/characterize.")
    object.field("message", refusal.message, "For a person: what was expected, found, and how to mend it.")
  }
}
