internal import Basics
internal import JSON
internal import ManifestText

/// What may stand at the cursor of a manifest.
enum Completions {
  static func list(at position: TextPosition, _ place: EditorPlace) -> [CompletionItem] {
    let found = place.analysis.tree.place(at: place.text.offset(of: position, in: place.encoding))
    let range = place.text.range(of: found.range, in: place.encoding)
    switch found.role {
    case .comment: return []
    case .key, .blank: return keys(found, range, place)
    case .header: return headers(found, range, place)
    case .value: return values(found, range, place)
    }
  }

  /// The keys that the table has not, those that it needs first.
  private static func keys(_ found: SyntaxPlace, _ range: TextRange, _ place: EditorPlace) -> [CompletionItem] {
    let tree = place.analysis.tree
    var typed: ExactString?
    if found.role == .key, case .key(let key)? = found.path.last { typed = key }
    let present = Set(tree.table(at: found.tablePath)?.members.map(\.key) ?? []).subtracting([typed].compactMap { $0 })
    // A key that has its value gets another name and nothing else.
    let hasValue = found.role == .key && !(tree.node(at: found.path).map { $0.value == .missing } ?? true)
    return ManifestSchema.fields(of: found.tablePath).filter { !present.contains(ExactString($0.name)) }.map { field in
      let isTable = if case .object = field.type { true } else { false }
      var text = tree.language == .json ? JSON.string(field.name).text : field.name
      if !hasValue {
        if tree.language == .json {
          text += ": "
        } else if isTable, found.tablePath.isEmpty {
          text = "[\(field.name)]"
        } else {
          text += " = "
        }
      }
      return item(field, text, range, place)
    }
  }

  /// The tables that a header may open.
  private static func headers(_ found: SyntaxPlace, _ range: TextRange, _ place: EditorPlace) -> [CompletionItem] {
    ManifestSchema.fields(of: found.tablePath).filter { !$0.type.children.isEmpty }.map {
      item($0, $0.name, range, place)
    }
  }

  private static func values(_ found: SyntaxPlace, _ range: TextRange, _ place: EditorPlace) -> [CompletionItem] {
    func item(_ label: String, _ text: String, _ detail: String?, _ kind: CompletionItem.Kind) -> CompletionItem {
      CompletionItem(
        label: label, kind: kind, detail: detail, documentation: nil, sortText: nil, filterText: text,
        textEdit: TextEditFields(range: range, newText: text))
    }
    func word(_ word: String, _ kind: CompletionItem.Kind, _ detail: String? = nil) -> CompletionItem {
      item(word, JSON.string(word).text, detail, kind)
    }
    if let role = role(of: found.path) {
      return place.analysis.models.ids(role).map { word($0, .model, role.key) }
    }
    guard let field = ManifestSchema.field(at: found.path) else { return [] }
    if let choices = field.type.choices { return choices.map { word($0, .choice, field.name) } }
    if field.type == .boolean { return ["true", "false"].map { item($0, $0, field.name, .keyword) } }
    return []
  }

  /// The kind of model that a place names; nil where it names none that the pool has.
  private static func role(of path: SyntaxPath) -> ModelIndex.Role? {
    let keys = path.map { step in if case .key(let key) = step { key.text } else { "" } }
    switch keys {
    case ["pool", "constraints", "allowed_pairs", "", ""], ["pool", "constraints", "denied_pairs", "", ""]:
      return path.last == .index(0) ? .encoder : .languageModel
    case ["model", "encoder"]: return .encoder
    case ["model", "projector"]: return .projector
    case ["model", "language_model"]: return .languageModel
    default: return nil
    }
  }

  private static func item(
    _ field: FieldSchema, _ text: String, _ range: TextRange, _ place: EditorPlace
  ) -> CompletionItem {
    let isTable = if case .object = field.type { true } else { false }
    let unit = field.unit.map { $0 == "1" ? "" : ", in \($0)" } ?? ""
    return CompletionItem(
      label: field.name, kind: isTable ? .table : .key, detail: field.expectation + unit,
      documentation: place.markup(field.doc), sortText: (field.isRequired ? "0" : "1") + field.name,
      // What is in the range already must match.
      filterText: text, textEdit: TextEditFields(range: range, newText: text))
  }
}
