package import JSON
internal import JSONRPC
internal import Sessions

/// `textDocument/completion`: what may stand at the cursor.
package enum TextDocumentCompletion: EditorMethod {
  package static let name = "textDocument/completion"
  package static let purpose =
    "Lists what may stand at a place of an open document: the keys that its table has not, the words that a value may be, the models of the pool where one is named."
  package typealias Params = PlaceParams
  package typealias Answer = AnswerList<CompletionItem>
  package static let nothing = Answer()

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer {
    Answer(Completions.list(at: params.position, place))
  }
}

/// Something that may stand at the cursor.
package struct CompletionItem: AnswerObject, Sendable {
  /// The kinds of the Language Server Protocol that are used.
  enum Kind: Int, Sendable {
    case model = 7
    case table = 9
    case key = 10
    case choice = 12
    case keyword = 14
  }

  let label: String
  let kind: Kind
  let detail: String?
  let documentation: MarkupText?
  let sortText: String?
  let filterText: String?
  let textEdit: TextEditFields

  package static let fields = Fields<CompletionItem> {
    Field("label", "What the client shows.") { $0.label }
    Field("kind", "7 a model, 9 a table, 10 a key, 12 a word that the value may be, 14 true or false.") {
      $0.kind.rawValue
    }
    Field("detail", "What the value must be.") { $0.detail }
    Field("documentation", "What the key means.") { $0.documentation }
    Field("sortText", "Puts keys that the table needs first.") { $0.sortText }
    Field("filterText", "What typed text is compared with.") { $0.filterText }
    Field("textEdit", "What choosing it writes.") { $0.textEdit }
  }
}
