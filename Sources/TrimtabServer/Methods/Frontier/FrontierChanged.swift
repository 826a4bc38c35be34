package import JSON

/// `frontier/changed`: pushed when a pipeline has a new frontier.
package struct FrontierChanged: ObjectWritable, Sendable {
  package static let name = "frontier/changed"
  let session: String
  let pipeline: String
  let revision: Int
  let generation: Int
  let isStale: Bool
  let isProvisional: Bool

  package func write(to object: inout ObjectWriter) {
    object.field("session", session, "The session.")
    object.field("pipeline", pipeline, "The pipeline.")
    object.field("revision", revision, "Counts the session's accepted changes.")
    object.field("generation", generation, "Counts the pipeline's frontiers from 1.")
    object.field("stale", isStale, "Whether the profile has changed again since; then another one follows.")
    object.field(
      "provisional", isProvisional,
      "Whether its plans are those of before, held against the new lower bound; then the result of a search follows.")
  }
}
