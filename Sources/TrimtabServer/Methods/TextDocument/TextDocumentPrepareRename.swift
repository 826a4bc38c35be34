package import JSON
internal import JSONRPC
internal import ManifestText
internal import Sessions

/// `textDocument/prepareRename`: whether there is a model to rename.
package enum TextDocumentPrepareRename: EditorMethod {
  package static let name = "textDocument/prepareRename"
  package static let purpose = "Says which model is named at a place of an open document; `null` where none is."
  package typealias Params = PlaceParams
  package typealias Answer = AnswerOrNull<Renamable>
  package static let nothing = Answer(nil)

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer {
    Answer(
      Renames.model(at: params.position, place).map {
        Renamable(range: place.text.range(of: $0.range, in: place.encoding), placeholder: $0.id)
      })
  }
}

/// A name that can be changed.
package struct Renamable: AnswerObject, Sendable {
  let range: TextRange
  let placeholder: String

  package static let fields = Fields<Renamable> {
    Field("range", "Where it stands.") { $0.range }
    Field("placeholder", "The name.") { $0.placeholder }
  }
}
