package import JSON
internal import JSONRPC

/// `workspace/diagnostic/refresh`: diagnostics have changed without a change of the text.
package struct WorkspaceDiagnosticRefresh: ServerRequest {
  package static let name = "workspace/diagnostic/refresh"
  package static let purpose =
    "Asks a client that takes it to ask for textDocument/diagnostic again, because files that a document names have been read. The client answers `null`."
  package static let fields = Fields<WorkspaceDiagnosticRefresh> {}
}
