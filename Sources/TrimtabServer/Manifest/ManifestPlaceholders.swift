internal import Basics
internal import JSON

// Values that stand where an author has still to write one, so that what is around them can be read.

extension FieldType {
  /// Some value that this allows.
  var placeholder: JSON {
    switch self {
    case .any: return ""
    case .null: return .null
    case .boolean: return false
    case .integer(let range): return .integer(Int64(range?.lowerBound ?? 1))
    case .number(let range):
      return .number(range.atLeast ?? range.above.map { max($0, 0) + 1 } ?? min(1, range.atMost ?? 1))
    case .string(let length): return .string(String(repeating: "a", count: length?.lowerBound ?? 0))
    case .choice(let values): return values.first.map { .string($0) } ?? ""
    case .list(let element, let count): return .array(Array(repeating: element.placeholder, count: count.atLeast))
    case .pair(let first, _): return .array([first.placeholder, first.placeholder])
    case .map: return .object(JSONObject())
    case .object(let fields, _):
      return .object(
        JSONObject(
          members: fields.filter(\.isRequired).map { .init(key: ExactString($0.name), value: $0.type.placeholder) }))
    case .either(let first, _): return first.placeholder
    }
  }
}

extension JSON {
  /// The value with one that its declaration allows at `path`, or with none; nil where that would not help.
  func mended(
    at path: ArraySlice<InvalidField.PathComponent>, _ fields: [FieldSchema], isRemoved: Bool = false
  ) -> JSON? {
    func replaced(_ json: JSON, _ type: FieldType, _ path: ArraySlice<InvalidField.PathComponent>) -> JSON? {
      guard let step = path.first else { return isRemoved ? .null : type.placeholder }
      switch (step, json) {
      case (.key(let key), .object(let object)):
        guard let field = type.fields?.named(ExactString(key)) else { return nil }
        let old = object[key] ?? .null
        guard let new = old == .null && path.count > 1 ? nil : replaced(old, field.type, path.dropFirst()) else {
          return nil
        }
        let others = object.filter { $0.key != ExactString(key) }
        return .object(JSONObject(members: others + [.init(key: ExactString(key), value: new)]))
      case (.index(let index), .array(let elements)) where index < elements.count:
        var list = Array(elements)
        guard let new = replaced(list[index], type.element(at: index), path.dropFirst()) else { return nil }
        list[index] = new
        return .array(list)
      default:
        return nil
      }
    }
    return path.isEmpty ? nil : replaced(self, .object(fields, name: ""), path)
  }
}
