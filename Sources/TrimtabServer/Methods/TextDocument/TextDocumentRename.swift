package import JSON
internal import JSONRPC
internal import ManifestText
package import Sessions

/// `textDocument/rename`: another id for a model.
package enum TextDocumentRename: EditorMethod {
  package static let name = "textDocument/rename"
  package static let purpose =
    "Gives the model that is named at a place of an open document another id, wherever the document names it. `null` where no model is named. A search knows the model by its former id."
  package static let refusals: [RequestError.Kind] = [.invalidPool]

  package struct Params: DocumentScoped {
    package let uri: String
    let position: TextPosition
    let newName: String

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      uri = try reader.document()
      let place: DocumentPosition = try reader.required("position", .object(), "The cursor.")
      position = place.position
      newName = try reader.required("newName", .text(), "The new id.")
    }
  }

  package typealias Answer = AnswerOrNull<WorkspaceEdit>
  package static let nothing = Answer(nil)

  package static func answer(_ params: Params, _ place: EditorPlace) throws(RequestError) -> Answer {
    guard let model = Renames.model(at: params.position, place) else { return Answer(nil) }
    return Answer(WorkspaceEdit(try Renames.edits(of: model, to: params.newName, place), of: place))
  }
}

/// Changes of one document.
package struct WorkspaceEdit: AnswerObject, Sendable {
  let uri: String
  /// The state of the text that they are for, for a client that takes it.
  let version: Int?
  let edits: [TextEditFields]

  init(_ edits: [TextEditFields], of place: EditorPlace) {
    (uri, self.edits) = (place.document.uri, edits)
    version = place.capabilities.documentChanges ? place.text.version : nil
  }

  package static let fields = Fields<WorkspaceEdit> {
    Field("documentChanges", "The changes with the state of the text that they are for, for a client that takes it.") {
      edit in edit.version.map { [VersionedEdits(uri: edit.uri, version: $0, edits: edit.edits)] }
    }
    Field("changes", "The changes by the document's URI, each with `range` and `newText`; else.") {
      edit in edit.changes
    }
  }

  private var changes: JSON? {
    // A plain `nil` would be JSON's null.
    if version != nil { return JSON?.none }
    let list = edits.map { edit -> JSON in ["range": edit.range.json, "newText": .string(edit.newText)] }
    return .object(JSONObject(members: [.init(key: uri, value: .array(list))]))
  }
}

/// Changes of a document in one state of its text.
package struct VersionedEdits: AnswerObject, Sendable {
  let uri: String
  let version: Int
  let edits: [TextEditFields]

  package static let fields = Fields<VersionedEdits> {
    Field("textDocument", "The document.") { VersionedDocument(uri: $0.uri, version: $0.version) }
    Field("edits", "The changes, all for the text as it is.") { $0.edits }
  }
}

/// A document in one state of its text.
package struct VersionedDocument: AnswerObject, Sendable {
  let uri: String
  let version: Int

  package static let fields = Fields<VersionedDocument> {
    Field("uri", "Its URI.") { $0.uri }
    Field("version", "The state of its text.") { $0.version }
  }
}

extension TextRange {
  fileprivate var json: JSON { ["start": start.json, "end": end.json] }
}

extension TextPosition {
  fileprivate var json: JSON { ["line": .integer(Int64(line)), "character": .integer(Int64(character))] }
}
