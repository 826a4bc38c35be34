package import JSON
package import Sessions

/// `session/list`: what is open.
package enum SessionList: ServerMethod {
  package static let name = "session/list"
  package static let purpose = "Lists the open sessions in the order in which they were opened."
  package static let refusals: [RequestError.Kind] = []

  package struct Params: ObjectReadable {
    package init(from reader: inout ObjectReader) throws(InvalidField) {}
  }

  package struct Answer: ObjectWritable {
    let sessions: [SessionState]

    package func write(to object: inout ObjectWriter) {
      object.list("sessions", sessions, "The open sessions.") { session, entry in
        entry.field("session", session.name, "The session's name.")
        entry.field("revision", session.revision, "Counts the accepted changes.")
        entry.field("gpuCount", session.gpus.count, "Registered GPUs.")
        entry.field("pipelines", session.pipelines.map(\.name), "Defined pipelines, by the order of definition.")
      }
    }
  }

  package static func answer(_ params: Params, by server: Server) throws(RequestError) -> Answer {
    var sessions: [SessionState] = []
    for name in server.sessions.names { sessions.append(try server.sessions.state(name)) }
    return Answer(sessions: sessions)
  }
}
