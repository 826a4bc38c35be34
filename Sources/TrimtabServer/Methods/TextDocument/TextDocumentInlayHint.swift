package import JSON
internal import JSONRPC
internal import ManifestText
internal import Sessions

/// `textDocument/inlayHint`: news of the session, behind the lines that they are about.
package enum TextDocumentInlayHint: EditorMethod {
  package static let name = "textDocument/inlayHint"
  package static let purpose =
    "Lists the texts of textDocument/codeLens for a part of an open document, to be shown behind the lines instead of above them. Where the client takes workspace/inlayHint/refresh, it is sent when this changes."
  package typealias Params = RangeParams
  package typealias Answer = AnswerList<InlayHint>
  package static let nothing = Answer()

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer {
    let asked = place.text.sourceRange(of: params.range, in: place.encoding)
    let hints = SessionNotes.list(place).compactMap { note -> InlayHint? in
      let end = place.text.content(ofLine: place.text.line(of: note.offset)).upper
      guard asked.touches(note.offset) || asked.touches(end) else { return nil }
      return InlayHint(position: place.text.position(of: end, in: place.encoding), label: note.text)
    }
    return Answer(hints)
  }
}

/// A text behind a line.
package struct InlayHint: AnswerObject, Sendable {
  let position: TextPosition
  let label: String

  package static let fields = Fields<InlayHint> {
    Field("position", "Where it stands.") { $0.position }
    Field("label", "The text.") { $0.label }
    Field("paddingLeft", "True: a blank before it.") { _ in true }
  }
}
