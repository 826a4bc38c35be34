package import JSON
internal import JSONRPC
internal import ManifestText
internal import Sessions

/// `textDocument/hover`: what there is to know of the word at the cursor.
package enum TextDocumentHover: EditorMethod {
  package static let name = "textDocument/hover"
  package static let purpose =
    "Explains what stands at a place of an open document: a key with its meaning, unit and range; a model with where its candidates stand in the search; an objective with the plan that it leads to."
  package typealias Params = PlaceParams
  package typealias Answer = AnswerOrNull<Hover>
  package static let nothing = Answer(nil)

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer {
    Answer(Hovers.hover(at: params.position, place))
  }
}

/// A text about a place of a document.
package struct Hover: AnswerObject, Sendable {
  let contents: MarkupText
  let range: TextRange

  package static let fields = Fields<Hover> {
    Field("contents", "The text.") { $0.contents }
    Field("range", "What it is about.") { $0.range }
  }
}

/// A text for people.
package struct MarkupText: AnswerObject, Sendable {
  package enum Kind: String, CaseIterable, FieldValue, Sendable { case plaintext, markdown }

  let kind: Kind
  let value: String

  package static let fields = Fields<MarkupText> {
    Field("kind", "`markdown` for a client that takes it.") { $0.kind }
    Field("value", "The text.") { $0.value }
  }
}
