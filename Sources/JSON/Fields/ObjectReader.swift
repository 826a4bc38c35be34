/// A type read from a JSON object, field by field, in its initialiser.
package protocol ObjectReadable: Sendable {
  /// Reads the fields; must ask for the same fields whatever their values are, so that they can be documented.
  init(from reader: inout ObjectReader) throws(InvalidField)
}

extension ObjectReadable {
  /// Reads an object; nil and null count as an object without fields.
  package init(reading json: JSON?) throws(InvalidField) {
    switch json {
    case nil, .null: self = try Self(reading: JSONObject())
    case .some(let json): self = try Shape.object(Self.self).read(json)
    }
  }

  init(reading object: JSONObject) throws(InvalidField) {
    var reader = ObjectReader(object)
    self = try Self(from: &reader)
  }
}

/// The fields of one JSON object, each declared where it is read: name, shape, documentation.
///
/// Fields nobody asks for are ignored. A field that is null is absent.
package struct ObjectReader {
  private let object: JSONObject
  /// The declarations seen so far, while recording instead of reading.
  private(set) var recorded: [FieldSchema]?

  init(_ object: JSONObject) {
    self.object = object
  }

  /// A reader that answers each question with a placeholder and notes that it was asked.
  static func recording() -> ObjectReader {
    var reader = ObjectReader(JSONObject())
    reader.recorded = []
    return reader
  }

  /// Reads a field that must be there.
  package mutating func required<Value>(
    _ name: StaticString, _ shape: Shape<Value>, _ doc: StaticString
  ) throws(InvalidField) -> Value {
    if recorded != nil { return try record(name, shape, doc, isRequired: true) }
    guard let json = present(name) else { throw fail(name, expected: shape.expectation) }
    return try read(name, shape, json)
  }

  /// Reads a field that may be absent.
  package mutating func optional<Value>(
    _ name: StaticString, _ shape: Shape<Value>, _ doc: StaticString
  ) throws(InvalidField) -> Value? {
    if recorded != nil { return try record(name, shape, doc, isRequired: false) }
    guard let json = present(name) else { return nil }
    return try read(name, shape, json)
  }

  /// Reads a field that is `defaultValue` when absent.
  package mutating func optional<Value>(
    _ name: StaticString, _ shape: Shape<Value>, default defaultValue: Value, _ doc: StaticString
  ) throws(InvalidField) -> Value {
    try optional(name, shape, doc) ?? defaultValue
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

  /// The error that field `name` breaks a rule that no shape expresses; `found` is by default the field's JSON.
  package func fail(
    _ name: StaticString, expected: String, found: String? = nil, fix: String? = nil
  ) -> InvalidField {
    let found = found ?? object[name].map { $0.preview() } ?? "nothing"
    return InvalidField(path: [.key(name.description)], expected: expected, found: found, fix: fix)
  }

  private func present(_ name: StaticString) -> JSON? {
    guard let json = object[name], json != .null else { return nil }
    return json
  }

  private func read<Value>(
    _ name: StaticString, _ shape: Shape<Value>, _ json: JSON
  ) throws(InvalidField) -> Value {
    do throws(InvalidField) {
      return try shape.read(json)
    } catch {
      throw error.inside(.key(name.description))
    }
  }

  private mutating func record<Value>(
    _ name: StaticString, _ shape: Shape<Value>, _ doc: StaticString, isRequired: Bool
  ) throws(InvalidField) -> Value {
    recorded?.append(
      FieldSchema(
        name: name.description, expectation: shape.expectation, isRequired: isRequired, doc: doc.description,
        children: shape.children))
    return try shape.placeholder()
  }
}
