internal import Basics
internal import JSON

/// A setting is any JSON value; these say what tells one from another, and which clock it has.
extension JSON {
  /// The same for equal settings: 1410 and 1410.0 are one clock, and the members of an object, one for each knob, have
  /// no order. O(size log size).
  var canonicalSetting: JSON {
    switch self {
    case .integer(let value): .number(Double(value))
    case .array(let elements): .array(elements.map(\.canonicalSetting))
    case .object(let object):
      .object(
        JSONObject(
          members: object.map { JSONObject.Member(key: $0.key, value: $0.value.canonicalSetting) }
            .enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }.map(\.element)))
    default: self
    }
  }

  /// The clock of a setting: a number, or the knob `frequency` among several; nil where there is none.
  var clock: Double? { doubleValue ?? self["frequency"]?.doubleValue }
}
