extension JSONParser {
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
  @inline(__always) private mutating func skipPlainText() throws(JSONSyntaxError) {
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
