internal import Basics
internal import JSON
internal import ManifestText

/// Turns the values of a manifest into params: keys become the declared names of fields, and what no request can say is
/// noted as a problem.
struct ManifestValues {
  let text: ManifestEdits
  private(set) var problems: [ManifestProblem] = []
  /// The paths, in declared names, of values that are missing or cannot be said; they have placeholders.
  private(set) var holes: Set<[InvalidField.PathComponent]> = []

  init(_ text: ManifestEdits) { self.text = text }

  /// The params of a table's members.
  ///
  /// - Parameters:
  ///   - path: of the table, in the manifest's own keys, for messages.
  ///   - declared: of the params, in declared names.
  mutating func object(
    _ table: SyntaxTable, _ fields: [FieldSchema], path: [InvalidField.PathComponent],
    declared: [InvalidField.PathComponent]
  ) -> JSONObject {
    var members: [JSONObject.Member] = []
    for member in table.members {
      guard let field = field(member, among: fields, path) else { continue }
      let inner = declared + [.key(field.name)]
      let value = json(member.node, field.type, path: path + [.key(member.key.text)], declared: inner)
      members.append(.init(key: ExactString(field.name), value: value))
    }
    return JSONObject(members: members)
  }

  /// The declared field of a key; nil with a problem where none has that key.
  private mutating func field(
    _ member: SyntaxTable.Member, among fields: [FieldSchema], _ path: [InvalidField.PathComponent]
  ) -> FieldSchema? {
    let names = ManifestSchema.declaredNamesOfKeys[member.key] ?? []
    if let field = fields.first(where: { names.contains(ExactString($0.name)) }) { return field }
    let range = member.keyRanges.first ?? member.node.range
    if let field = fields.named(member.key) {
      let key = ManifestName.key(of: field.name)
      problems.append(
        ManifestProblem(
          range: range, severity: .warning, code: .keyInCamelCase,
          message: "\(ManifestName.text(path + [.key(member.key.text)])): keys of a manifest are in snake case",
          remedy: "write \(key)", fix: text.rename(member, to: key)))
      return field
    }
    problems.append(unknown(member, range, among: fields.map { ManifestName.key(of: $0.name) }, path))
    return nil
  }

  private func unknown(
    _ member: SyntaxTable.Member, _ range: SourceRange, among keys: [String], _ path: [InvalidField.PathComponent]
  ) -> ManifestProblem {
    let name = member.key.text
    let place = path.isEmpty ? "a manifest" : "\(ManifestName.text(path))"
    var problem = ManifestProblem(
      range: range, code: .unknownKey, message: "\(place) has no key \(Preview.quoted(name))")
    if let near = UnknownField.nearest(to: name, among: keys) {
      problem.remedy = "did you mean \(near)?"
      problem.fix = text.rename(member, to: near)
    } else if let table = Self.table(with: member.key), ManifestName.text(path) != table {
      problem.remedy = "put it below [\(table)]"
    } else {
      problem.remedy = keys.isEmpty ? "remove it" : "it may have \(keys.joined(separator: ", "))"
    }
    return problem
  }

  /// The table of the manifest that has such a key, where exactly one does.
  private static func table(with key: ExactString) -> String? {
    var found: [String] = []
    func search(_ fields: [FieldSchema], _ path: String) {
      for field in fields {
        guard case .object(let inner, _) = field.type else { continue }
        let place = path.isEmpty ? field.name : "\(path).\(field.name)"
        if inner.named(key) != nil { found.append(place) }
        search(inner, place)
      }
    }
    search(ManifestSchema.fields, "")
    // A table that stands in two places, as search does, is named by the shorter.
    return found.min { $0.utf8.count < $1.utf8.count }
  }

  private mutating func json(
    _ node: SyntaxNode, _ type: FieldType, path: [InvalidField.PathComponent], declared: [InvalidField.PathComponent]
  ) -> JSON {
    switch node.value {
    case .string(let text):
      if case .object(_, ManifestSchema.part) = type { return ["id": .string(text)] }
      return .string(text)
    case .integer(let value): return .integer(value)
    case .boolean(let value): return .bool(value)
    case .null: return .null
    case .float(let value):
      if value.isFinite { return .number(value) }
      return hole(type, declared, node, path, "expected a finite number, found \(value)", nil)
    case .dateTime(let date):
      return hole(
        type, declared, node, path, "expected no date, found \(date)", "put it between quotes",
        text.replace(node.range, by: "\"\(date)\"", title: "Put it between quotes"))
    case .missing:
      holes.insert(declared)
      return type.placeholder
    case .list(let elements):
      return .array(
        elements.enumerated().map { index, element in
          json(element, type.element(at: index), path: path + [.index(index)], declared: declared + [.index(index)])
        })
    case .table(let table):
      guard let fields = type.fields else {
        return .object(
          JSONObject(
            members: table.members.map {
              .init(
                key: $0.key,
                value: json(
                  $0.node, type.member, path: path + [.key($0.key.text)], declared: declared + [.key($0.key.text)]))
            }))
      }
      return .object(object(table, fields, path: path, declared: declared))
    }
  }

  private mutating func hole(
    _ type: FieldType, _ declared: [InvalidField.PathComponent], _ node: SyntaxNode,
    _ path: [InvalidField.PathComponent], _ message: String, _ remedy: String?, _ fix: ManifestProblem.Fix? = nil
  ) -> JSON {
    holes.insert(declared)
    problems.append(
      ManifestProblem(
        range: node.range, code: .invalidValue, message: "\(ManifestName.text(path)): \(message)", remedy: remedy,
        fix: fix))
    return type.placeholder
  }
}

extension FieldType {
  /// The fields of an object, or of the object that this may be; nil for what is none.
  var fields: [FieldSchema]? {
    switch self {
    case .object(let fields, _): fields
    case .either(let first, let second): first.fields ?? second.fields
    default: nil
    }
  }

  /// What a member is of an object with members of any names; anything for what is none.
  var member: FieldType {
    switch self {
    case .map(let value): value
    case .either(let first, let second): first.member == .any ? second.member : first.member
    default: .any
    }
  }

  /// What an element of the list is, or of the list that this may be; anything for what is none.
  func element(at index: Int) -> FieldType {
    switch self {
    case .list(let element, _): return element
    case .pair(let first, let extra): return index < 2 ? first : extra
    case .either(let first, let second):
      let element = first.element(at: index)
      return element == .any ? second.element(at: index) : element
    default: return .any
    }
  }
}
