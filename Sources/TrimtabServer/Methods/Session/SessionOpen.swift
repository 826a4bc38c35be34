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
      session = try reader.optional("session", .text(), "The session's name; by default the server chooses one.")
      seed = try reader.optional(
        "seed", .integer(in: 0...Int.max), default: 0,
        "The seed of all randomness in the session, so that answers can be repeated.")
    }
  }

  package struct Answer: AnswerObject {
    let session: SessionSummary
    let isResumed: Bool

    package static let fields = Fields<Answer> {
      Field("session", "The session's name, for all further requests.") { $0.session.name }
      Field.revision { $0.session.revision }
      Field("resumed", "Whether the session was open already.") { $0.isResumed }
      Field("durability", "Where the session is kept: in memory, so it ends with the process.") { _ in
        Durability.memory
      }
    }
  }

  package static func answer(_ params: Params, by server: Server) throws(RequestError) -> Answer {
    let (session, isResumed) = server.sessions.open(name: params.session, seed: UInt64(params.seed))
    return Answer(session: session, isResumed: isResumed)
  }
}
