package import Basics
package import JSON

/// What ties an answer to its request.
package enum RequestID: Sendable {
  case integer(Int64)
  /// A whole number that was written with a fraction or an exponent, and is written so again.
  case number(Double)
  case string(ExactString)
  /// Allowed by JSON-RPC 2.0, which advises against it; also the id of answers to what has no readable id.
  case null

  /// Reads an id; nil for anything but a string, null or a whole number of 64 bits.
  package init?(_ json: JSON) {
    switch json {
    case .integer(let value): self = .integer(value)
    case .number(let value):
      // -2^63 could be a rounded number that does not fit.
      guard value.magnitude < 0x1p63, value == value.rounded() else { return nil }
      self = .number(value)
    case .string(let text): self = .string(text)
    case .null: self = .null
    default: return nil
    }
  }

  /// The id as JSON.
  package var json: JSON {
    switch self {
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .string(let text): .string(text)
    case .null: .null
    }
  }
}

/// Ids are the same if they mean the same: 1 and 1.0 are.
extension RequestID: Hashable {
  private var meaning: JSON {
    guard case .number(let value) = self else { return json }
    return Int64(exactly: value).map(JSON.integer) ?? json
  }

  package static func == (first: RequestID, second: RequestID) -> Bool { first.meaning == second.meaning }
  package func hash(into hasher: inout Hasher) { hasher.combine(meaning) }
}

extension RequestID: FieldValue, CustomStringConvertible {
  package static var fieldType: FieldType { .either(.integer(), .string()) }
  package func writeValue(to object: inout ObjectWriter) { json.writeValue(to: &object) }
  package var description: String { json.preview() }
}
