extension JSONScanner {
  /// Scans a string, cursor on its opening quote.
  @inline(__always) mutating func string() throws(JSONSyntaxError) {
    position += 1
    let start = position
    try skipPlainText()
    var kind = JSONWord.Kind.plainString
    while current != UInt8(ascii: "\"") {
      kind = .escapedString
      try skipEscape()
      try skipPlainText()
    }
    words.append(JSONWord(kind, high: position - start, low: start).bits)
    position += 1
  }

  /// Moves to the next quote or backslash, checking that all before it is printable UTF-8.
  @inline(__always) private mutating func skipPlainText() throws(JSONSyntaxError) {
    while true {
      while position + 8 <= count {
        let special = Self.specialBytes(in: JSONNumber.eightBytes(at: bytes + position))
        position += special.trailingZeroBitCount / 8
        if special != 0 { break }
      }
      let byte = current
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
      case 0x20..<0x80: position += 1
      case 0x80...: try skipMultibyteScalar(lead: byte)
      default: throw failure(position < count ? "an escaped control character" : "'\"' to end the string")
      }
    }
  }

  /// Marks by its top bit each byte that is a quote, a backslash, a control character or not ASCII; the first byte is
  /// the lowest. Above the first mark there may be false ones.
  ///
  /// A byte that is zero after the subtraction of one from each borrows, which sets its top bit (Mycroft 1987).
  @inline(__always) static func specialBytes(in eight: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = eight ^ 0x2222_2222_2222_2222
    let backslashes = eight ^ 0x5C5C_5C5C_5C5C_5C5C
    let isQuote = (quotes &- ones) & ~quotes
    let isBackslash = (backslashes &- ones) & ~backslashes
    let isControl = (eight &- 0x2020_2020_2020_2020) & ~eight
    return (isQuote | isBackslash | isControl | eight) & 0x8080_8080_8080_8080
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
      // The zero after the last byte is in no range.
      guard allowed.contains(bytes[offset]) else { throw failure("valid UTF-8", at: offset) }
    }
    position += length
  }

  /// Steps over one escape, cursor on its backslash.
  private mutating func skipEscape() throws(JSONSyntaxError) {
    position += 1
    switch current {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 1
    case UInt8(ascii: "u"):
      position += 1
      try skipEscapedScalar()
    default: throw failure("one of \"\\/bfnrtu after a backslash")
    }
  }

  /// Steps over the four digits after `\u`, and over the second half of a surrogate pair if they are a first half.
  private mutating func skipEscapedScalar() throws(JSONSyntaxError) {
    let start = position
    let first = try fourHexadecimalDigits()
    guard (0xD800...0xDFFF).contains(first) else { return }
    let end = position
    let lowSurrogate = "a low surrogate escape after a high one"
    guard first < 0xDC00 else {
      return try halfPair(failure("a high surrogate escape before a low one", at: start), end)
    }
    for byte in [UInt8(ascii: "\\"), UInt8(ascii: "u")] {
      guard current == byte else { return try halfPair(failure(lowSurrogate), end) }
      position += 1
    }
    let secondStart = position
    guard (0xDC00...0xDFFF).contains(try fourHexadecimalDigits()) else {
      return try halfPair(failure(lowSurrogate, at: secondStart), end)
    }
  }

  /// Goes on behind half a surrogate pair, which ends at `end`, where that is passed.
  private mutating func halfPair(_ error: JSONSyntaxError, _ end: Int) throws(JSONSyntaxError) {
    guard passesHalfPairs else { throw error }
    halfPair = halfPair ?? error
    position = end
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
