import Basics
import ManifestText
import Testing

/// What is left of a text while it is being written.
@Suite struct HalfWrittenTests {
  private static let lines = [
    "name = \"vqa\"", "count = 1_000", "share = 0.25", "flag = true", "day = 2026-11-27", "\"a b\" = 'x'",
    "inner.key = [1, 2]", "list = [\"a\", { b = 1, c = [true] }]", "map = { a = 1, b = { c = \"d\" } }",
    "text = \"\"\"one\"\"\"", "[pool]", "encoders = [\"clip\"]", "[pool.task]", "metric = { name = \"x\" }", "[[gpus]]",
    "id = \"0\"",
  ]

  /// The values under the keys of a tree, tables of headers opened.
  private func values(_ text: String) -> [String: SyntaxNode.Value] {
    var found: [String: SyntaxNode.Value] = [:]
    for entry in SyntaxTree(text, .toml).entries where entry.kind == .pair {
      let tree = SyntaxTree(text, .toml)
      if let node = tree.node(at: entry.path) { found["\(entry.path)"] = node.value.withoutRanges }
    }
    return found
  }

  @Test func aCutLineLosesThatLineOnly() {
    let whole = values(Self.lines.joined(separator: "\n"))
    #expect(whole.count == 13)
    for index in Self.lines.indices where !Self.lines[index].hasPrefix("[") {
      let line = Array(Self.lines[index])
      for length in line.indices {
        var cut = Self.lines
        cut[index] = String(line[..<length])
        let left = values(cut.joined(separator: "\n"))
        let lost = whole.filter { left[$0.key] != $0.value }
        #expect(lost.count <= 1, "line \(index) cut to \(cut[index]): lost \(lost.keys)")
      }
    }
  }

  @Test func aCutHeaderLosesNoValueAboveIt() {
    let text = Self.lines.joined(separator: "\n")
    for length in text.indices {
      let tree = SyntaxTree(String(text[..<length]), .toml)
      #expect(tree.entries.count >= text[..<length].split(separator: "\n").count - 1)
    }
  }

  @Test(arguments: [
    ("a = [1,\n  2\nb = 3", ["b"]), ("a = [\n[c]\nb = 3", ["c"]), ("a = { b = [1,\nc = 2", ["c"]),
    ("a = \"\"\"x\nb = 2\nc = 3", ["b", "c"]), ("a = '''\nb = 2", ["b"]), ("a = [[\nb.c = 2\nd = 1", ["b", "d"]),
    ("a = [ [1], [true],\n[x.y]\nz = 1", ["x"]), ("a = 1 2\nb = 3", ["a", "b"]), ("= 1\nb = 2", ["b"]),
    ("a\nb = 2", ["b"]), ("a = {\nb = 2", ["b"]), ("[a\nb = 2", ["a"]), ("]\nb = 2", ["b"]),
  ])
  func openThingsEndWhereTheNextStatementBegins(_ text: String, _ keys: [String]) {
    let tree = SyntaxTree(text, .toml)
    #expect(!tree.errors.isEmpty)
    for key in keys { #expect(tree.root[key] != nil, "\(key) of \(text)") }
  }

  /// What begins a line of a list may look like a statement.
  @Test(arguments: [
    "\"\\\"=\"", "'='", "\"\\\\\", \"=\"", "[1.5]", "[true]", "[[inf]]", "[-1]", "[ nan ]", "[1979-05-27]", "[[]]",
    "\"\"\"=\"\"\"", "''", "{ a = 1 }", "[\"a\"]",
  ])
  func elementsAtTheBeginningOfALineAreNoStatements(_ element: String) {
    let tree = SyntaxTree("a = [\n  \(element),\n\(element)\n]\nb = 1", .toml)
    #expect(tree.errors.map(\.message) == [])
    #expect(tree.root["b"]?.node.value == .integer(1))
  }

  @Test func elementsOfAnOpenListAreKept() {
    let tree = SyntaxTree("a = [\"x\", \"y\"\n\n[b]\nc = 1", .toml)
    guard case .list(let elements)? = tree.root["a"]?.node.value else { return #expect(Bool(false)) }
    #expect(elements.map(\.value) == [.string("x"), .string("y")])
    #expect(tree.errors.map(\.message) == ["the bracket is not closed"])
  }

  @Test(arguments: [
    ("{\"a\": 1, \"b\": [1, 2", ["a", "b"]), ("{\"a\": , \"b\": 2}", ["b"]), ("{a: 1, \"b\": 2,}", ["a", "b"]),
    ("{\"a\" 1, \"b\": 2}", ["b"]), ("{\"a\": \"x, \n\"b\": 2}", ["a", "b"]), ("{\"a\": nope, \"b\": 2}", ["b"]),
    ("{\"a\": 1 \"b\": 2}", ["a", "b"]), ("{ // x\n\"b\": 2}", ["b"]),
  ])
  func jsonKeepsWhatItCan(_ text: String, _ keys: [String]) {
    let tree = SyntaxTree(text, .json)
    #expect(!tree.errors.isEmpty)
    for key in keys { #expect(tree.root[key] != nil, "\(key) of \(text)") }
  }
}

extension SyntaxNode.Value {
  /// The same with all places at 0, to compare values alone.
  var withoutRanges: SyntaxNode.Value {
    switch self {
    case .list(let elements):
      .list(elements.map { SyntaxNode(range: SourceRange(0, 0), value: $0.value.withoutRanges) })
    case .table(let table):
      .table(
        SyntaxTable(
          members: table.members.map {
            .init(
              key: $0.key, keyRanges: [],
              node: SyntaxNode(range: SourceRange(0, 0), value: $0.node.value.withoutRanges))
          }))
    default: self
    }
  }
}
