// Params as their reader understands them: fields that it does not know are left out, and so are nulls and the tokens
// of tools in between; defaults are written out, also those that depend on other fields. Read again by a version with
// other defaults, they mean the same.
extension ObjectReadable {
  /// Reads an object and gives back what was understood of it. Linear in the value.
  ///
  /// - Throws: ``InvalidField`` where the object is not what this type reads.
  package static func understood(_ json: JSON?) throws(InvalidField) -> JSONObject {
    var notes = UnknownFields(collectsUnderstood: true)
    _ = try Self(reading: json, unknown: &notes)
    guard case .object(let object)? = notes.understood else { preconditionFailure("an object was read") }
    return object
  }
}

/// The JSON of a default that is a plain value; nil for one that stands for several fields, which have their own.
func defaultJSON(_ value: some Any) -> JSON? {
  switch value {
  case let value as Bool: .bool(value)
  case let value as Int: .integer(Int64(value))
  case let value as Double: .number(value)
  case let value as String: .string(value)
  case let value as any RawRepresentable: (value.rawValue as? String).map { .string($0) }
  case let value as [Any] where value.isEmpty: .array([])
  default: nil
  }
}
