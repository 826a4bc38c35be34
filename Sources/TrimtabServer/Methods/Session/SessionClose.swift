package import JSON
package import Sessions

/// `session/close`: ends a session.
package enum SessionClose: ServerMethod {
  package static let name = "session/close"
  package static let purpose = "Ends a session and forgets what it holds; its running computations are cancelled."
  package static let refusals: [RequestError.Kind] = [.unknownSession]

  package struct Params: SessionScoped {
    package let session: String

    package init(from reader: inout ObjectReader) throws(InvalidField) { session = try reader.session() }
  }

  package struct Answer: ObjectWritable {
    package func write(to object: inout ObjectWriter) { object.field("closed", true, "Always true.") }
  }

  package static func answer(_ params: Params, by server: Server) throws(RequestError) -> Answer {
    _ = try server.sessions.state(params.session)
    server.jobs.cancel(session: params.session)
    server.jobs.release(server.sessions.close(params.session))
    return Answer()
  }
}

extension ObjectReader {
  /// The field by which every session method names its session.
  mutating func session() throws(InvalidField) -> String {
    try required("session", .text(), "The session, as named by session/open.")
  }

  /// The field by which methods name a pipeline.
  mutating func pipeline() throws(InvalidField) -> String {
    try required("pipeline", .text(), "The pipeline, as named in pipeline/define.")
  }
}
