/// What a field's JSON must look like, and how to read it as a `Value`.
///
/// One declaration serves reading, error texts and generated documents, so they cannot drift apart.
package struct Shape<Value>: Sendable {
  /// Reads a value; nil when the JSON is not of this shape, an error when something inside it is not.
  let convert: @Sendable (JSON) throws(InvalidField) -> Value?
  let describe: @Sendable () -> String
  let makePlaceholder: @Sendable () throws(InvalidField) -> Value
  let describeChildren: @Sendable () -> [FieldSchema]

  /// A shape that `convert` recognises by returning non-nil.
  ///
  /// `expectation` and `placeholder` are only evaluated for errors and documents, never while reading good input.
  package init(
    expectation: @autoclosure @escaping @Sendable () -> String,
    placeholder: @autoclosure @escaping @Sendable () -> Value,
    convert: @escaping @Sendable (JSON) throws(InvalidField) -> Value?
  ) {
    self.init(convert: convert, describe: expectation, makePlaceholder: placeholder, describeChildren: { [] })
  }

  init(
    convert: @escaping @Sendable (JSON) throws(InvalidField) -> Value?,
    describe: @escaping @Sendable () -> String,
    makePlaceholder: @escaping @Sendable () throws(InvalidField) -> Value,
    describeChildren: @escaping @Sendable () -> [FieldSchema]
  ) {
    self.convert = convert
    self.describe = describe
    self.makePlaceholder = makePlaceholder
    self.describeChildren = describeChildren
  }

  /// What is right here, for a person: "a number > 0", "an integer in 1...4096".
  package var expectation: String { describe() }

  /// The fields of the object, or of the objects in the list, that this shape reads; else empty.
  package var children: [FieldSchema] { describeChildren() }

  /// Some value of the shape, given to initialisers whose fields are being recorded instead of read.
  ///
  /// Throws if a nested object's initialiser refuses its own placeholders.
  package func placeholder() throws(InvalidField) -> Value { try makePlaceholder() }

  /// Reads `json`, or throws what was expected and found, with the path from `json` inwards.
  package func read(_ json: JSON) throws(InvalidField) -> Value {
    if let value = try convert(json) { return value }
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
      convert: { (json) throws(InvalidField) in try convert(json).map(transform) },
      describe: describe,
      makePlaceholder: { () throws(InvalidField) in transform(try makePlaceholder()) },
      describeChildren: describeChildren)
  }

  /// The values of this shape that pass `isAllowed`, described by `expectation`.
  ///
  /// The placeholder is not checked, as it may well lie outside.
  package func narrowed(
    to expectation: @autoclosure @escaping @Sendable () -> String, _ isAllowed: @escaping @Sendable (Value) -> Bool
  ) -> Shape {
    Shape(
      convert: { (json) throws(InvalidField) in try convert(json).flatMap { isAllowed($0) ? $0 : nil } },
      describe: expectation, makePlaceholder: makePlaceholder, describeChildren: describeChildren)
  }

  /// Either of two shapes that read as the same type; `map` brings them there.
  ///
  /// Of two errors the one deeper inside the value is reported, as it is nearer to what was meant.
  package static func either(_ first: Shape, _ second: Shape) -> Shape {
    Shape(
      convert: { (json) throws(InvalidField) in
        var deepest: InvalidField?
        for shape in [first, second] {
          do throws(InvalidField) {
            if let value = try shape.convert(json) { return value }
          } catch {
            if error.path.count > deepest?.path.count ?? 0 { deepest = error }
          }
        }
        if let deepest { throw deepest }
        return nil
      },
      describe: { "\(first.expectation) or \(second.expectation)" },
      makePlaceholder: first.makePlaceholder,
      describeChildren: { first.children + second.children })
  }
}
