package import JSON
internal import JSONRPC

/// `workspace/textDocumentContent/refresh`: a virtual document has changed.
package struct WorkspaceTextDocumentContentRefresh: ServerRequest {
  package static let name = "workspace/textDocumentContent/refresh"
  package static let purpose =
    "Asks a client that takes virtual documents to ask for one again, because its session has changed. The client answers `null`."

  let uri: String

  package static let fields = Fields<WorkspaceTextDocumentContentRefresh> {
    Field("uri", "The virtual document.") { $0.uri }
  }
}
