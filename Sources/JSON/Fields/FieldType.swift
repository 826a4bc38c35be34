internal import Basics

/// What a JSON value is: the same for parameters and answers, for generated documents and for checking examples.
package indirect enum FieldType: Sendable, Hashable {
  case any, null, boolean, integer, number, string
  /// A string that is one of these.
  case choice([String])
  case list(FieldType)
  case object([FieldSchema])
  case either(FieldType, FieldType)

  /// The type in words: "number", "list of object".
  package var name: String {
    switch self {
    case .any: "any"
    case .null: "null"
    case .boolean: "boolean"
    case .integer: "integer"
    case .number: "number"
    case .string, .choice: "string"
    case .list(let element): "list of \(element.name)"
    case .object: "object"
    case .either(let first, let second): "\(first.name) or \(second.name)"
    }
  }

  /// The fields of the object, or of the objects in the list; else empty.
  package var children: [FieldSchema] {
    switch self {
    case .object(let fields): fields
    case .list(let element): element.children
    case .either(let first, let second): first.children + second.children
    default: []
    }
  }

  /// The strings that are allowed, alone or in a list; nil where any string is, or where it is no string.
  package var choices: [String]? {
    switch self {
    case .choice(let values): values
    case .list(let element): element.choices
    case .either(let first, let second): first.choices ?? second.choices
    default: nil
    }
  }

  /// Whether the value, or an element of it, is a number that counts something in a unit.
  package var isNumeric: Bool {
    switch self {
    case .number: true
    case .list(let element): element.isNumeric
    case .either(let first, let second): first.isNumeric || second.isNumeric
    default: false
    }
  }
}

extension FieldType {
  /// Where `json` is not what this type says, each as path and reason. Linear in the value.
  package func violations(in json: JSON, path: String = "") -> [String] {
    func violation(_ expected: String) -> [String] {
      ["\(path.isEmpty ? "the value" : path): expected \(expected), found \(json.preview())"]
    }
    switch (self, json) {
    case (.any, _), (.null, .null), (.boolean, .bool), (.integer, .integer), (.number, .integer), (.number, .number),
      (.string, .string):
      return []
    case (.choice(let values), .string(let text)):
      return values.contains { ExactString($0) == text } ? [] : violation("one of \(values.joined(separator: ", "))")
    case (.list(let element), .array(let elements)):
      return elements.enumerated().flatMap { element.violations(in: $1, path: "\(path)[\($0)]") }
    case (.object(let fields), .object(let object)):
      return Self.violations(of: fields, in: object, path: path)
    case (.either(let first, let second), _):
      let found = first.violations(in: json, path: path)
      return found.isEmpty || second.violations(in: json, path: path).isEmpty ? [] : found
    default:
      return violation(name)
    }
  }

  private static func violations(of fields: [FieldSchema], in object: JSONObject, path: String) -> [String] {
    func inner(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
    var found: [String] = []
    for member in object {
      if let field = fields.first(where: { ExactString($0.name) == member.key }) {
        found += field.type.violations(in: member.value, path: inner(member.key.text))
      } else {
        found.append("\(inner(member.key.text)): a field that is not declared")
      }
    }
    for field in fields where field.isRequired && object[field.name] == nil {
      found.append("\(inner(field.name)): declared as always present, and absent")
    }
    return found
  }
}
