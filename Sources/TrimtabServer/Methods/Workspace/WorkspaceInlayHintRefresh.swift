package import JSON
internal import JSONRPC

/// `workspace/inlayHint/refresh`: hints have changed.
package struct WorkspaceInlayHintRefresh: ServerRequest {
  package static let name = "workspace/inlayHint/refresh"
  package static let purpose =
    "Asks a client that takes it to ask for textDocument/inlayHint again, because a session has changed. The client answers `null`."
  package static let fields = Fields<WorkspaceInlayHintRefresh> {}
}
