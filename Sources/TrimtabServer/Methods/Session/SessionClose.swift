internal import Basics
package import JSON
package import Sessions

/// `session/close`: ends a session.
package enum SessionClose: ServerMethod {
  package static let name = "session/close"
  package static let purpose = """
    Closes a session for all clients and releases what it holds; its running computations are cancelled. In a state \
    directory its journal stays, among those of closed sessions, and the name is free for another session.
    """
  package static let refusals: [RequestError.Kind] = [.unknownSession, .sessionShared]

  package struct Params: SessionScoped {
    package let session: String
    let force: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      force = try reader.optional(
        "force", .bool, default: false, "Whether to close the session also while other clients have it open.")
    }
  }

  package struct Answer: AnswerObject {
    package static let fields = Fields<Answer> {
      Field("closed", "Always true.") { _ in true }
    }
  }

  package static func answer(_ params: Params, for client: ClientConnection) throws(RequestError) -> Answer {
    let server = client.server
    let others = server.clients.count { $0 !== client && !$0.isReadOnly && $0.holds(params.session) }
    guard others == 0 || params.force else {
      throw RequestError(
        .sessionShared, path: "session", expected: "a session that no other client has open",
        found: "\(Preview.quoted(params.session)), which \(others == 1 ? "another has" : "\(others) others have") open",
        fix: "end this process, which leaves the session to the others, or close it for all with force")
    }
    let state = try server.sessions.close(params.session)
    if server.journals != nil {
      let understood = JSONObject(members: [.init(key: "session", value: .string(params.session))])
      let record = ChangeRecord(name, understood, revision: state.revision)
      server.journals?.end(ExactString(params.session), record.bytes, server.tickets)
    }
    server.computations.cancel(session: params.session)
    server.release(params.session)
    server.computations.release(state)
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

  /// The field that names where long methods report progress; the transport reads it.
  mutating func workDoneToken() throws(InvalidField) -> JSON? {
    try optional("workDoneToken", .any, "Progress is reported in percent under this token.")
  }
}
