internal import Basics
internal import JSON
internal import ManifestText

/// The meaning of a manifest's words, for their colours.
enum SemanticTokens {
  /// The types that tokens name by number, in the words of the Language Server Protocol.
  enum Kind: String, CaseIterable {
    case header = "struct"
    case key = "property"
    case model = "class"
    case choice = "enumMember"
    case string, number
    case literal = "keyword"
    case comment
  }

  /// Five numbers for each token: lines and characters since the one before, length, type and no modifiers.
  static func data(_ place: EditorPlace) -> [Int] {
    let (text, encoding) = (place.text, place.encoding)
    var data: [Int] = []
    var last = TextPosition(line: 0, character: 0)
    for token in tokens(place) {
      let (first, final) = (text.line(of: token.range.lower), text.line(of: token.range.upper))
      // A token has one line.
      for line in first...max(first, final) {
        let content = text.content(ofLine: line)
        let piece = SourceRange(max(token.range.lower, content.lower), min(token.range.upper, content.upper))
        guard piece.lower < piece.upper else { continue }
        let (start, end) = (text.position(of: piece.lower, in: encoding), text.position(of: piece.upper, in: encoding))
        let isSameLine = start.line == last.line
        data += [
          start.line - last.line, isSameLine ? start.character - last.character : start.character,
          end.character - start.character, token.kind.number, 0,
        ]
        last = start
      }
    }
    return data
  }

  private struct Token {
    let range: SourceRange
    let kind: Kind
  }

  /// In the order of the text, without overlap.
  private static func tokens(_ place: EditorPlace) -> [Token] {
    let (tree, models) = (place.analysis.tree, place.analysis.models)
    var tokens = tree.comments.map { Token(range: $0, kind: .comment) }
    let headers = Set(tree.entries.filter { $0.kind != .pair }.flatMap { $0.keys.map(\.range) })
    func visit(_ table: SyntaxTable, _ path: SyntaxPath) {
      for member in table.members {
        for range in member.keyRanges where range.lower < range.upper {
          tokens.append(Token(range: range, kind: headers.contains(range) ? .header : .key))
        }
        visit(member.node, path + [.key(member.key)])
      }
    }
    func visit(_ node: SyntaxNode, _ path: SyntaxPath) {
      func add(_ kind: Kind) { tokens.append(Token(range: node.range, kind: kind)) }
      switch node.value {
      case .string:
        if models.occurrence(at: node.range.lower)?.range == node.range {
          add(.model)
        } else {
          add(ManifestSchema.field(at: path)?.type.choices == nil ? .string : .choice)
        }
      case .integer, .float, .dateTime: add(.number)
      case .boolean, .null: add(.literal)
      case .list(let elements):
        for (index, element) in elements.enumerated() { visit(element, path + [.index(index)]) }
      case .table(let table): visit(table, path)
      case .missing: break
      }
    }
    visit(tree.root, [])
    tokens.sort { ($0.range.lower, $0.range.upper) < ($1.range.lower, $1.range.upper) }
    var end = 0
    // The parts of a table that several headers write have each its ranges; a header's are there once.
    return tokens.filter { token in
      defer { end = max(end, token.range.upper) }
      return token.range.lower >= end
    }
  }
}

extension SemanticTokens.Kind {
  fileprivate var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
