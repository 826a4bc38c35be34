internal import Basics

// The four kinds of strings. One that does not end keeps what it has up to the end of its line.
extension TOMLReader {
  /// Reads "...".
  mutating func basicString() -> String {
    let start = scanner.position
    scanner.position += 1
    var bytes: [UInt8] = []
    while !scanner.endsLine(at: scanner.position) {
      switch scanner.current {
      case .quote:
        scanner.position += 1
        return String(decoding: bytes, as: UTF8.self)
      case .backslash: escape(to: &bytes)
      default: character(to: &bytes)
      }
    }
    unended(start)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads '...'.
  mutating func literalString() -> String {
    let start = scanner.position
    scanner.position += 1
    var bytes: [UInt8] = []
    while !scanner.endsLine(at: scanner.position) {
      if scanner.current == .apostrophe {
        scanner.position += 1
        return String(decoding: bytes, as: UTF8.self)
      }
      character(to: &bytes)
    }
    unended(start)
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func unended(_ start: Int) {
    scanner.fail(start, scanner.position, "the string does not end", "close it with \(scanner.found(at: start))")
  }

  /// Reads """...""" or '''...''', both of which may have line ends inside.
  mutating func multilineString(_ quote: UInt8) -> String {
    let start = scanner.position
    // With nothing behind it that could close it, a second search would be as long and as vain as the first.
    let isKnownUnended = unendedQuotes.contains(quote)
    scanner.position += 3
    let errorCount = scanner.errors.count
    if scanner.endsLine(at: scanner.position), !isKnownUnended { scanner.skipLineEnd() }
    var bytes: [UInt8] = []
    while !scanner.isAtEnd, !(isKnownUnended && scanner.endsLine(at: scanner.position)) {
      switch scanner.current {
      case quote
      where scanner.byte(at: scanner.position + 1) == quote && scanner.byte(at: scanner.position + 2) == quote:
        scanner.position += 3
        // Up to two quotes more belong to the string.
        for _ in 0..<2 where scanner.current == quote {
          bytes.append(quote)
          scanner.position += 1
        }
        return String(decoding: bytes, as: UTF8.self)
      case .backslash where quote == .quote:
        if !skipLineContinuation() { escape(to: &bytes) }
      case .newline, .carriageReturn:
        guard scanner.endsLine(at: scanner.position) else { fallthrough }
        bytes.append(.newline)
        scanner.skipLineEnd()
      default: character(to: &bytes)
      }
    }
    unendedQuotes.insert(quote)
    // Only the first line is lost; what is behind it is read as lines of their own.
    scanner.forgetErrors(since: errorCount)
    scanner.position = start
    scanner.skipToLineEnd()
    scanner.fail(
      start, scanner.position, "the string does not end",
      "close it with \(quote == .quote ? "\"\"\"" : "'''")")
    return scanner.text(min(start + 3, scanner.position), scanner.position)
  }

  /// Steps over a backslash that ends a line, with all blanks and line ends behind it; false where there is none.
  private mutating func skipLineContinuation() -> Bool {
    var ahead = scanner.position + 1
    while scanner.byte(at: ahead) == .space || scanner.byte(at: ahead) == .tab { ahead += 1 }
    guard ahead < scanner.bytes.count, scanner.endsLine(at: ahead) else { return false }
    scanner.position = ahead
    while !scanner.isAtEnd {
      if scanner.current == .space || scanner.current == .tab {
        scanner.position += 1
      } else if scanner.endsLine(at: scanner.position) {
        scanner.skipLineEnd()
      } else {
        break
      }
    }
    return true
  }

  private mutating func character(to bytes: inout [UInt8]) {
    let byte = scanner.current
    if byte.isControl {
      scanner.fail(
        scanner.position, scanner.position + 1, "a string has \(scanner.found)",
        "write it as \\u00\(scanner.hexadecimal(byte))")
    }
    bytes.append(byte)
    scanner.position += 1
  }

  private mutating func escape(to bytes: inout [UInt8]) {
    let start = scanner.position
    let letter = scanner.byte(at: start + 1)
    scanner.position += 1
    if let plain = SyntaxScanner.escaped(letter) {
      bytes.append(plain)
      scanner.position += 1
      return
    }
    if letter == UInt8(ascii: "u") || letter == UInt8(ascii: "U") {
      scanner.position += 1
      let count = letter == UInt8(ascii: "u") ? 4 : 8
      if let scalar = scanner.hexadecimalScalar(count) { return bytes.append(scalar: scalar) }
      scanner.fail(
        start, start + 2,
        "\\\(scanner.text(start + 1, start + 2)) is not followed by \(count) hexadecimal digits of a character")
      return
    }
    scanner.fail(
      start, start + (scanner.endsLine(at: start + 1) ? 1 : 2),
      "no escape begins with \\ and \(scanner.found(at: start + 1))",
      "write \\\\ for a backslash, or put the string between apostrophes")
  }
}
