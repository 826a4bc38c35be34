package import JSON
package import Sessions

/// `session/open`: begins a session.
package enum SessionOpen: ServerMethod {
  package static let name = "session/open"
  package static let purpose =
    "Opens a session, which holds GPUs, profiles, pipelines and frontiers. The name of an open session resumes it."
  package static let refusals: [RequestError.Kind] = []

  package struct Params: ObjectReadable {
    let session: String?
    let seed: Int

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.optional("session", .text(), "The session's name; without one the server makes one up.")
      seed = try reader.optional(
        "seed", .integer(in: 0...Int.max), default: 0, "Where any randomness begins, so that answers can be repeated.")
    }
  }

  package struct Answer: ObjectWritable {
    let state: SessionState
    let resumed: Bool

    package func write(to object: inout ObjectWriter) {
      object.field("session", state.name, "The session's name, for all further requests.")
      object.field("revision", state.revision, "Counts the accepted changes.")
      object.field("resumed", resumed, "Whether the session was open already.")
      object.field("durability", "memory", "Where the session lives: `memory`, so it ends with the process.")
    }
  }

  package static func answer(_ params: Params, by server: Server) throws(RequestError) -> Answer {
    if let name = params.session, server.sessions.contains(name) {
      return Answer(state: try server.sessions.state(name), resumed: true)
    }
    return Answer(state: server.sessions.open(name: params.session, seed: UInt64(params.seed)), resumed: false)
  }
}
