/// A value that can stand in a written field.
package protocol FieldValue {
  /// What the JSON is, for generated documents: "number", "list of string".
  static var typeName: String { get }
  /// Appends the value's JSON.
  func writeValue(to object: inout ObjectWriter)
}

/// A type written as a JSON object, field by field.
package protocol ObjectWritable: FieldValue {
  /// Writes the fields, without the braces around them.
  func write(to object: inout ObjectWriter)
}

extension ObjectWritable {
  package static var typeName: String { "object" }
  package func writeValue(to object: inout ObjectWriter) { object.braced(write) }
}

/// An object without fields.
package struct EmptyObject: ObjectWritable {
  package init() {}
  package func write(to object: inout ObjectWriter) {}
}

extension Double: FieldValue {
  package static var typeName: String { "number" }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(self) }
}

extension Int: FieldValue {
  package static var typeName: String { "integer" }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(Int64(self)) }
}

extension Bool: FieldValue {
  package static var typeName: String { "boolean" }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(self) }
}

extension String: FieldValue {
  package static var typeName: String { "string" }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(self) }
}

extension JSON: FieldValue {
  package static var typeName: String { "any" }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(self) }
}

extension Array: FieldValue where Element: FieldValue {
  package static var typeName: String { "list of \(Element.typeName)" }
  package func writeValue(to object: inout ObjectWriter) {
    object.bracketed(self) { (element, object) in element.writeValue(to: &object) }
  }
}
