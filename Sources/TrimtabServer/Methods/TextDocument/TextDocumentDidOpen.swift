package import JSON
internal import JSONRPC

/// `textDocument/didOpen`: an editor shows a document.
package enum TextDocumentDidOpen: EditorNotification {
  package static let name = "textDocument/didOpen"
  package static let purpose =
    "Says that the client has opened a document, with its text. Of manifests (language `trimtab`, or a file named `trimtab.toml`, `trimtab.json`, `*.trimtab.toml` or `*.trimtab.json`) the server then knows what the client knows; other documents it passes over."

  package struct Params: ObjectReadable {
    let document: OpenedDocument

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      document = try reader.required("textDocument", .object(), "The document.")
    }
  }

  package static func take(_ params: Params, at desk: EditorDesk) { desk.open(params.document) }
}

/// A document as it is opened.
struct OpenedDocument: ObjectReadable {
  let uri: String
  let language: String
  let version: Int
  let text: String

  init(from reader: inout ObjectReader) throws(InvalidField) {
    uri = try reader.required("uri", .text(1...65536), "The document's URI, as the editor spells it.")
    language = try reader.optional("languageId", .string, default: "", "What the editor takes it for.")
    version = try reader.optional("version", .version, default: 0, "The state of its text; rises.")
    text = try reader.required("text", .string, "All of it.")
  }
}
