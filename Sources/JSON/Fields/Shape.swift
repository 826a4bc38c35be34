/// What a field's JSON must look like, and how to read it as a `Value`.
///
/// One declaration serves reading, error texts and generated documents, so they cannot drift apart.
package struct Shape<Value>: Sendable {
  /// Reads a value and notes the unknown fields inside it; nil when the JSON is not of this shape, an error when
  /// something inside it is not.
  let convert: @Sendable (JSON, inout UnknownFields) throws(InvalidField) -> Value?
  let describe: @Sendable () -> String
  let makePlaceholder: @Sendable () throws(InvalidField) -> Value
  let describeType: @Sendable () -> FieldType

  /// A shape that `convert` recognises by returning non-nil.
  ///
  /// `type`, `expectation` and `placeholder` are only evaluated for errors and documents, never while reading good
  /// input.
  package init(
    type: @autoclosure @escaping @Sendable () -> FieldType = .any,
    expectation: @autoclosure @escaping @Sendable () -> String,
    placeholder: @autoclosure @escaping @Sendable () -> Value,
    convert: @escaping @Sendable (JSON) throws(InvalidField) -> Value?
  ) {
    self.init(
      convert: { (json, _) throws(InvalidField) in try convert(json) }, describe: expectation,
      makePlaceholder: placeholder, describeType: type)
  }

  init(
    convert: @escaping @Sendable (JSON, inout UnknownFields) throws(InvalidField) -> Value?,
    describe: @escaping @Sendable () -> String,
    makePlaceholder: @escaping @Sendable () throws(InvalidField) -> Value,
    describeType: @escaping @Sendable () -> FieldType
  ) {
    self.convert = convert
    self.describe = describe
    self.makePlaceholder = makePlaceholder
    self.describeType = describeType
  }

  /// What is right here, for a person: "a number > 0", "an integer in 1...4096".
  package var expectation: String { describe() }

  /// What the JSON is.
  package var type: FieldType { describeType() }

  /// Some value of the shape, given to initialisers whose fields are being recorded instead of read.
  ///
  /// Throws if a nested object's initialiser refuses its own placeholders.
  package func placeholder() throws(InvalidField) -> Value { try makePlaceholder() }

  /// Reads `json`, or throws what was expected and found, with the path from `json` inwards. Unknown fields are
  /// passed over.
  package func read(_ json: JSON) throws(InvalidField) -> Value {
    var unknown = UnknownFields()
    return try read(json, &unknown)
  }

  func read(_ json: JSON, _ unknown: inout UnknownFields) throws(InvalidField) -> Value {
    if let value = try convert(json, &unknown) { return value }
    throw mismatch(json)
  }

  func mismatch(_ json: JSON) -> InvalidField {
    InvalidField(expected: describe(), found: json.preview())
  }
}

extension Shape {
  /// The same JSON read as another type.
  package func map<NewValue>(_ transform: @escaping @Sendable (Value) -> NewValue) -> Shape<NewValue> {
    Shape<NewValue>(
      convert: { (json, unknown) throws(InvalidField) in try convert(json, &unknown).map(transform) },
      describe: describe,
      makePlaceholder: { () throws(InvalidField) in transform(try makePlaceholder()) },
      describeType: describeType)
  }

  /// The values of this shape that pass `isAllowed`, described by `expectation`.
  ///
  /// The placeholder is not checked, as it may well lie outside.
  package func narrowed(
    to expectation: @autoclosure @escaping @Sendable () -> String, _ isAllowed: @escaping @Sendable (Value) -> Bool
  ) -> Shape {
    Shape(
      convert: { (json, unknown) throws(InvalidField) in
        try convert(json, &unknown).flatMap { isAllowed($0) ? $0 : nil }
      },
      describe: expectation, makePlaceholder: makePlaceholder, describeType: describeType)
  }

  /// Either of two shapes that read as the same type; `map` brings them there.
  ///
  /// Of two errors the one deeper inside the value is reported, as it is nearer to what was meant.
  package static func either(_ first: Shape, _ second: Shape) -> Shape {
    Shape(
      convert: { (json, unknown) throws(InvalidField) in
        var deepest: InvalidField?
        for shape in [first, second] {
          var noted = unknown
          do throws(InvalidField) {
            if let value = try shape.convert(json, &noted) {
              unknown = noted
              return value
            }
          } catch {
            if error.path.count > deepest?.path.count ?? 0 { deepest = error }
          }
        }
        if let deepest { throw deepest }
        return nil
      },
      describe: { "\(first.expectation) or \(second.expectation)" },
      makePlaceholder: first.makePlaceholder,
      describeType: { .either(first.type, second.type) })
  }
}
