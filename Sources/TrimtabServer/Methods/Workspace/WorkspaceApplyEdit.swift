package import JSON
internal import JSONRPC

/// `workspace/applyEdit`: a command changes a document.
package struct WorkspaceApplyEdit: ServerRequest {
  package static let name = "workspace/applyEdit"
  package static let purpose =
    "Asks a client that takes it to change a document, for a command that the client runs. The client answers whether it did, as `applied`."

  let label: String
  let edit: WorkspaceEdit

  package static let fields = Fields<WorkspaceApplyEdit> {
    Field("label", "What is done, for people.") { $0.label }
    Field("edit", "The changes.") { $0.edit }
  }
}
