internal import Basics

/// A table while it is being read, with what TOML lets one still do to it.
///
/// References rather than values: headers and dotted keys add to tables anywhere in the tree.
final class OpenTable {
  /// Whether a header has written this very table, or dotted keys above an earlier header have: neither a header nor
  /// dotted keys may open it again.
  var isClosed = false
  var range: SourceRange
  private(set) var members: [OpenMember] = []
  private var places: [ExactString: Int] = [:]

  init(range: SourceRange) { self.range = range }

  subscript(key: ExactString) -> OpenMember? { places[key].map { members[$0] } }

  func add(_ key: SyntaxEntry.Key, _ content: OpenMember.Content) {
    places[key.text] = members.count
    members.append(OpenMember(key.text, key.range, content))
  }

  /// The finished table. Recursive in its nesting, which the reader bounds.
  func table() -> SyntaxTable {
    SyntaxTable(members: members.map { .init(key: $0.key, keyRanges: $0.keyRanges, node: $0.node()) })
  }
}

final class OpenMember {
  enum Content {
    /// A value: nothing can be added to it.
    case value(SyntaxNode)
    case table(OpenTable)
    /// A list of tables, each of which has a header.
    case elements(OpenList)
  }

  let key: ExactString
  var keyRanges: [SourceRange]
  var content: Content

  init(_ key: ExactString, _ range: SourceRange, _ content: Content) {
    (self.key, self.content) = (key, content)
    keyRanges = [range]
  }

  func node() -> SyntaxNode {
    switch content {
    case .value(let node): return node
    case .table(let table): return SyntaxNode(range: table.range, value: .table(table.table()))
    case .elements(let list):
      let nodes = list.tables.map { SyntaxNode(range: $0.range, value: .table($0.table())) }
      // At least the table of its first header.
      return SyntaxNode(range: nodes[0].range, value: .list(nodes))
    }
  }
}

/// A list of tables that is being read: a reference, so that growing it never copies it.
final class OpenList {
  var tables: [OpenTable]

  init(_ tables: [OpenTable]) { self.tables = tables }
}

/// The tables of a document, and which of them keys and headers may open: the rules of "Table" and "Array of Tables" in
/// the specification of TOML 1.0, where it leaves room as Python's tomllib reads it.
struct TOMLTables {
  let root: OpenTable
  /// Tables that dotted keys of the current section have opened: closed with the section.
  private var dotted: [OpenTable] = []

  /// Why a key or header cannot be where it stands, at the key part of that index.
  struct Conflict: Error {
    let index: Int
    let message: String
    let remedy: String?
  }

  init(length: Int) { root = OpenTable(range: SourceRange(0, length)) }

  /// What a header opens. Where it conflicts with what stands above, the table with that conflict; nil with a conflict
  /// where there is no table.
  mutating func open(
    _ keys: [SyntaxEntry.Key], range: SourceRange, isElement: Bool
  ) -> (table: OpenTable?, path: SyntaxPath, conflict: Conflict?) {
    for table in dotted { table.isClosed = true }
    dotted = []
    var table = root
    var path: SyntaxPath = []
    for (index, key) in keys.dropLast().enumerated() {
      path.append(.key(key.text))
      guard let member = table[key.text] else {
        let inner = OpenTable(range: range)
        table.add(key, .table(inner))
        table = inner
        continue
      }
      switch member.content {
      case .table(let inner): table = inner
      case .elements(let list):
        path.append(.index(list.tables.count - 1))
        table = list.tables[list.tables.count - 1]
      case .value: return (nil, path, Self.isValue(key, index))
      }
      member.keyRanges.append(key.range)
    }
    let last = keys[keys.count - 1]
    let opened = isElement ? openElement(last, range, in: table) : openTable(last, range, in: table)
    path.append(.key(last.text))
    if let index = opened.index { path.append(.index(index)) }
    let conflict = opened.message.map { Conflict(index: keys.count - 1, message: $0, remedy: opened.remedy) }
    return (opened.table, path, conflict)
  }

  private typealias Opened = (table: OpenTable?, index: Int?, message: String?, remedy: String?)

  private func openTable(_ key: SyntaxEntry.Key, _ range: SourceRange, in table: OpenTable) -> Opened {
    guard let member = table[key.text] else {
      let inner = OpenTable(range: range)
      inner.isClosed = true
      table.add(key, .table(inner))
      return (inner, nil, nil, nil)
    }
    switch member.content {
    case .value: return (nil, nil, "\(Preview.quoted(key.text)) is a value already", "remove one of the two")
    case .elements(let list):
      return (
        list.tables.last, list.tables.count - 1, "\(Preview.quoted(key.text)) is a list of tables",
        "write [[...]] for one more element"
      )
    case .table(let inner):
      member.keyRanges.append(key.range)
      let isAgain = inner.isClosed
      // The first header that writes the table itself is where it stands.
      if !isAgain { inner.range = range }
      inner.isClosed = true
      return (
        inner, nil, isAgain ? "the table \(Preview.quoted(key.text)) is written twice" : nil,
        "put its keys below one header"
      )
    }
  }

  private func openElement(_ key: SyntaxEntry.Key, _ range: SourceRange, in table: OpenTable) -> Opened {
    let element = OpenTable(range: range)
    element.isClosed = true
    guard let member = table[key.text] else {
      table.add(key, .elements(OpenList([element])))
      return (element, 0, nil, nil)
    }
    switch member.content {
    case .elements(let list):
      member.keyRanges.append(key.range)
      list.tables.append(element)
      return (element, list.tables.count - 1, nil, nil)
    case .table(let inner):
      return (inner, nil, "\(Preview.quoted(key.text)) is a table, not a list of tables", "write one pair of brackets")
    case .value:
      return (nil, nil, "\(Preview.quoted(key.text)) is a value already", "remove one of the two")
    }
  }

  /// Adds the value of a dotted key to `table`: the document's when `isInline` is false, else one between braces.
  mutating func add(
    _ keys: [SyntaxEntry.Key], _ node: SyntaxNode, to section: OpenTable, isInline: Bool
  ) throws(Conflict) {
    var table = section
    for (index, key) in keys.dropLast().enumerated() {
      let span = SourceRange(keys[index + 1].range.lower, max(keys[index + 1].range.upper, node.range.upper))
      guard let member = table[key.text] else {
        let inner = OpenTable(range: span)
        table.add(key, .table(inner))
        if !isInline { dotted.append(inner) }
        table = inner
        continue
      }
      switch member.content {
      case .table(let inner) where !inner.isClosed:
        if !isInline { dotted.append(inner) }
        table = inner
      case .table:
        throw Conflict(
          index: index, message: "the table \(Preview.quoted(key.text)) is written by its own header",
          remedy: "put the key below that header")
      case .elements:
        throw Conflict(
          index: index, message: "\(Preview.quoted(key.text)) is a list of tables",
          remedy: "put the key below the header of one of them")
      case .value: throw Self.isValue(key, index)
      }
      member.keyRanges.append(key.range)
    }
    let last = keys[keys.count - 1]
    guard let member = table[last.text] else { return table.add(last, .value(node)) }
    throw Conflict(
      index: keys.count - 1, message: "the key \(Preview.quoted(member.key)) is written twice",
      remedy: "remove one of the two")
  }

  private static func isValue(_ key: SyntaxEntry.Key, _ index: Int) -> Conflict {
    Conflict(
      index: index, message: "\(Preview.quoted(key.text)) is a value, not a table one can add to",
      remedy: "write its members where it is written")
  }
}
