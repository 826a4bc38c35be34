package import Basics
package import JSON

/// How a message that came differs from the one that was recorded.
package struct Difference: Sendable, Equatable {
  /// As in `result.plans[3].energyJoules`; empty for the whole message.
  package let path: String
  package let expected: String
  package let found: String

  package init(path: String, expected: String, found: String) {
    (self.path, self.expected, self.found) = (path, expected, found)
  }

  package var text: String { "\(path.isEmpty ? "the message" : path): expected \(expected), found \(found)" }
}

/// Compares messages as JSON values: objects without regard to the order of their members, numbers by value.
package struct Comparison: Sendable {
  /// Names of fields whose values may be any.
  package var masks: Set<ExactString>
  /// Whether objects may have members that were not recorded, and the words `%any`, `%string`, `%number`, `%integer`,
  /// `%object`, `%list`, `%null` and `%absent`, or several with `|` between them, stand for values of a kind.
  package var isOpen: Bool

  package init(masks: Set<ExactString> = [], isOpen: Bool = false) { (self.masks, self.isOpen) = (masks, isOpen) }

  /// At most `limit` differences. Linear in the messages' length, quadratic in the members of one object.
  package func differences(_ expected: JSON, _ found: JSON, limit: Int = 20) -> [Difference] {
    var differences: [Difference] = []
    compare(expected, found, "", &differences, limit)
    return differences
  }

  private func compare(
    _ expected: JSON, _ found: JSON, _ path: String, _ differences: inout [Difference], _ limit: Int
  ) {
    guard differences.count < limit else { return }
    if isOpen, let pattern = expected.stringValue?.text, let matches = kind(expected, found) {
      if !matches { differences.append(Difference(path: path, expected: pattern, found: found.preview())) }
      return
    }
    switch (expected, found) {
    case (.object(let first), .object(let second)):
      for member in first {
        let inner = path.isEmpty ? member.key.text : "\(path).\(member.key.text)"
        guard !masks.contains(member.key) else { continue }
        if let value = second[member.key.text] {
          compare(member.value, value, inner, &differences, limit)
        } else if !(isOpen && kind(member.value, nil) == true) {
          differences.append(Difference(path: inner, expected: member.value.preview(), found: "nothing"))
        }
      }
      guard !isOpen else { return }
      for member in second where first[member.key.text] == nil && !masks.contains(member.key) {
        let inner = path.isEmpty ? member.key.text : "\(path).\(member.key.text)"
        differences.append(Difference(path: inner, expected: "nothing", found: member.value.preview()))
      }
    case (.array(let first), .array(let second)):
      if first.count != second.count {
        differences.append(
          Difference(path: path, expected: "\(first.count) elements", found: "\(second.count) elements"))
      }
      for (index, (one, other)) in zip(first, second).enumerated() {
        compare(one, other, "\(path)[\(index)]", &differences, limit)
      }
    default:
      if expected != found, !isSameNumber(expected, found) {
        differences.append(Difference(path: path, expected: expected.preview(), found: found.preview()))
      }
    }
  }

  private func isSameNumber(_ a: JSON, _ b: JSON) -> Bool {
    switch (a, b) {
    case (.integer, .number), (.number, .integer), (.number, .number): a.doubleValue == b.doubleValue
    default: false
    }
  }

  /// Whether a value, nil for an absent one, is of a kind that a pattern names; nil for what is no pattern.
  private func kind(_ pattern: JSON, _ value: JSON?) -> Bool? {
    guard let text = pattern.stringValue?.text, text.utf8.first == UInt8(ascii: "%") else { return nil }
    var matches = false
    for name in text.utf8.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false) {
      guard let kind = Kind(named: ExactString(String(Substring(name)))) else { return nil }
      matches = matches || kind.matches(value)
    }
    return matches
  }

  /// The kinds of values that a pattern may name.
  private enum Kind: String, CaseIterable {
    case any = "%any"
    case absent = "%absent"
    case null = "%null"
    case string = "%string"
    case number = "%number"
    case integer = "%integer"
    case object = "%object"
    case list = "%list"

    func matches(_ value: JSON?) -> Bool {
      switch self {
      case .any: value != nil
      case .absent: value == nil
      case .null: value == .null
      case .string: value?.stringValue != nil
      case .number: value?.doubleValue != nil
      case .integer: value?.integerValue != nil
      case .object: value?.objectValue != nil
      case .list: value?.arrayValue != nil
      }
    }
  }
}
