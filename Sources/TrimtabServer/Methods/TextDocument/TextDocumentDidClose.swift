package import JSON
internal import JSONRPC

/// `textDocument/didClose`: an editor no longer shows a document.
package enum TextDocumentDidClose: EditorNotification {
  package static let name = "textDocument/didClose"
  package static let purpose = "Says that a document is no longer open; its diagnostics are withdrawn."

  package struct Params: ObjectReadable {
    let document: DocumentReference

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      document = try reader.required("textDocument", .object(), "The document.")
    }
  }

  package static func take(_ params: Params, at desk: EditorDesk) { desk.close(params.document.uri) }
}
