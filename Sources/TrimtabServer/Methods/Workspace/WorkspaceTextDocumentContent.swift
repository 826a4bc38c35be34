package import JSON
internal import JSONRPC
package import Sessions

/// `workspace/textDocumentContent`: the text of a virtual document.
package enum WorkspaceTextDocumentContent: EditorRequest {
  package static let name = "workspace/textDocumentContent"
  package static let purpose =
    "Returns the text of a virtual document: of `trimtab:/frontier?` and an open document's URI the frontier of its pipeline. A client that takes virtual documents is sent workspace/textDocumentContent/refresh when it changes."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .notCharacterized]

  package struct Params: ObjectReadable {
    let uri: String

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      uri = try reader.required("uri", .text(1...65536), "The virtual document.")
    }
  }

  package struct Answer: AnswerObject, Sendable {
    let text: String

    package static let fields = Fields<Answer> {
      Field("text", "The text.") { $0.text }
    }
  }

  package static func serve(
    _ params: Params, at desk: EditorDesk, done: @escaping (Result<Answer, RequestError>) -> Void
  ) {
    desk.content(of: params.uri) { done($0.map { Answer(text: $0) }) }
  }
}
