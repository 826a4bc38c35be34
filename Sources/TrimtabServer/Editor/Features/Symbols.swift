internal import Basics
internal import JSON
internal import ManifestText

/// The tables and keys of a manifest, for an outline.
enum Symbols {
  /// The kinds of the Language Server Protocol that are used.
  private enum Kind: Int {
    case field = 8
    case string = 15
    case number = 16
    case boolean = 17
    case array = 18
    case object = 19
    case null = 21
  }

  private static let detailLimit = 60

  static func list(_ place: EditorPlace) -> [DocumentSymbol] {
    let nested = place.analysis.tree.root.members.compactMap { symbol($0, place) }
    return place.capabilities.nestedSymbols ? nested : nested.flatMap { flat($0, in: nil, place.document.uri) }
  }

  private static func symbol(_ member: SyntaxTable.Member, _ place: EditorPlace) -> DocumentSymbol? {
    guard let key = member.keyRanges.first else { return nil }
    var children: [DocumentSymbol] = []
    switch member.node.value {
    case .table(let table): children = table.members.compactMap { symbol($0, place) }
    case .list(let elements):
      children = elements.enumerated().compactMap { element($1, $0, place) }
    default: break
    }
    // An outline needs a range around everything that belongs to the key, wherever headers write it.
    let whole = member.extent
    return DocumentSymbol(
      name: member.key.text, detail: detail(member.node, place), kind: kind(member.node).rawValue,
      range: place.text.range(of: whole, in: place.encoding),
      selectionRange: place.text.range(of: key, in: place.encoding), children: children)
  }

  private static func element(_ node: SyntaxNode, _ index: Int, _ place: EditorPlace) -> DocumentSymbol? {
    guard case .table(let table) = node.value, case .string(let id)? = table["id"]?.node.value else { return nil }
    let range = place.text.range(of: node.extent, in: place.encoding)
    return DocumentSymbol(
      name: id, detail: nil, kind: Kind.object.rawValue, range: range, selectionRange: range, children: [])
  }

  private static func flat(_ symbol: DocumentSymbol, in container: String?, _ uri: String) -> [DocumentSymbol] {
    var own = symbol
    own.location = SymbolLocation(uri: uri, range: symbol.range)
    own.containerName = container
    own.children = []
    return [own] + symbol.children.flatMap { flat($0, in: symbol.name, uri) }
  }

  private static func detail(_ node: SyntaxNode, _ place: EditorPlace) -> String? {
    switch node.value {
    case .table: return nil
    case .list(let elements): return Words.count(elements.count, "element")
    default:
      let text = place.text[node.range]
      return text.isEmpty ? nil : Preview.cut(text)
    }
  }

  private static func kind(_ node: SyntaxNode) -> Kind {
    switch node.value {
    case .string, .dateTime: .string
    case .integer, .float: .number
    case .boolean: .boolean
    case .null: .null
    case .list: .array
    case .table: .object
    case .missing: .field
    }
  }
}

extension SyntaxTable.Member {
  /// From the first byte that writes it to behind the last.
  var extent: SourceRange {
    keyRanges.reduce(node.extent) { SourceRange(min($0.lower, $1.lower), max($0.upper, $1.upper)) }
  }
}

extension SyntaxNode {
  /// From the first byte of it, or of what is inside, to behind the last: headers may write a table in several places.
  var extent: SourceRange {
    let inner: [SourceRange] =
      switch value {
      case .table(let table): table.members.map(\.extent)
      case .list(let elements): elements.map(\.extent)
      default: []
      }
    return inner.reduce(range) { SourceRange(min($0.lower, $1.lower), max($0.upper, $1.upper)) }
  }
}
