internal import Basics

/// A type read from a JSON object, field by field, in its initialiser.
package protocol ObjectReadable: Sendable {
  /// Reads the fields; must ask for the same fields whatever their values are, so that they can be documented.
  init(from reader: inout ObjectReader) throws(InvalidField)
}

extension ObjectReadable {
  /// Reads an object; nil and null count as an object without fields. Unknown fields are passed over.
  package init(reading json: JSON?) throws(InvalidField) {
    var unknown = UnknownFields()
    try self.init(reading: json, unknown: &unknown)
  }

  /// Reads an object; nil and null count as an object without fields.
  ///
  /// - Parameter unknown: gets the fields, of the object or of one inside it, that no reader asks for.
  package init(reading json: JSON?, unknown: inout UnknownFields) throws(InvalidField) {
    switch json {
    case nil, .null: try self.init(reading: JSONObject(), &unknown)
    case .object(let object)?: try self.init(reading: object, &unknown)
    case .some(let json): self = try Shape.object(Self.self).read(json, &unknown)
    }
  }

  /// Reads an object in which an unknown field is an error, as in a file that a person wrote.
  package init(readingKnownFieldsOf json: JSON) throws(InvalidField) {
    var unknown = UnknownFields()
    try self.init(reading: json, unknown: &unknown)
    if let first = unknown.list.first { throw first.error }
  }

  init(reading object: JSONObject, _ unknown: inout UnknownFields) throws(InvalidField) {
    var reader = ObjectReader(object, unknown)
    do throws(InvalidField) {
      self = try Self(from: &reader)
    } catch {
      throw error.explained(by: object, readAs: Self.self)
    }
    unknown = reader.unknown
    if unknown.collectsUnderstood { unknown.understood = .object(JSONObject(members: reader.understood)) }
    // Counting costs nothing; names are compared only where some field was not asked for.
    if reader.foundCount < object.count { unknown.note(object, readAs: Self.self) }
  }
}

/// The fields of one JSON object, each declared where it is read: name, shape, documentation.
///
/// A field that no reader asks for is noted as unknown. A field that is null is absent.
package struct ObjectReader {
  private let object: JSONObject
  /// The declarations seen so far, while recording instead of reading.
  private(set) var recorded: [FieldSchema]?
  /// Names of fields that are passed over, while recording.
  private(set) var accepted: [String] = []
  /// Members of the object that were asked for.
  fileprivate var foundCount = 0
  /// What has been noted of this object's values, and before them.
  fileprivate var unknown: UnknownFields
  /// The fields so far with what was understood of them; only where that is collected.
  fileprivate var understood: [JSONObject.Member] = []

  init(_ object: JSONObject, _ unknown: UnknownFields = UnknownFields()) {
    self.object = object
    self.unknown = unknown
  }

  /// A reader that answers each question with a placeholder and notes that it was asked.
  static func recording() -> ObjectReader {
    var reader = ObjectReader(JSONObject())
    reader.recorded = []
    return reader
  }

  // The shape of a field is made only where the field is there: most of a method's fields are absent.

  /// Reads a field that must be there.
  package mutating func required<Value>(
    _ name: StaticString, _ shape: @autoclosure () -> Shape<Value>, _ doc: StaticString
  ) throws(InvalidField) -> Value {
    if recorded != nil { return try record(name, shape(), doc, isRequired: true) }
    guard let json = present(name) else { throw fail(name, expected: shape().expectation) }
    return try read(name, shape(), json)
  }

  /// Reads a field that may be absent.
  package mutating func optional<Value>(
    _ name: StaticString, _ shape: @autoclosure () -> Shape<Value>, _ doc: StaticString
  ) throws(InvalidField) -> Value? {
    if recorded != nil { return try record(name, shape(), doc, isRequired: false) }
    guard let json = present(name) else { return nil }
    return try read(name, shape(), json)
  }

  // The same for the types that most requests have: the generic ones look their types up each time they read.

  package mutating func required(
    _ name: StaticString, _ shape: @autoclosure () -> Shape<String>, _ doc: StaticString
  ) throws(InvalidField) -> String {
    if recorded != nil { return try record(name, shape(), doc, isRequired: true) }
    guard let json = present(name) else { throw fail(name, expected: shape().expectation) }
    return try read(name, shape(), json)
  }

  package mutating func optional(
    _ name: StaticString, _ shape: @autoclosure () -> Shape<Double>, _ doc: StaticString
  ) throws(InvalidField) -> Double? {
    if recorded != nil { return try record(name, shape(), doc, isRequired: false) }
    guard let json = present(name) else { return nil }
    return try read(name, shape(), json)
  }

  /// Reads a field that is `defaultValue` when absent.
  package mutating func optional<Value>(
    _ name: StaticString, _ shape: @autoclosure () -> Shape<Value>, default defaultValue: Value, _ doc: StaticString
  ) throws(InvalidField) -> Value {
    let value = try optional(name, shape(), doc)
    if let value { return value }
    if unknown.collectsUnderstood, let json = defaultJSON(defaultValue) {
      understood.append(.init(key: name.description, value: json))
    }
    return defaultValue
  }

  /// Passes over fields that other programs send and this one has no use for: they are not documented, and not unknown.
  package mutating func accept(_ names: StaticString...) {
    if recorded != nil { accepted += names.map(\.description) } else { for name in names { _ = present(name) } }
  }

  /// Throws unless `condition`, a rule over fields that were read; not evaluated while recording, when the fields
  /// hold placeholders.
  package func check(
    _ condition: @autoclosure () -> Bool, _ name: StaticString, expected: @autoclosure () -> String,
    fix: @autoclosure () -> String? = nil
  ) throws(InvalidField) {
    guard recorded == nil, !condition() else { return }
    throw fail(name, expected: expected(), fix: fix())
  }

  /// Throws unless one of the fields is there and no other; with `orNone` none may be, too. The error is at the first
  /// that is there and names all that are.
  package func checkOne(of names: [StaticString], orNone: Bool = false) throws(InvalidField) {
    guard recorded == nil else { return }
    let given = names.filter { name in object.value(of: name).map { $0 != .null } ?? false }
    func list(_ names: [StaticString]) -> String {
      let words = names.map(\.description)
      return (words.dropLast(2) + [words.suffix(2).joined(separator: " and ")]).joined(separator: ", ")
    }
    if given.isEmpty, !orNone { throw fail(names[0], expected: "one of \(list(names))", found: "nothing") }
    if given.count > 1 {
      throw fail(
        given[0], expected: "the only one of \(list(names))", found: list(given), fix: "leave out all but one")
    }
  }

  /// The error that field `name` breaks a rule that no shape expresses; `found` is by default the field's JSON.
  package func fail(
    _ name: StaticString, expected: String, found: String? = nil, fix: String? = nil
  ) -> InvalidField {
    let found = found ?? object.value(of: name).map { $0.preview() } ?? "nothing"
    return InvalidField(path: [.key(name.description)], expected: expected, found: found, fix: fix)
  }

  /// The value of a field; nil where it is absent or null.
  private mutating func present(_ name: StaticString) -> JSON? {
    guard let json = object.value(of: name) else { return nil }
    foundCount += 1
    if case .null = json { return nil }
    return json
  }

  private mutating func read<Value>(
    _ name: StaticString, _ shape: Shape<Value>, _ json: JSON
  ) throws(InvalidField) -> Value {
    let count = unknown.list.count
    do throws(InvalidField) {
      let value = try shape.read(json, &unknown)
      unknown.enclose(since: count, in: .key(name.description))
      if unknown.collectsUnderstood {
        let inner = unknown.takeUnderstood() ?? json
        if !UnknownFields.tokens.contains(ExactString(name.description)) {
          understood.append(.init(key: name.description, value: inner))
        }
      }
      return value
    } catch {
      throw error.inside(.key(name.description))
    }
  }

  private mutating func record<Value>(
    _ name: StaticString, _ shape: Shape<Value>, _ doc: StaticString, isRequired: Bool
  ) throws(InvalidField) -> Value {
    recorded?.append(
      FieldSchema(
        name: name.description, type: shape.type, expectation: shape.expectation, isRequired: isRequired,
        doc: doc.description))
    return try shape.placeholder()
  }
}
