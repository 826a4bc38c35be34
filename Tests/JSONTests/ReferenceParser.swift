import JSON

// A second parser, to compare with: it builds every value as it reads, and uses the standard library for numbers.

/// A cursor over JSON text: one method for each production of the grammar.
struct ReferenceParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let maximumDepth: Int
  var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
  }

  /// The byte under the cursor; 0 at the end, which no production accepts.
  var current: UInt8 {
    position < bytes.count ? bytes[position] : 0
  }

  mutating func document() throws(JSONSyntaxError) -> JSON {
    skipBlanks()
    let value = try value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw failure("the end of the text") }
    return value
  }

  mutating func value(depth: Int) throws(JSONSyntaxError) -> JSON {
    switch current {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: throw failure("a value")
    }
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONObject {
    try enter(depth)
    var members: [JSONObject.Member] = []
    if current == UInt8(ascii: "}") {
      position += 1
      return JSONObject()
    }
    // Most objects here have three to eight members: one allocation for four spares two small ones.
    members.reserveCapacity(4)
    while true {
      guard current == UInt8(ascii: "\"") else { throw failure("a member name in double quotes") }
      let key = try string()
      skipBlanks()
      guard current == UInt8(ascii: ":") else { throw failure("':'") }
      position += 1
      skipBlanks()
      members.append(JSONObject.Member(key: key, value: try value(depth: depth + 1)))
      skipBlanks()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return JSONObject(members: members)
      default: throw failure("',' or '}'")
      }
      skipBlanks()
    }
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> [JSON] {
    try enter(depth)
    var elements: [JSON] = []
    if current == UInt8(ascii: "]") {
      position += 1
      return elements
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipBlanks()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return elements
      default: throw failure("',' or ']'")
      }
      skipBlanks()
    }
  }

  /// Steps over an opening bracket that has `depth` others around it.
  private mutating func enter(_ depth: Int) throws(JSONSyntaxError) {
    guard depth < maximumDepth else { throw failure("at most \(maximumDepth) levels of nesting") }
    position += 1
    skipBlanks()
  }

  private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONSyntaxError) -> JSON {
    for index in 0..<word.utf8CodeUnitCount {
      guard current == word.utf8Start[index] else { throw failure("\(word)") }
      position += 1
    }
    return value
  }

  mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
      default: return
      }
    }
  }

  /// The error that `expected` was not found at `offset`, by default the cursor.
  func failure(_ expected: String, at offset: Int? = nil) -> JSONSyntaxError {
    let offset = offset ?? position
    guard offset < bytes.count else {
      return JSONSyntaxError(offset: bytes.count, expected: expected, found: "the end of the text")
    }
    let byte = bytes[offset]
    let hexadecimal = String(byte, radix: 16, uppercase: true)
    let found =
      (0x20..<0x7F).contains(byte)
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(byte < 16 ? "0" : "")\(hexadecimal)"
    return JSONSyntaxError(offset: offset, expected: expected, found: found)
  }
}

extension ReferenceParser {
  /// Reads a string, cursor on its opening quote.
  mutating func string() throws(JSONSyntaxError) -> String {
    let start = position + 1
    position = start
    try skipPlainText()
    if current == UInt8(ascii: "\"") {
      defer { position += 1 }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // Rare: the text has an escape, so it must be copied piece by piece.
    var text: [UInt8] = []
    var pieceStart = start
    while true {
      text.append(contentsOf: bytes[pieceStart..<position])
      if current == UInt8(ascii: "\"") { break }
      try escape(into: &text)
      pieceStart = position
      try skipPlainText()
    }
    position += 1
    return String(decoding: text, as: UTF8.self)
  }

  /// Moves to the next quote or backslash, checking that all before it is printable UTF-8.
  private mutating func skipPlainText() throws(JSONSyntaxError) {
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
      case 0x20..<0x80: position += 1
      case 0x80...: try skipMultibyteScalar(lead: byte)
      default: throw failure("an escaped control character")
      }
    }
    throw failure("'\"' to end the string")
  }

  /// Steps over one scalar of two to four bytes; the ranges are those of the Unicode standard's table 3-7, which
  /// leave out overlong forms, surrogates and anything above U+10FFFF.
  private mutating func skipMultibyteScalar(lead: UInt8) throws(JSONSyntaxError) {
    let second: ClosedRange<UInt8>
    let length: Int
    switch lead {
    case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
    case 0xE0: (second, length) = (0xA0...0xBF, 3)
    case 0xE1...0xEC, 0xEE...0xEF: (second, length) = (0x80...0xBF, 3)
    case 0xED: (second, length) = (0x80...0x9F, 3)
    case 0xF0: (second, length) = (0x90...0xBF, 4)
    case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
    case 0xF4: (second, length) = (0x80...0x8F, 4)
    default: throw failure("valid UTF-8")
    }
    for index in 1..<length {
      let offset = position + index
      let allowed = index == 1 ? second : 0x80...0xBF
      guard offset < bytes.count, allowed.contains(bytes[offset]) else { throw failure("valid UTF-8", at: offset) }
    }
    position += length
  }

  /// Reads one escape, cursor on its backslash, and appends what it stands for.
  private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
    position += 1
    switch current {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(current)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      position += 1
      text.append(contentsOf: String(Character(try escapedScalar())).utf8)
      return
    default: throw failure("one of \"\\/bfnrtu after a backslash")
    }
    position += 1
  }

  /// Reads the four digits after `\u`, and the second half of a surrogate pair if they are a first half.
  private mutating func escapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
    let start = position
    let first = try fourHexadecimalDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let lowSurrogate = "a low surrogate escape after a high one"
    guard first < 0xDC00 else { throw failure("a high surrogate escape before a low one", at: start) }
    for byte in [UInt8(ascii: "\\"), UInt8(ascii: "u")] {
      guard current == byte else { throw failure(lowSurrogate) }
      position += 1
    }
    let secondStart = position
    let second = try fourHexadecimalDigits()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw failure(lowSurrogate, at: secondStart) }
    return scalar
  }

  private mutating func fourHexadecimalDigits() throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch current {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = current - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = current - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = current - UInt8(ascii: "A") + 10
      default: throw failure("a hexadecimal digit")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}

extension ReferenceParser {
  /// Reads a number: an integer if it is written as one and fits 64 bits, else the nearest double.
  mutating func number() throws(JSONSyntaxError) -> JSON {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    if current == UInt8(ascii: "0") {
      position += 1
      if isDigit(current) { throw failure("no digit after a leading zero") }
    } else {
      try digits()
    }
    var isInteger = true
    if current == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if current | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") { position += 1 }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // Only a double keeps the sign of minus zero.
    if isInteger, text != "-0", let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw failure("a number no larger than 1.8e308 in magnitude", at: start)
    }
    return .number(value)
  }

  private mutating func digits() throws(JSONSyntaxError) {
    guard isDigit(current) else { throw failure("a digit") }
    while isDigit(current) { position += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
