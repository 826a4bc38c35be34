package import Basics

/// A value that can stand in a written field.
package protocol FieldValue: SendableMetatype {
  /// What the JSON is.
  static var fieldType: FieldType { get }
  /// Appends the value's JSON.
  func writeValue(to object: inout ObjectWriter)
}

/// A closed enum is written as the raw value of its case, and every case is an allowed value.
extension FieldValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  package static var fieldType: FieldType { .choice(allCases.map(\.rawValue)) }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(rawValue) }
}

extension Double: FieldValue {
  package static var fieldType: FieldType { .number() }
  /// A zero has no sign: -0.0 comes of rounding, and nothing that is answered means something else by it.
  package func writeValue(to object: inout ObjectWriter) { object.json.write(self == 0 ? 0 : self) }
}

extension Int: FieldValue {
  package static var fieldType: FieldType { .integer() }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(Int64(self)) }
}

extension Bool: FieldValue {
  package static var fieldType: FieldType { .boolean }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(self) }
}

extension String: FieldValue {
  package static var fieldType: FieldType { .string() }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(self) }
}

extension ExactString: FieldValue {
  package static var fieldType: FieldType { .string() }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(self) }
}

extension JSON: FieldValue {
  package static var fieldType: FieldType { .any }
  package func writeValue(to object: inout ObjectWriter) { object.json.write(self) }
}

extension Array: FieldValue where Element: FieldValue {
  package static var fieldType: FieldType { .list(Element.fieldType) }
  package func writeValue(to object: inout ObjectWriter) {
    object.bracketed(self) { (element, object) in element.writeValue(to: &object) }
  }
}
