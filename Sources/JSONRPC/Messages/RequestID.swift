package import Basics
package import JSON

/// What ties an answer to its request.
package enum RequestID: Sendable, Hashable {
  case integer(Int64)
  case string(ExactString)
  /// Allowed by JSON-RPC 2.0, which advises against it; also the id of answers to what has no readable id.
  case null

  /// Reads an id; nil for anything but a string, null or a whole number. 3.0 counts as 3.
  package init?(_ json: JSON) {
    switch json {
    case .integer(let value): self = .integer(value)
    case .number:
      guard let value = json.integerValue else { return nil }
      self = .integer(Int64(value))
    case .string(let text): self = .string(text)
    case .null: self = .null
    default: return nil
    }
  }

  /// The id as JSON.
  package var json: JSON {
    switch self {
    case .integer(let value): .integer(value)
    case .string(let text): .string(text)
    case .null: .null
    }
  }
}

extension RequestID: FieldValue, CustomStringConvertible {
  package static var fieldType: FieldType { .either(.integer, .string) }

  package func writeValue(to object: inout ObjectWriter) {
    switch self {
    case .integer(let value): object.json.write(value)
    case .string(let text): object.json.write(text)
    case .null: object.json.append("null")
    }
  }

  package var description: String { json.preview() }
}
