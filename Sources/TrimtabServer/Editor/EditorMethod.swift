package import JSONRPC
package import Sessions

/// A method of the Language Server Protocol about one document that the client has open. It reads the document and what
/// the client knows of its session, and changes nothing; it is served by the client's own process, where the document
/// is, also when another process serves its sessions.
package protocol EditorMethod: Method where Params: DocumentScoped {
  /// For a document that is not open, or is no manifest.
  static var nothing: Answer { get }
  static func answer(_ params: Params, _ place: EditorPlace) throws(RequestError) -> Answer
}

extension EditorMethod {
  package static var refusals: [RequestError.Kind] { [] }
}

/// A notification of the Language Server Protocol about a document.
package protocol EditorNotification: ClientNotification, SendableMetatype {
  static func take(_ params: Params, at desk: EditorDesk)
}

/// A method of the Language Server Protocol about an open document whose answer may have to wait for a session.
package protocol EditorRequest: Method {
  static func serve(_ params: Params, at desk: EditorDesk, done: @escaping (Result<Answer, RequestError>) -> Void)
}
