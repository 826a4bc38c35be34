package import JSON
internal import JSONRPC

/// `textDocument/didSave`: a document is in its file now.
package enum TextDocumentDidSave: EditorNotification {
  package static let name = "textDocument/didSave"
  package static let purpose =
    "Says that a document was saved; files that it names are then looked at again. A running search does not change."

  package struct Params: ObjectReadable {
    let document: DocumentReference

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      document = try reader.required("textDocument", .object(), "The document.")
      reader.accept("text")
    }
  }

  package static func take(_ params: Params, at desk: EditorDesk) { desk.save(params.document.uri) }
}
