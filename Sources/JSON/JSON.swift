// Imported for linking only: the standard library's rounding of doubles calls the C mathematics library.
package import Basics
internal import CLibrary

/// One JSON value, kept so that it can be sent back as it came.
///
/// Equality is exact: `.integer(1)` differs from `.number(1)`, and objects compare in member order.
/// Use ``canonicalText`` to compare by meaning.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent that fits 64 bits.
  case integer(Int64)
  /// Any other number; always finite when it comes from ``parse(_:maximumDepth:)-(UnsafeRawBufferPointer,_)``.
  case number(Double)
  case string(ExactString)
  case array(JSONArray)
  case object(JSONObject)

  package static func string(_ text: String) -> JSON { .string(ExactString(text)) }
  package static func array(_ elements: [JSON]) -> JSON { .array(JSONArray(elements)) }
}

extension JSON {
  /// The member `key` of an object; nil for an absent member and for anything but an object.
  /// Linear in the number of members.
  package subscript(key: String) -> JSON? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  /// The element at `index` of an array; nil out of range and for anything but an array. Linear in `index`.
  package subscript(index: Int) -> JSON? {
    guard case .array(let elements) = self, (0..<elements.count).contains(index) else { return nil }
    return elements[index]
  }

  /// The text of a string, else nil.
  package var stringValue: ExactString? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The value of a number that is a whole one within `Int`, else nil; 3.0 counts as 3.
  package var integerValue: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The value of a number, rounded to nearest for integers beyond 2^53; else nil.
  package var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The value of a boolean, else nil.
  package var boolValue: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// The elements of an array, else nil.
  package var arrayValue: JSONArray? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  /// The same value, which no longer refers to the text it was parsed from: for a small part of a message that is
  /// kept for long. Linear in its size.
  package var detached: JSON {
    switch self {
    case .array(let elements): .array(elements.map(\.detached))
    case .object(let object):
      .object(JSONObject(members: object.map { JSONObject.Member(key: $0.key, value: $0.value.detached) }))
    default: self
    }
  }

  /// The members of an object, else nil.
  package var objectValue: JSONObject? {
    guard case .object(let object) = self else { return nil }
    return object
  }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(nilLiteral: ()) { self = .null }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(stringLiteral value: String) { self = .string(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(JSONArray(elements)) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(JSONObject(members: elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
  }
}
