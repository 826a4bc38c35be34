package import JSON
internal import JSONRPC
internal import ManifestText

/// `textDocument/didChange`: a person types.
package enum TextDocumentDidChange: EditorNotification {
  package static let name = "textDocument/didChange"
  package static let purpose =
    "Says how the text of an open document has changed. The changes are made one after the other; a place behind a line's end stands for that end, and one behind the last line for the text's end."

  package struct Params: ObjectReadable {
    let document: DocumentReference
    let changes: [TextChange]

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      document = try reader.required("textDocument", .object(), "The document, with the state that the text is in now.")
      changes = try reader.required("contentChanges", .list(of: .object()), "The changes, in their order.")
    }
  }

  package static func take(_ params: Params, at desk: EditorDesk) {
    desk.change(params.document.uri, version: params.document.version, params.changes)
  }
}

/// A change of a part of a text, or of all of it.
struct TextChange: ObjectReadable {
  /// Nil for all of it.
  let range: TextRange?
  let text: String

  init(from reader: inout ObjectReader) throws(InvalidField) {
    let range: DocumentRange? = try reader.optional(
      "range", .object(), "What is replaced; without it the whole text is.")
    self.range = range?.range
    text = try reader.required("text", .string, "What stands there now.")
    reader.accept("rangeLength")
  }
}
