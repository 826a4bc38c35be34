internal import JSON
internal import TrimtabServer

/// Every type of the protocol in the order in which messages need them, for generated source code.
struct MessageTypes {
  /// An object with a name.
  struct Definition {
    let name: String
    let doc: String
    let fields: [FieldSchema]
    /// Whether the server reads it; a field that may be absent may then be null as well.
    let isRead: Bool
  }

  /// A method, or a notification where `answer` is nil.
  struct Message {
    let name: String
    /// The name in source code: `trial/next` is TrialNext.
    let typeName: String
    let purpose: String
    let params: String
    /// What is answered; an object has the answer's name.
    let answer: FieldType?
    let direction: NotificationEntry.Direction
    let deprecation: Deprecation?
  }

  private(set) var definitions: [Definition] = []
  private(set) var messages: [Message] = []
  private var names: Set<String> = []

  init() {
    for route in Catalogue.routes {
      let params = Contract.paramsName(route.name)
      define(params, route.params(), doc: "Params of `\(route.name)`.", isRead: true)
      var answer = route.answer
      let doc = "What `\(route.name)` answers."
      if case .object(let fields, _) = answer {
        let name = Contract.answerName(route.name)
        define(name, fields + Warnings.fields.schema, doc: doc, isRead: false)
        answer = .object(fields, name: name)
      } else {
        define(objectsIn: answer, doc: doc, isRead: false)
      }
      add(route.name, route.purpose, params, answer, .clientToServer)
    }
    for entry in Catalogue.notifications {
      let params = Contract.paramsName(entry.name)
      let isRead = entry.direction == .clientToServer
      define(params, entry.params(), doc: "Params of `\(entry.name)`.", isRead: isRead)
      add(entry.name, entry.purpose, params, nil, entry.direction)
    }
  }

  private mutating func add(
    _ name: String, _ purpose: String, _ params: String, _ answer: FieldType?, _ direction: NotificationEntry.Direction
  ) {
    messages.append(
      Message(
        name: name, typeName: String(params.dropLast("Params".count)), purpose: purpose, params: params,
        answer: answer, direction: direction, deprecation: Deprecations.of(name)))
  }

  private mutating func define(_ name: String, _ fields: [FieldSchema], doc: String, isRead: Bool) {
    guard names.insert(name).inserted else { return }
    definitions.append(Definition(name: name, doc: doc, fields: fields, isRead: isRead))
    for field in fields { define(objectsIn: field.type, doc: "In `\(name)`: `\(field.name)`.", isRead: isRead) }
  }

  private mutating func define(objectsIn type: FieldType, doc: String, isRead: Bool) {
    switch type {
    case .object(let fields, let name): define(name, fields, doc: doc, isRead: isRead)
    case .list(let element, _), .map(let element): define(objectsIn: element, doc: doc, isRead: isRead)
    case .pair(let first, let extra), .either(let first, let extra):
      define(objectsIn: first, doc: doc, isRead: isRead)
      define(objectsIn: extra, doc: doc, isRead: isRead)
    case .any, .null, .boolean, .integer, .number, .string, .choice: break
    }
  }

  /// What is known of a field beside its type, in sentences: meaning, bounds, unit.
  static func doc(of field: FieldSchema) -> [String] {
    var lines = [field.doc]
    if let bounds = bounds(of: field) { lines.append("Must be \(bounds).") }
    if let unit = field.unit, unit != "1" { lines.append("Unit: \(unit).") }
    return lines
  }

  /// What params must be, where it says more than the type does.
  private static func bounds(of field: FieldSchema) -> String? {
    let plain = ["a string", "a number", "an object", "true or false", "any value but null", field.type.name]
    return plain.contains(field.expectation) || field.type.choices != nil ? nil : field.expectation
  }

  /// A text in lines of at most `width` columns, as far as words allow.
  static func wrapped(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// Lines of a doc comment in a language that begins them with three slashes.
  static func comment(_ sentences: [String], since: String?, margin: String) -> [String] {
    let lines = sentences.flatMap { wrapped($0, 116 - margin.count) }
    return (lines + (since.map { ["Since \($0)."] } ?? [])).map { "\(margin)/// \($0)" }
  }

  /// `gpuSeconds` is gpu_seconds, `meanGPUSeconds` is mean_gpu_seconds.
  static func snakeCase(_ name: String) -> String {
    var result = ""
    let letters = Array(name)
    for (index, letter) in letters.enumerated() {
      let isNewWord =
        index > 0 && letter.isUppercase
        && (letters[index - 1].isLowercase || letters[index - 1].isNumber
          || (index + 1 < letters.count && letters[index + 1].isLowercase))
      result += (isNewWord ? "_" : "") + letter.lowercased()
    }
    return result
  }

  /// The first letter made a capital, and what is no letter or digit left out: `content-length` is ContentLength.
  static func capitalized(_ name: String) -> String {
    name.split { !$0.isLetter && !$0.isNumber }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}

extension FieldType {
  /// The types of which a value has one, from left to right; the type itself where it leaves no choice.
  var alternatives: [FieldType] {
    if case .either(let first, let second) = self { return first.alternatives + second.alternatives }
    return [self]
  }
}
