package import JSON
internal import JSONRPC
internal import Sessions

/// `textDocument/foldingRange`: what can be folded.
package enum TextDocumentFoldingRange: EditorMethod {
  package static let name = "textDocument/foldingRange"
  package static let purpose =
    "Lists the parts of an open document that can be folded: tables, values of several lines, comments of several lines."
  package typealias Params = DocumentParams
  package typealias Answer = AnswerList<Fold>
  package static let nothing = Answer()

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer { Answer(Folds.list(place)) }
}

/// Lines that can be folded.
package struct Fold: AnswerObject, Sendable, Equatable {
  package enum Kind: String, CaseIterable, FieldValue, Sendable { case comment, region }

  let startLine: Int
  let endLine: Int
  let kind: Kind?

  package static let fields = Fields<Fold> {
    Field("startLine", "The line that stays.") { $0.startLine }
    Field("endLine", "The last line.") { $0.endLine }
    Field("kind", "`region` for a table; absent for a value.") { $0.kind }
  }
}
