internal import Basics
package import JSON

/// Writes values as TOML.
package enum TOMLText {
  /// A value on one line: tables between braces. Nulls, which TOML lacks, are left out.
  package static func value(_ json: JSON) -> String {
    switch json {
    case .null: return "\"\""
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return grouped(value)
    case .number(let value): return "\(value)"
    case .string(let text): return string(text.text)
    case .array(let elements): return "[\(elements.map(value).joined(separator: ", "))]"
    case .object(let object):
      let members = object.filter { $0.value != .null }.map { "\(key($0.key.text)) = \(value($0.value))" }
      return members.isEmpty ? "{}" : "{ \(members.joined(separator: ", ")) }"
    }
  }

  /// A key, between quotes where it needs them.
  package static func key(_ text: String) -> String {
    let isBare =
      !text.isEmpty
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
    return isBare ? text : string(text)
  }

  private static func string(_ text: String) -> String {
    // JSON's escapes are TOML's, but for the delete character and the solidus, which is never escaped here.
    JSON.string(text).text.replacingBytes(of: "\u{7F}", with: "\\u007F")
  }

  /// Digits in groups of three, as one reads large counts.
  private static func grouped(_ value: Int64) -> String {
    let digits = Array("\(value.magnitude)")
    guard digits.count > 4 else { return "\(value)" }
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "_" }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + text
  }
}
