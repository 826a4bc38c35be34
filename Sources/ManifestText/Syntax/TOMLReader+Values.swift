internal import Basics

// Values that have others inside, and the choice between kinds of values.
extension TOMLReader {
  /// Reads a value; ``SyntaxNode/Value/missing`` with an error where none can be read.
  mutating func value(depth: Int) -> SyntaxNode {
    let start = scanner.position
    switch scanner.current {
    case .quote:
      let text = scanner.has("\"\"\"", at: start) ? multilineString(.quote) : basicString()
      return SyntaxNode(range: SourceRange(start, scanner.position), value: .string(text))
    case .apostrophe:
      let text = scanner.has("'''", at: start) ? multilineString(.apostrophe) : literalString()
      return SyntaxNode(range: SourceRange(start, scanner.position), value: .string(text))
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      guard depth < SyntaxTree.deepestNesting else { return tooDeep() }
      return scanner.current == UInt8(ascii: "[") ? list(depth: depth) : inlineTable(depth: depth)
    default:
      return scalar()
    }
  }

  private mutating func tooDeep() -> SyntaxNode {
    let start = scanner.position
    scanner.skipToLineEnd()
    let range = SourceRange(start, scanner.position)
    scanner.fail(start, start + 1, "more than \(SyntaxTree.deepestNesting) levels of tables and lists")
    return SyntaxNode(range: range, value: .missing)
  }

  private mutating func list(depth: Int) -> SyntaxNode {
    let start = scanner.position
    scanner.position += 1
    var elements: [SyntaxNode] = []
    while true {
      guard skipToElement() else { return unclosed(start, "]", .list(elements)) }
      if scanner.current == UInt8(ascii: "]") { break }
      if scanner.current == UInt8(ascii: ",") {
        scanner.fail(scanner.position, scanner.position + 1, "expected a value, found ','", "remove the comma")
        scanner.position += 1
        continue
      }
      let before = scanner.position
      elements.append(value(depth: depth + 1))
      guard skipToElement() else { return unclosed(start, "]", .list(elements)) }
      switch scanner.current {
      case UInt8(ascii: ","): scanner.position += 1
      case UInt8(ascii: "]"): continue
      default:
        let found = scanner.found
        // What no value begins with is stepped over; else a comma is missing.
        if scanner.position == before || scanner.current == UInt8(ascii: "}") || scanner.current.isControl {
          scanner.fail(scanner.position, scanner.position + 1, "expected ',' or ']', found \(found)")
          scanner.position += 1
        } else {
          scanner.fail(
            scanner.position, scanner.position + 1, "expected ',' or ']', found \(found)",
            "write a comma between the values")
        }
      }
    }
    scanner.position += 1
    return SyntaxNode(range: SourceRange(start, scanner.position), value: .list(elements))
  }

  /// Reads blanks, comments and ends of lines in a list; false where the list ends without its bracket: at the end of
  /// the text, or before a line that begins another statement.
  private mutating func skipToElement() -> Bool {
    while true {
      scanner.skipBlanks()
      if scanner.isAtEnd { return false }
      if scanner.current == UInt8(ascii: "#") {
        comment()
      } else if scanner.endsLine(at: scanner.position) {
        scanner.skipLineEnd()
        if startsStatement(scanner.position) { return false }
      } else {
        return true
      }
    }
  }

  /// The value of a bracket that is not closed. Reading goes on behind the last thing in it; its range goes on up to
  /// the next statement, since one may still type in it.
  private mutating func unclosed(_ start: Int, _ bracket: String, _ value: SyntaxNode.Value) -> SyntaxNode {
    let blanks: [UInt8] = [.space, .tab, .newline, .carriageReturn]
    var end = scanner.position
    while end > start + 1, blanks.contains(scanner.byte(at: end - 1)) { end -= 1 }
    var rangeEnd = scanner.position
    if !scanner.endsLine(at: rangeEnd), rangeEnd > end, scanner.byte(at: rangeEnd - 1) == .newline { rangeEnd -= 1 }
    scanner.fail(start, start + 1, "the bracket is not closed", "write '\(bracket)' behind the last value")
    scanner.position = end
    return SyntaxNode(range: SourceRange(start, rangeEnd), value: value)
  }

  private mutating func inlineTable(depth: Int) -> SyntaxNode {
    let start = scanner.position
    scanner.position += 1
    let table = OpenTable(range: SourceRange(start, start))
    var isFirst = true
    while true {
      scanner.skipBlanks()
      if scanner.current == UInt8(ascii: "}"), isFirst { break }
      if endsInline() { return unclosed(start, "}", .table(table.table())) }
      let before = scanner.position
      let (keys, node, _) = keyAndValue(depth: depth + 1)
      if !keys.isEmpty { add(keys, node, to: table, isInline: true) }
      scanner.skipBlanks()
      isFirst = false
      if scanner.current == UInt8(ascii: "}") { break }
      if endsInline() { return unclosed(start, "}", .table(table.table())) }
      if scanner.current == UInt8(ascii: ",") {
        scanner.position += 1
        scanner.skipBlanks()
        guard scanner.current == UInt8(ascii: "}") else { continue }
        scanner.fail(
          scanner.position - 1, scanner.position, "an inline table has no comma behind its last value",
          "remove the comma")
        break
      }
      scanner.fail(scanner.position, scanner.position + 1, "expected ',' or '}', found \(scanner.found)")
      if scanner.position == before || !scanner.current.isBareKey { scanner.position += 1 }
    }
    scanner.position += 1
    return SyntaxNode(range: SourceRange(start, scanner.position), value: .table(table.table()))
  }

  /// Whether an inline table ends here without its brace.
  private func endsInline() -> Bool {
    scanner.endsLine(at: scanner.position) || scanner.current == UInt8(ascii: "#")
  }

  /// Whether the line at `offset` begins with `key =` or is the header of a table, which no list can have: then a list
  /// above it was not closed. The line is looked at once, however many lists are open.
  private mutating func startsStatement(_ offset: Int) -> Bool {
    if let lookedAt, lookedAt.offset == offset { return lookedAt.isStatement }
    let isStatement = looksLikeStatement(offset)
    lookedAt = (offset, isStatement)
    return isStatement
  }

  private func looksLikeStatement(_ offset: Int) -> Bool {
    var ahead = offset
    func skipBlanks() { while scanner.byte(at: ahead) == .space || scanner.byte(at: ahead) == .tab { ahead += 1 } }
    func skipKey() -> Bool {
      let start = ahead
      while scanner.byte(at: ahead).isBareKey || scanner.byte(at: ahead) == UInt8(ascii: ".") { ahead += 1 }
      return ahead > start
    }
    skipBlanks()
    let bracketCount =
      scanner.byte(at: ahead) == UInt8(ascii: "[") ? scanner.byte(at: ahead + 1) == UInt8(ascii: "[") ? 2 : 1 : 0
    ahead += bracketCount
    skipBlanks()
    if bracketCount == 0 {
      // A quoted key is told from a string by the equals sign alone.
      if let quote = [UInt8.quote, .apostrophe].first(where: { $0 == scanner.byte(at: ahead) }) {
        ahead += 1
        while !scanner.endsLine(at: ahead), scanner.byte(at: ahead) != quote {
          // An escaped quote ends no string.
          ahead += quote == .quote && scanner.byte(at: ahead) == .backslash && !scanner.endsLine(at: ahead + 1) ? 2 : 1
        }
        ahead += 1
      } else if !skipKey() {
        return false
      }
      skipBlanks()
      return scanner.byte(at: ahead) == UInt8(ascii: "=")
    }
    let start = ahead
    guard skipKey() else { return false }
    // A list of numbers or booleans within a list looks like a header, too.
    let name = scanner.text(start, ahead)
    let isValue = TOMLScalar(name) != nil
    skipBlanks()
    guard !isValue, scanner.byte(at: ahead) == UInt8(ascii: "]") else { return false }
    ahead += bracketCount
    skipBlanks()
    return scanner.endsLine(at: ahead) || scanner.byte(at: ahead) == UInt8(ascii: "#")
  }

  /// Reads a number, a boolean or a date.
  private mutating func scalar() -> SyntaxNode {
    let start = scanner.position
    skipWord()
    // A blank may stand between date and time.
    if scanner.position == start + 10, scanner.byte(at: start + 4) == UInt8(ascii: "-"), scanner.current == .space,
      scanner.byte(at: start + 11).isDigit, scanner.byte(at: start + 12).isDigit,
      scanner.byte(at: start + 13) == UInt8(ascii: ":")
    {
      scanner.position += 1
      skipWord()
    }
    let range = SourceRange(start, scanner.position)
    let word = scanner.text(start, scanner.position)
    if let scalar = TOMLScalar(word) { return SyntaxNode(range: range, value: scalar.value) }
    if word.isEmpty {
      let isJunk =
        !scanner.endsLine(at: start)
        && ![UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "#")].contains(scanner.current)
      scanner.fail(start, start + (isJunk ? 1 : 0), "expected a value, found \(scanner.found)")
      if isJunk { scanner.position += 1 }
    } else {
      let (message, remedy) = TOMLScalar.fault(of: word)
      scanner.fail(start, scanner.position, message, remedy)
    }
    return SyntaxNode(range: range, value: .missing)
  }

  /// Steps over what is not a blank, an end, or punctuation of lists and tables.
  private mutating func skipWord() {
    while true {
      switch scanner.current {
      case 0...0x20, 0x7F, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "#"),
        UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "="), .quote, .apostrophe:
        return
      default: scanner.position += 1
      }
    }
  }
}
