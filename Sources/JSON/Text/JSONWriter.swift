package import Basics

/// Appends JSON text to a growing buffer of UTF-8 bytes.
///
/// The caller sees to commas, colons and brackets with ``append(_:)-(StaticString)``; this type only knows how a
/// single value is spelled.
package struct JSONWriter {
  /// The text so far.
  package private(set) var bytes: [UInt8] = []
  /// True once a NaN or an infinity had to be written as null, because JSON has no spelling for them.
  package private(set) var sawNonFinite = false
  /// Long text that belongs at `insertOffset` of ``bytes`` and is not copied there; empty for none.
  package private(set) var insert: [UInt8] = []
  package private(set) var insertOffset = 0

  package init() {}

  /// Empties the buffer and keeps its memory.
  package mutating func reset() {
    bytes.removeAll(keepingCapacity: true)
    sawNonFinite = false
    (insert, insertOffset) = ([], 0)
  }

  /// Appends `text` as it stands.
  package mutating func append(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends the name of a member with a colon after it, and a comma before it. The name is an identifier, so there is
  /// nothing to escape.
  mutating func append(memberName name: StaticString, afterComma: Bool) {
    let count = name.utf8CodeUnitCount
    // Together, as each call of `append` checks the array.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count + 4) { text in
      var end = 0
      func put(_ byte: UInt8) {
        text.initializeElement(at: end, to: byte)
        end += 1
      }
      if afterComma { put(UInt8(ascii: ",")) }
      put(UInt8(ascii: "\""))
      for index in 0..<count { put(name.utf8Start[index]) }
      put(UInt8(ascii: "\""))
      put(UInt8(ascii: ":"))
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<end]))
    }
  }

  /// Appends text that was written before.
  mutating func append(bytes text: [UInt8], sawNonFinite: Bool) {
    bytes.append(contentsOf: text)
    if sawNonFinite { self.sawNonFinite = true }
  }

  /// Appends the text of a value that another writer wrote; long text is kept where it is, as by `insert`.
  package mutating func append(written text: [UInt8]) {
    if text.count >= 64 << 10, insert.isEmpty {
      insert(bytes: text, sawNonFinite: false)
    } else {
      append(bytes: text, sawNonFinite: false)
    }
  }

  /// Keeps text that was written before at the place where the writer is, without a copy. At most once.
  mutating func insert(bytes text: [UInt8], sawNonFinite: Bool) {
    precondition(insert.isEmpty, "one insert only")
    (insert, insertOffset) = (text, bytes.count)
    if sawNonFinite { self.sawNonFinite = true }
  }

  /// Appends one byte as it stands.
  package mutating func append(byte: UInt8) {
    bytes.append(byte)
  }

  /// Appends an integer in decimal.
  package mutating func write(_ value: Int64) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    guard rest >= 10 else {
      bytes.append(UInt8(ascii: "0") + UInt8(rest))
      return
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var start = 20
      while rest > 0 {
        start -= 1
        digits.initializeElement(at: start, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
        rest /= 10
      }
      bytes.append(contentsOf: digits[start...])
    }
  }

  /// Appends the shortest decimal that reads back as the same double; null and ``sawNonFinite`` for NaN, infinity.
  package mutating func write(_ value: Double) {
    guard value.isFinite else {
      sawNonFinite = true
      append("null")
      return
    }
    // The standard library's shortest round-trip form ("0.1", "1e+16", "-0.0") is valid JSON as it stands.
    withUnsafeMutablePointer(to: &bytes) {
      var text = PlainText(bytes: $0)
      value.write(to: &text)
    }
  }

  /// Appends `true` or `false`.
  package mutating func write(_ value: Bool) {
    append(value ? "true" : "false")
  }

  /// Appends a string in quotes, escaping only what must be escaped.
  package mutating func write(_ text: String) {
    var text = text
    bytes.append(UInt8(ascii: "\""))
    text.withUTF8 { writeEscaped($0) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends a string in quotes, escaping only what must be escaped.
  package mutating func write(_ text: ExactString) {
    bytes.append(UInt8(ascii: "\""))
    text.withBytes { writeEscaped($0) }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func writeEscaped(_ text: UnsafeBufferPointer<UInt8>) {
    var pieceStart = 0
    for (index, byte) in text.enumerated()
    where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
      bytes.append(contentsOf: text[pieceStart..<index])
      pieceStart = index + 1
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x08: append("\\b")
      case 0x09: append("\\t")
      case 0x0A: append("\\n")
      case 0x0C: append("\\f")
      case 0x0D: append("\\r")
      default:
        append("\\u00")
        bytes.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        bytes.append(hexadecimalDigit(byte & 0xF))
      }
    }
    bytes.append(contentsOf: text[pieceStart...])
  }

  private func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }

  /// Appends any value. Linear in its size; recurses as deep as it nests.
  package mutating func write(_ value: JSON) {
    switch value {
    case .null: append("null")
    case .bool(let value): write(value)
    case .integer(let value): write(value)
    case .number(let value): write(value)
    case .string(let text): write(text)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        write(element)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in object.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        write(member.key)
        bytes.append(UInt8(ascii: ":"))
        write(member.value)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }
}

/// Appends what the standard library prints, without a string in between where it has plain bytes at hand.
private struct PlainText: TextOutputStream {
  let bytes: UnsafeMutablePointer<[UInt8]>

  mutating func write(_ text: String) { bytes.pointee.append(contentsOf: text.utf8) }

  /// What a number calls with its digits. The protocol has it with an underscore, and a default that makes a string; a
  /// library without it would call ``write(_:)``.
  mutating func _writeASCII(_ text: UnsafeBufferPointer<UInt8>) { bytes.pointee.append(contentsOf: text) }
}
