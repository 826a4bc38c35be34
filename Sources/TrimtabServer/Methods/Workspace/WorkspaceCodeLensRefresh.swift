package import JSON
internal import JSONRPC

/// `workspace/codeLens/refresh`: lenses have changed.
package struct WorkspaceCodeLensRefresh: ServerRequest {
  package static let name = "workspace/codeLens/refresh"
  package static let purpose =
    "Asks a client that takes it to ask for textDocument/codeLens again, because a session has changed. The client answers `null`."
  package static let fields = Fields<WorkspaceCodeLensRefresh> {}
}
