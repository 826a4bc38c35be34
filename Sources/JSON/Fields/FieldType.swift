internal import Basics

/// What a JSON value is: the same for parameters and answers, for generated documents and for checking examples.
package indirect enum FieldType: Sendable, Hashable {
  case any, null, boolean
  case integer(in: ClosedRange<Int>? = nil)
  case number(in: NumberRange = NumberRange())
  /// A string, and its length in Unicode scalars.
  case string(length: ClosedRange<Int>? = nil)
  /// A string that is one of these.
  case choice([String])
  case list(FieldType, count: CountRange = CountRange())
  /// A list of two values of one type, and perhaps a third of another.
  case pair(FieldType, perhaps: FieldType)
  /// An object with any names, and values that are all of one type.
  case map(FieldType)
  /// An object; `name` is that of its type in generated code.
  case object([FieldSchema], name: String)
  case either(FieldType, FieldType)

  /// Numbers between bounds; without one where it is nil.
  package struct NumberRange: Sendable, Hashable {
    package var atLeast: Double?
    package var above: Double?
    package var atMost: Double?

    package init(atLeast: Double? = nil, above: Double? = nil, atMost: Double? = nil) {
      (self.atLeast, self.above, self.atMost) = (atLeast, above, atMost)
    }

    func contains(_ number: Double) -> Bool {
      number >= atLeast ?? number && number > above ?? -.infinity && number <= atMost ?? number
    }
  }

  /// How many elements a list has; as many as one likes where `atMost` is nil.
  package struct CountRange: Sendable, Hashable {
    package var atLeast = 0
    package var atMost: Int?

    package init(atLeast: Int = 0, atMost: Int? = nil) { (self.atLeast, self.atMost) = (atLeast, atMost) }

    func contains(_ count: Int) -> Bool { count >= atLeast && count <= atMost ?? count }
  }

  /// The object that `type` declares.
  static func object<T>(_ fields: [FieldSchema], _ type: T.Type) -> FieldType {
    .object(fields, name: typeName(of: type))
  }

  /// The name of a Swift type without its module: `PoolSubmit.Answer` is PoolSubmitAnswer.
  private static func typeName<T>(of type: T.Type) -> String {
    // Types that are private to a file have its number in brackets in their name.
    let parts = String(reflecting: type).split(separator: "<").first?.split(separator: ".").dropFirst() ?? []
    return parts.filter { !$0.hasPrefix("(") }.joined()
  }

  /// The type in words: "number", "list of object".
  package var name: String {
    switch self {
    case .any: "any"
    case .null: "null"
    case .boolean: "boolean"
    case .integer: "integer"
    case .number: "number"
    case .string, .choice: "string"
    case .list(let element, _): "list of \(element.name)"
    case .pair(let first, let extra): "list of \(first.name) or \(extra.name)"
    case .map(let element): "object of \(element.name)"
    case .object: "object"
    case .either(let first, let second): "\(first.name) or \(second.name)"
    }
  }

  /// The fields of the object, or of the objects in the list; else empty.
  package var children: [FieldSchema] {
    switch self {
    case .object(let fields, _): fields
    case .list(let element, _), .map(let element): element.children
    case .pair(let first, let extra): first.children + extra.children
    case .either(let first, let second): first.children + second.children
    default: []
    }
  }

  /// The strings that are allowed, alone or in a list; nil where any string is, or where it is no string.
  package var choices: [String]? {
    switch self {
    case .choice(let values): values
    case .list(let element, _), .map(let element): element.choices
    case .either(let first, let second): first.choices ?? second.choices
    default: nil
    }
  }

  /// Whether the value, or an element of it, is a number that counts something in a unit.
  package var isNumeric: Bool {
    switch self {
    case .number: true
    case .list(let element, _), .map(let element): element.isNumeric
    case .pair(let first, let extra): first.isNumeric || extra.isNumeric
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
    case (.any, _), (.null, .null), (.boolean, .bool):
      return []
    case (.integer(let range), .integer(let value)):
      return range?.contains(Int(value)) ?? true ? [] : violation("an integer in \(range.map { "\($0)" } ?? "")")
    case (.number(let range), .integer), (.number(let range), .number):
      return json.doubleValue.map(range.contains) ?? false ? [] : violation("a number in its range")
    case (.string(let length), .string(let text)):
      return length?.contains(text.text.unicodeScalars.count) ?? true ? [] : violation("a string of its length")
    case (.choice(let values), .string(let text)):
      return values.contains { ExactString($0) == text } ? [] : violation("one of \(values.joined(separator: ", "))")
    case (.list(let element, let count), .array(let elements)):
      let length = count.contains(elements.count) ? [] : violation("a list of its length")
      return length + elements.enumerated().flatMap { element.violations(in: $1, path: "\(path)[\($0)]") }
    case (.pair(let first, let extra), .array(let elements)) where elements.count == 2 || elements.count == 3:
      return zip([first, first, extra], elements).flatMap { $0.violations(in: $1, path: path) }
    case (.map(let element), .object(let object)):
      return object.flatMap { member in
        element.violations(in: member.value, path: path.isEmpty ? member.key.text : "\(path).\(member.key.text)")
      }
    case (.object(let fields, _), .object(let object)):
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
