internal import Basics
package import JSON
internal import JSONRPC
internal import Sessions

/// `textDocument/diagnostic`: what is wrong in a document.
package enum TextDocumentDiagnostic: EditorMethod {
  package static let name = "textDocument/diagnostic"
  package static let purpose =
    "Lists what is wrong in an open document. A client that asks is not sent textDocument/publishDiagnostics."

  package struct Params: DocumentScoped {
    package let uri: String
    let previous: String?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      uri = try reader.document()
      previous = try reader.optional("previousResultId", .string, "The `resultId` of the answer that the client has.")
      reader.accept("identifier")
    }
  }

  package enum Kind: String, CaseIterable, FieldValue, Sendable { case full, unchanged }

  package struct Answer: AnswerObject, Sendable {
    let kind: Kind
    let resultID: String?
    let items: [EditorDiagnostic]?

    package static let fields = Fields<Answer> {
      Field("kind", "`unchanged` where it is what `previousResultId` stands for.") { $0.kind }
      Field("resultId", "Stands for this answer; absent for a document that is not open, or no manifest.") {
        $0.resultID
      }
      Field("items", "What is wrong; with `full`.") { $0.items }
    }
  }

  package static let nothing = Answer(kind: .full, resultID: nil, items: [])

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer {
    let id = place.document.resultID
    if let previous = params.previous, ExactString(previous) == ExactString(id) {
      return Answer(kind: .unchanged, resultID: id, items: nil)
    }
    return Answer(kind: .full, resultID: id, items: Diagnostics.list(of: place.document, in: place.encoding))
  }
}
