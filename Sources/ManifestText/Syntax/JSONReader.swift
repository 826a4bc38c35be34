internal import Basics

/// Reads JSON (RFC 8259) with the place of each value, and goes on behind what it cannot read.
///
/// A manifest's root is an object; a name that an object has twice, half a surrogate pair, and a number beyond the
/// range of a double are errors.
struct JSONReader {
  private var scanner: SyntaxScanner

  static func tree(of bytes: [UInt8]) -> SyntaxTree {
    var reader = JSONReader(scanner: SyntaxScanner(bytes))
    let root = reader.document()
    return SyntaxTree(root: root, errors: reader.scanner.orderedErrors(), language: .json, length: bytes.count)
  }

  private mutating func document() -> SyntaxTable {
    skipBlanks()
    let start = scanner.position
    let node = scanner.isAtEnd ? missing(start, start) : value(depth: 0)
    skipBlanks()
    var root = SyntaxTable()
    if case .table(let table) = node.value {
      root = table
    } else {
      scanner.fail(
        start, max(node.range.upper, start), "expected an object, found \(scanner.found(at: start))", "write { ... }")
    }
    if !scanner.isAtEnd {
      scanner.fail(
        scanner.position, scanner.bytes.count, "expected the end of the text, found \(scanner.found)", "remove it")
    }
    return root
  }

  private func missing(_ lower: Int, _ upper: Int) -> SyntaxNode {
    SyntaxNode(range: SourceRange(lower, upper), value: .missing)
  }

  /// Steps over blanks and ends of lines; a comment is an error.
  private mutating func skipBlanks() {
    while true {
      switch scanner.current {
      case .space, .tab, .newline, .carriageReturn: scanner.position += 1
      case UInt8(ascii: "#"), UInt8(ascii: "/"):
        let start = scanner.position
        guard scanner.current == UInt8(ascii: "#") || scanner.byte(at: start + 1) == UInt8(ascii: "/") else { return }
        scanner.skipToLineEnd()
        scanner.fail(
          start, scanner.position, "JSON has no comments", "remove it, or write the manifest as trimtab.toml")
      default: return
      }
    }
  }

  private mutating func value(depth: Int) -> SyntaxNode {
    let start = scanner.position
    switch scanner.current {
    case .quote:
      let text = string()
      return SyntaxNode(range: SourceRange(start, scanner.position), value: .string(text))
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard depth < SyntaxTree.deepestNesting else {
        scanner.fail(start, start + 1, "more than \(SyntaxTree.deepestNesting) levels of objects and lists")
        scanner.position = scanner.bytes.count
        return missing(start, scanner.position)
      }
      return scanner.current == UInt8(ascii: "{") ? object(depth: depth) : list(depth: depth)
    default: return scalar()
    }
  }

  private mutating func object(depth: Int) -> SyntaxNode {
    let start = scanner.position
    scanner.position += 1
    var members: [SyntaxTable.Member] = []
    var names: Set<ExactString> = []
    var isDue = false
    while true {
      skipBlanks()
      if scanner.isAtEnd { return unclosed(start, "}", .table(SyntaxTable(members: members))) }
      if scanner.current == UInt8(ascii: "}") {
        if isDue { trailingComma() }
        break
      }
      let keyStart = scanner.position
      guard let name = name() else {
        scanner.fail(keyStart, keyStart + 1, "expected a name between double quotes, found \(scanner.found)")
        scanner.position += 1
        continue
      }
      let keyRange = SourceRange(keyStart, scanner.position)
      let key = ExactString(name)
      let node = memberValue(keyRange, depth: depth)
      if names.insert(key).inserted {
        members.append(.init(key: key, keyRanges: [keyRange], node: node))
      } else {
        scanner.fail(
          keyStart, keyRange.upper, "the key \(Preview.quoted(key)) is written twice", "remove one of the two")
      }
      skipBlanks()
      isDue = separator(UInt8(ascii: "}"), between: "members")
    }
    scanner.position += 1
    return SyntaxNode(range: SourceRange(start, scanner.position), value: .table(SyntaxTable(members: members)))
  }

  /// Reads a colon and a value behind a name.
  private mutating func memberValue(_ key: SourceRange, depth: Int) -> SyntaxNode {
    skipBlanks()
    guard scanner.current == UInt8(ascii: ":") else {
      scanner.fail(
        key.lower, key.upper, "expected ':' behind the name, found \(scanner.found)", "write a colon and a value")
      return missing(key.upper, key.upper)
    }
    scanner.position += 1
    skipBlanks()
    if scanner.isAtEnd || [UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")].contains(scanner.current) {
      scanner.fail(scanner.position, scanner.position, "expected a value, found \(scanner.found)")
      return missing(scanner.position, scanner.position)
    }
    return value(depth: depth + 1)
  }

  private mutating func list(depth: Int) -> SyntaxNode {
    let start = scanner.position
    scanner.position += 1
    var elements: [SyntaxNode] = []
    var isDue = false
    while true {
      skipBlanks()
      if scanner.isAtEnd { return unclosed(start, "]", .list(elements)) }
      if scanner.current == UInt8(ascii: "]") {
        if isDue { trailingComma() }
        break
      }
      if scanner.current == UInt8(ascii: ",") || scanner.current == UInt8(ascii: "}")
        || scanner.current == UInt8(ascii: ":")
      {
        scanner.fail(scanner.position, scanner.position + 1, "expected a value, found \(scanner.found)")
        scanner.position += 1
        continue
      }
      elements.append(value(depth: depth + 1))
      skipBlanks()
      isDue = separator(UInt8(ascii: "]"), between: "values")
    }
    scanner.position += 1
    return SyntaxNode(range: SourceRange(start, scanner.position), value: .list(elements))
  }

  /// Reads the comma behind a member or value; whether there was one. Without one only the closing bracket is right.
  private mutating func separator(_ closing: UInt8, between what: String) -> Bool {
    if scanner.current == UInt8(ascii: ",") {
      scanner.position += 1
      return true
    }
    if scanner.current != closing, !scanner.isAtEnd {
      scanner.fail(
        scanner.position, scanner.position + 1,
        "expected ',' or '\(Character(Unicode.Scalar(closing)))', found \(scanner.found)",
        "write a comma between the \(what)")
    }
    return false
  }

  private mutating func trailingComma() {
    scanner.fail(
      scanner.position, scanner.position + 1, "JSON has no comma before \(scanner.found)", "remove the comma before it")
  }

  private mutating func unclosed(_ start: Int, _ bracket: String, _ value: SyntaxNode.Value) -> SyntaxNode {
    scanner.fail(start, start + 1, "the bracket is not closed", "write '\(bracket)' behind the last value")
    return SyntaxNode(range: SourceRange(start, scanner.position), value: value)
  }

  /// A member's name; one without quotes is an error, and nil is nothing that could be one.
  private mutating func name() -> String? {
    if scanner.current == .quote { return string() }
    let start = scanner.position
    while scanner.current.isBareKey || scanner.current == .apostrophe { scanner.position += 1 }
    guard scanner.position > start else { return nil }
    let text = scanner.text(start, scanner.position)
    scanner.fail(
      start, scanner.position, "a name stands between double quotes",
      "write \"\(Preview.cut(text.replacingBytes(of: "'", with: "")))\"")
    return text.replacingBytes(of: "'", with: "")
  }

  private mutating func string() -> String {
    let start = scanner.position
    scanner.position += 1
    var bytes: [UInt8] = []
    while !scanner.endsLine(at: scanner.position) {
      switch scanner.current {
      case .quote:
        scanner.position += 1
        return String(decoding: bytes, as: UTF8.self)
      case .backslash: escape(to: &bytes)
      case let byte:
        if byte < 0x20 {
          scanner.fail(
            scanner.position, scanner.position + 1, "a string has \(scanner.found)",
            "write it as \\u00\(scanner.hexadecimal(byte))")
        }
        bytes.append(byte)
        scanner.position += 1
      }
    }
    scanner.fail(start, scanner.position, "the string does not end", "close it with '\"'")
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func escape(to bytes: inout [UInt8]) {
    let start = scanner.position
    let letter = scanner.byte(at: start + 1)
    scanner.position += 1
    if let plain = letter == UInt8(ascii: "/") ? letter : SyntaxScanner.escaped(letter) {
      bytes.append(plain)
      scanner.position += 1
      return
    }
    guard letter == UInt8(ascii: "u") else {
      return scanner.fail(
        start, start + (scanner.endsLine(at: start + 1) ? 1 : 2),
        "no escape begins with \\ and \(scanner.found(at: start + 1))", "write \\\\ for a backslash")
    }
    scanner.position += 1
    guard let unit = scanner.hexadecimalScalar(4, isUnit: true) else {
      return scanner.fail(start, start + 2, "\\u is not followed by 4 hexadecimal digits")
    }
    guard (0xD800..<0xE000).contains(unit) else { return bytes.append(scalar: unit) }
    if unit < 0xDC00, scanner.has("\\u", at: scanner.position) {
      let second = scanner.position
      scanner.position += 2
      if let low = scanner.hexadecimalScalar(4, isUnit: true), (0xDC00..<0xE000).contains(low) {
        return bytes.append(scalar: 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
      }
      scanner.position = second
    }
    scanner.fail(start, start + 6, "half of a surrogate pair", "write the character itself")
  }

  private mutating func scalar() -> SyntaxNode {
    let start = scanner.position
    word: while true {
      switch scanner.current {
      case 0...0x20, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
        UInt8(ascii: "}"), .quote:
        break word
      default: scanner.position += 1
      }
    }
    if scanner.position == start {
      scanner.fail(start, start + 1, "expected a value, found \(scanner.found)")
      if !scanner.isAtEnd { scanner.position += 1 }
      return missing(start, scanner.position)
    }
    let range = SourceRange(start, scanner.position)
    let word = scanner.text(start, scanner.position)
    switch word {
    case "true": return SyntaxNode(range: range, value: .boolean(true))
    case "false": return SyntaxNode(range: range, value: .boolean(false))
    case "null": return SyntaxNode(range: range, value: .null)
    default: break
    }
    guard let isInteger = Self.isNumber(Array(word.utf8)) else {
      scanner.fail(
        start, scanner.position, "expected a value, found \(Preview.cut(word))", "put a string between double quotes")
      return missing(start, scanner.position)
    }
    if isInteger, let value = Int64(word) { return SyntaxNode(range: range, value: .integer(value)) }
    guard let value = Double(word), value.isFinite else {
      scanner.fail(start, scanner.position, "the number \(Preview.cut(word)) is too large", "write one below 1.8e308")
      return missing(start, scanner.position)
    }
    return SyntaxNode(range: range, value: .float(value))
  }

  /// Whether the bytes of a number are those of an integer; nil where they are no number.
  private static func isNumber(_ bytes: [UInt8]) -> Bool? {
    var next = 0
    func digits() -> Bool {
      let start = next
      while next < bytes.count, bytes[next].isDigit { next += 1 }
      return next > start
    }
    if bytes.first == UInt8(ascii: "-") { next = 1 }
    let isZero = next < bytes.count && bytes[next] == UInt8(ascii: "0")
    if isZero { next += 1 } else if !digits() { return nil }
    if next == bytes.count { return true }
    if bytes[next] == UInt8(ascii: ".") {
      next += 1
      if !digits() { return nil }
    }
    if next < bytes.count, bytes[next] == UInt8(ascii: "e") || bytes[next] == UInt8(ascii: "E") {
      next += 1
      if next < bytes.count, bytes[next] == UInt8(ascii: "+") || bytes[next] == UInt8(ascii: "-") { next += 1 }
      if !digits() { return nil }
    }
    return next == bytes.count ? false : nil
  }
}
