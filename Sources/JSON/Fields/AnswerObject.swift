/// A type written as a JSON object, field by field.
package protocol ObjectWritable {
  /// Writes the fields, without the braces around them.
  func write(to object: inout ObjectWriter)
  /// Appends the object.
  func writeValue(to object: inout ObjectWriter)
}

extension ObjectWritable {
  package func writeValue(to object: inout ObjectWriter) {
    // Not by ``ObjectWriter/braced(_:)``, whose closure would hold a copy of the whole value.
    let outer = object.open()
    write(to: &object)
    object.close(outer)
  }
}

/// A JSON object whose fields are known without a value.
package protocol DeclaredObject: ObjectWritable, FieldValue {
  /// The fields that ``ObjectWritable/write(to:)`` may write, in their order.
  static var schema: [FieldSchema] { get }
}

extension DeclaredObject {
  package static var fieldType: FieldType { .object(schema, Self.self) }
}

/// A plain value whose JSON object is declared: each field with its name, meaning and value.
///
///     struct Corner: AnswerObject {
///       let iterationTimeSeconds: Double
///       let priceWatts: Double?
///
///       static let fields = Fields<Corner> {
///         Field("iterationTimeSeconds", "Time of one iteration.") { $0.iterationTimeSeconds }
///         Field("priceWatts", "What one second less costs; absent at the end of the curve.") { $0.priceWatts }
///       }
///     }
///
/// The type of the closure's value says the rest: an optional may be absent, an enum has allowed values, an answer
/// object or a list of them has fields of its own. Documents are made from the declaration without a value, and writing
/// goes through it. Closures only read: what costs time is computed before the value is made.
package protocol AnswerObject: DeclaredObject {
  static var fields: Fields<Self> { get }
}

extension AnswerObject {
  package static var schema: [FieldSchema] { fields.schema }

  package func write(to object: inout ObjectWriter) { Self.fields.write(self, &object) }
}

/// The declared fields of an ``AnswerObject``, in the order in which they are written.
package struct Fields<Object>: Sendable {
  private let list: [Field<Object>]
  /// Writes all of them. One closure that calls them, as a loop over closures of a generic type would look their type
  /// up and allocate for each: a query writes twenty fields in a microsecond.
  let write: @Sendable (Object, inout ObjectWriter) -> Void

  package init(@FieldsBuilder<Object> _ fields: () -> [Field<Object>]) {
    list = fields()
    var write: @Sendable (Object, inout ObjectWriter) -> Void = { _, _ in }
    for field in list {
      let (writeOthers, writeLast) = (write, field.write)
      write = {
        writeOthers($0, &$1)
        writeLast($0, &$1)
      }
    }
    self.write = write
  }

  package var schema: [FieldSchema] { list.flatMap { $0.schema() } }
}

/// One declared field.
package struct Field<Object>: Sendable {
  let schema: @Sendable () -> [FieldSchema]
  let write: @Sendable (Object, inout ObjectWriter) -> Void

  /// A field that is always there.
  ///
  /// - Parameter unit: only where the name does not end with it.
  package init<Value: FieldValue>(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> Value
  ) {
    self.init(name, Value.self, isRequired: true, unit, doc) { $1.field(name, value($0)) }
  }

  /// A field that is left out where its value is nil.
  package init<Value: FieldValue>(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> Value?
  ) {
    self.init(name, Value.self, isRequired: false, unit, doc) { $1.field(name, value($0)) }
  }

  /// The fields of another object, written among those of this one.
  package static func inline<Inner: DeclaredObject>(_ value: @escaping @Sendable (Object) -> Inner) -> Field {
    Field(schema: { Inner.schema }, write: { value($0).write(to: &$1) })
  }

  /// The fields of another object, written among those of this one; none of them where it is nil.
  package static func inline<Inner: DeclaredObject>(_ value: @escaping @Sendable (Object) -> Inner?) -> Field {
    Field(
      schema: {
        Inner.schema.map {
          FieldSchema(name: $0.name, type: $0.type, isRequired: false, unit: $0.unit, doc: $0.doc)
        }
      },
      write: { value($0)?.write(to: &$1) })
  }

  init<Value: FieldValue>(
    _ name: StaticString, _ type: Value.Type, isRequired: Bool, _ unit: String?, _ doc: String,
    write: @escaping @Sendable (Object, inout ObjectWriter) -> Void
  ) {
    self.init(
      schema: {
        [FieldSchema(name: name.description, type: Value.fieldType, isRequired: isRequired, unit: unit, doc: doc)]
      }, write: write)
  }

  private init(
    schema: @escaping @Sendable () -> [FieldSchema],
    write: @escaping @Sendable (Object, inout ObjectWriter) -> Void
  ) {
    self.schema = schema
    self.write = write
  }
}

/// Collects fields; each is type-checked by itself, which keeps long lists fast to compile.
@resultBuilder package enum FieldsBuilder<Object> {
  package static func buildExpression(_ field: Field<Object>) -> Field<Object> { field }
  package static func buildBlock(_ fields: Field<Object>...) -> [Field<Object>] { fields }
}

/// An object without fields.
package struct EmptyObject: AnswerObject {
  package static let fields = Fields<EmptyObject> {}

  package init() {}
}

/// An answer that says nothing.
package struct NullAnswer: DeclaredObject {
  package static var schema: [FieldSchema] { [] }
  package static var fieldType: FieldType { .null }

  package init() {}
  package func write(to object: inout ObjectWriter) {}
  package func writeValue(to object: inout ObjectWriter) { object.json.write(JSON.null) }
}

/// An answer that is a list of objects instead of an object.
package struct AnswerList<Element: DeclaredObject & Sendable>: DeclaredObject, Sendable {
  package static var schema: [FieldSchema] { [] }
  package static var fieldType: FieldType { .list(Element.fieldType) }
  package let elements: [Element]

  package init(_ elements: [Element] = []) { self.elements = elements }
  package func write(to object: inout ObjectWriter) {}
  package func writeValue(to object: inout ObjectWriter) { elements.writeValue(to: &object) }
}

/// An answer that may be null.
package struct AnswerOrNull<Answer: DeclaredObject & Sendable>: DeclaredObject, Sendable {
  package static var schema: [FieldSchema] { [] }
  package static var fieldType: FieldType { .either(Answer.fieldType, .null) }
  package let answer: Answer?

  package init(_ answer: Answer?) { self.answer = answer }
  package func write(to object: inout ObjectWriter) {}
  package func writeValue(to object: inout ObjectWriter) {
    if let answer { answer.writeValue(to: &object) } else { object.json.write(JSON.null) }
  }
}

/// An object that many messages share, spelled once.
package struct Written<Object: DeclaredObject>: DeclaredObject, Sendable {
  package static var schema: [FieldSchema] { Object.schema }
  package static var fieldType: FieldType { Object.fieldType }
  private let text: WrittenFields

  package init(_ object: Object) { text = WrittenFields { object.write(to: &$0) } }

  package func write(to object: inout ObjectWriter) { object.fields(text) }
}

/// An object as text that was written before, for values whose fields are not declared.
package struct WrittenJSON: FieldValue, Sendable {
  package static var fieldType: FieldType { .any }
  private let text: WrittenFields

  package init(_ fields: (inout ObjectWriter) -> Void) { text = WrittenFields(fields) }

  package func writeValue(to object: inout ObjectWriter) { object.braced { $0.fields(text) } }
}
