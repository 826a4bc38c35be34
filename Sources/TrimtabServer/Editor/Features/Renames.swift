internal import Basics
internal import JSON
internal import ManifestText
internal import Sessions

/// Another id for a model, wherever the manifest names it.
enum Renames {
  static func model(at position: TextPosition, _ place: EditorPlace) -> ModelIndex.Occurrence? {
    place.analysis.models.occurrence(at: place.text.offset(of: position, in: place.encoding))
  }

  /// - Throws: ``RequestError`` of kind `invalidPool` for an id that the pool has already.
  static func edits(
    of model: ModelIndex.Occurrence, to id: String, _ place: EditorPlace
  ) throws(RequestError) -> [TextEditFields] {
    let models = place.analysis.models
    if ExactString(id) != ExactString(model.id),
      models.ids(model.role).contains(where: { ExactString($0) == ExactString(id) })
    {
      throw RequestError(
        .invalidPool, path: "newName", expected: "an id that no other model of the pool has",
        found: Preview.quoted(id), fix: "choose another")
    }
    let text = place.analysis.tree.language == .json ? JSON.string(id).text : TOMLText.value(.string(id))
    return models.places(of: model).map {
      TextEditFields(range: place.text.range(of: $0.range, in: place.encoding), newText: text)
    }
  }
}
