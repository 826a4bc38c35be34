internal import Basics

/// Reads TOML 1.0 line by line, and goes on behind what it cannot read: a half-written line loses that line only.
///
/// Where the specification leaves room it reads as Python's tomllib does: "\r\n" in strings becomes "\n", numbers
/// beyond the range of a double are infinite, there is no year 0 and no leap second. Integers have 64 bits, and tables
/// and lists lie at most ``SyntaxTree/deepestNesting`` deep.
struct TOMLReader {
  var scanner: SyntaxScanner
  var entries: [SyntaxEntry] = []
  var comments: [SourceRange] = []
  var tables: TOMLTables
  /// The table of the last header, or the root, and its path; a table of no document where the header cannot be.
  var section: OpenTable
  var sectionPath: SyntaxPath = []
  /// Where a multi-line string began that does not end, by the kind of its quotes: later ones are not searched for
  /// their end, which keeps time linear.
  var unendedQuotes: Set<UInt8> = []
  /// The last line of which ``startsStatement(_:)`` found out whether it begins a statement.
  var lookedAt: (offset: Int, isStatement: Bool)?

  private init(_ bytes: [UInt8]) {
    scanner = SyntaxScanner(bytes)
    tables = TOMLTables(length: bytes.count)
    section = tables.root
  }

  static func tree(of bytes: [UInt8]) -> SyntaxTree {
    var reader = TOMLReader(bytes)
    while !reader.scanner.isAtEnd { reader.line() }
    return SyntaxTree(
      root: reader.tables.root.table(), errors: reader.scanner.orderedErrors(), language: .toml,
      entries: reader.entries, comments: reader.comments, length: bytes.count)
  }

  /// Reads one statement or an empty line, with the end of its line.
  private mutating func line() {
    scanner.skipBlanks()
    let errorCount = scanner.errors.count
    switch scanner.current {
    case UInt8(ascii: "["): header()
    case UInt8(ascii: "#"): break
    default: if !scanner.endsLine(at: scanner.position) { pair() }
    }
    endOfLine(isRead: scanner.errors.count == errorCount)
  }

  /// Reads blanks and a comment, and steps over the end of the line; what stands before it is an error, but on a line
  /// that has one already.
  private mutating func endOfLine(isRead: Bool) {
    scanner.skipBlanks()
    if scanner.current == UInt8(ascii: "#") {
      comment()
    } else if !scanner.endsLine(at: scanner.position) {
      let start = scanner.position
      let found = scanner.found
      scanner.skipToLineEnd()
      if isRead {
        scanner.fail(
          start, scanner.position, "expected the end of the line, found \(found)",
          "write it on a line of its own, or remove it")
      }
    }
    scanner.skipLineEnd()
  }

  /// Reads a comment up to the end of its line.
  mutating func comment() {
    let start = scanner.position
    while !scanner.endsLine(at: scanner.position) {
      if scanner.current.isControl {
        scanner.fail(
          scanner.position, scanner.position + 1, "a comment has \(scanner.found)", "remove that character")
      }
      scanner.position += 1
    }
    comments.append(SourceRange(start, scanner.position))
  }

  private mutating func header() {
    let start = scanner.position
    let isElement = scanner.byte(at: start + 1) == UInt8(ascii: "[")
    scanner.position += isElement ? 2 : 1
    let closing: StaticString = isElement ? "]]" : "]"
    let keys = dottedKey("a table's name")
    if scanner.has(closing, at: scanner.position) {
      scanner.position += closing.utf8CodeUnitCount
    } else if !keys.isEmpty, keys.allSatisfy({ $0.range.upper > $0.range.lower }) {
      // Otherwise the key has its error.
      scanner.fail(
        start, scanner.position, "expected '\(closing)' behind the table's name, found \(scanner.found)",
        "close the brackets")
      // One bracket too few, where there is one.
      if scanner.current == UInt8(ascii: "]") { scanner.position += 1 }
    }
    let range = SourceRange(start, scanner.position)
    let parts = keys.filter { $0.range.upper > $0.range.lower }
    var path: SyntaxPath = keys.map { .key($0.text) }
    if parts.count == keys.count, !parts.isEmpty {
      let opened = tables.open(parts, range: range, isElement: isElement)
      if let conflict = opened.conflict {
        let key = parts[conflict.index].range
        scanner.fail(key.lower, key.upper, conflict.message, conflict.remedy)
      }
      if opened.table != nil { path = opened.path }
      section = opened.table ?? OpenTable(range: range)
    } else {
      section = OpenTable(range: range)
    }
    sectionPath = path
    entries.append(
      SyntaxEntry(
        kind: isElement ? .elementHeader : .header, range: range, keys: keys, section: [], path: path, valueRange: nil))
  }

  private mutating func pair() {
    let start = scanner.position
    let (keys, node, valueRange) = keyAndValue(depth: sectionPath.count)
    guard !keys.isEmpty else { return }
    add(keys, node, to: section, isInline: false)
    entries.append(
      SyntaxEntry(
        kind: .pair, range: SourceRange(start, valueRange?.upper ?? keys[keys.count - 1].range.upper), keys: keys,
        section: sectionPath, path: sectionPath + keys.map { .key($0.text) }, valueRange: valueRange))
  }

  /// Adds a value where the keys say; an error where they cannot.
  mutating func add(_ keys: [SyntaxEntry.Key], _ node: SyntaxNode, to table: OpenTable, isInline: Bool) {
    guard keys.allSatisfy({ $0.range.upper > $0.range.lower }) else { return }
    do throws(TOMLTables.Conflict) {
      try tables.add(keys, node, to: table, isInline: isInline)
    } catch {
      let key = keys[error.index].range
      scanner.fail(key.lower, key.upper, error.message, error.remedy)
    }
  }

  /// Reads `key = value`; without keys where no key begins, and with the value ``SyntaxNode/Value/missing`` where none
  /// can be read.
  mutating func keyAndValue(
    depth: Int
  ) -> (keys: [SyntaxEntry.Key], node: SyntaxNode, valueRange: SourceRange?) {
    let keys = dottedKey("a key")
    let nothing = SyntaxNode(range: SourceRange(scanner.position, scanner.position), value: .missing)
    guard let last = keys.last else {
      skipJunk()
      return (keys, nothing, nil)
    }
    guard scanner.current == UInt8(ascii: "=") else {
      let end = last.range.upper
      if end > last.range.lower {
        scanner.fail(
          keys[0].range.lower, end, "expected '=' behind the key, found \(scanner.found)",
          "write \(Preview.cut(scanner.text(keys[0].range.lower, end))) = and a value")
      }
      skipJunk()
      return (keys, SyntaxNode(range: SourceRange(end, end), value: .missing), nil)
    }
    scanner.position += 1
    scanner.skipBlanks()
    let node = value(depth: depth + keys.count)
    return (keys, node, node.range)
  }

  /// Steps over what cannot be read, up to where the line, a list or an inline table may go on.
  private mutating func skipJunk() {
    while !scanner.endsLine(at: scanner.position) {
      switch scanner.current {
      case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: "#"): return
      default: scanner.position += 1
      }
    }
  }

  /// Reads the parts of a key with blanks around them. A part that is still to be written has an empty range, and an
  /// error; none at all where not even the first begins.
  mutating func dottedKey(_ what: String) -> [SyntaxEntry.Key] {
    var keys: [SyntaxEntry.Key] = []
    while true {
      let due = scanner.position
      scanner.skipBlanks()
      let start = scanner.position
      guard let text = keyPart() else {
        scanner.fail(
          start, start + 1, "expected \(keys.isEmpty ? what : "a key behind the dot"), found \(scanner.found)",
          scanner.current >= 0x80 ? "put a key with other letters than a-z between quotes" : nil)
        // What is behind a dot is due, and an empty header's name.
        if !keys.isEmpty { keys.append(.init(text: "", range: SourceRange(due, due))) }
        return keys
      }
      keys.append(.init(text: ExactString(text), range: SourceRange(start, scanner.position)))
      scanner.skipBlanks()
      guard scanner.current == UInt8(ascii: ".") else { return keys }
      if keys.count >= SyntaxTree.deepestNesting {
        scanner.fail(start, scanner.position, "a key has more than \(SyntaxTree.deepestNesting) parts")
        return []
      }
      scanner.position += 1
    }
  }

  private mutating func keyPart() -> String? {
    let start = scanner.position
    switch scanner.current {
    case .quote: return basicString()
    case .apostrophe: return literalString()
    default:
      while scanner.current.isBareKey { scanner.position += 1 }
      return scanner.position > start ? scanner.text(start, scanner.position) : nil
    }
  }
}
