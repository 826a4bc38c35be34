import Basics
import ManifestText
import Testing

/// The readers take any bytes.
@Suite struct AnyBytesTests {
  private static let pieces =
    [
      "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\"", "'", "\"\"\"", "'''", "#", "\n", "\r\n", "\r", " ", "\t",
      "\\",
      "\\u12", "a", "key", "1", "0x", "-", "1e5", "true", "1979-05-27", "07:32:00", "inf", ":", "null", "é", "\u{0}",
      "a = 1\n", "[a.b]\n", "\"x\": ", "b = [\n", "c = { d = ",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF]]

  @Test(arguments: [SyntaxTree.Language.toml, .json], 0..<16)
  func rangesLieInTheTextAndInsideEachOther(_ language: SyntaxTree.Language, _ seed: Int) {
    var random = SplitMix64(seed: 0x70_7E57, index: seed)
    for _ in 0..<100 {
      var bytes: [UInt8] = []
      for _ in 0..<random.index(below: 40) { bytes += Self.pieces[random.index(below: Self.pieces.count)] }
      let tree = SyntaxTree(bytes, language)
      checkRanges(tree, bytes.count)
      for offset in 0...bytes.count {
        let place = tree.place(at: offset)
        #expect(place.range.lower <= place.range.upper && place.range.upper <= bytes.count)
      }
    }
  }

  private func checkRanges(_ tree: SyntaxTree, _ length: Int) {
    func check(_ range: SourceRange) {
      #expect(0 <= range.lower && range.lower <= range.upper && range.upper <= length, "\(range) of \(length)")
    }
    func check(_ node: SyntaxNode) {
      check(node.range)
      switch node.value {
      case .list(let elements): elements.forEach(check)
      case .table(let table):
        for member in table.members {
          member.keyRanges.forEach(check)
          check(member.node)
        }
      default: break
      }
    }
    for member in tree.root.members { check(member.node) }
    for error in tree.errors { check(error.range) }
    #expect(zip(tree.errors, tree.errors.dropFirst()).allSatisfy { $0.range.lower <= $1.range.lower })
    #expect(zip(tree.entries, tree.entries.dropFirst()).allSatisfy { $0.range.lower <= $1.range.lower })
    #expect(zip(tree.comments, tree.comments.dropFirst()).allSatisfy { $0.upper <= $1.lower })
  }

  @Test func invalidUTF8IsAnErrorWithAPlace() {
    let tree = SyntaxTree(Array("a = \"x".utf8) + [0xFF] + Array("\"\nb = 2".utf8), .toml)
    #expect(tree.errors.map(\.range) == [SourceRange(6, 7)])
    #expect(tree.root["b"]?.node.value == .integer(2))
  }

  @Test(arguments: ["a = ", "a.", "[a", "{\"a\": "])
  func nestingIsBounded(_ piece: String) {
    let count = 100_000
    let language: SyntaxTree.Language = piece.hasPrefix("{") ? .json : .toml
    let text =
      piece == "a = "
      ? "a = " + String(repeating: "[", count: count)
      : piece == "[a" ? "[a" + String(repeating: ".a", count: count) + "]" : String(repeating: piece, count: count)
    #expect(!SyntaxTree(text, language).errors.isEmpty)
    let inline = "a = " + String(repeating: "{ a = ", count: count)
    #expect(!SyntaxTree(inline, .toml).errors.isEmpty)
  }

  /// Each is read in a time that a reader whose time grows with the square of the length would need minutes for.
  @Test(arguments: [
    "a = \"\"\"\n", "a = '''x\n", "a = [\n", "a = [[[[\n", "a = {\n", "[[a]]\n", "[a]\n", "a.b = 1\n", "\"", "\u{300}",
    "a = [1, ", "#\n", "=\n", "a = \"x\" \"y\"\n", "a = 1\n",
  ])
  func longTextsOfOnePiece(_ piece: String) {
    let tree = SyntaxTree(String(repeating: piece, count: 200_000), .toml)
    #expect(tree.errors.count <= SyntaxTree.errorLimit)
  }
}
