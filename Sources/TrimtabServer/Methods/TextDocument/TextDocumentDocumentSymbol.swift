package import JSON
internal import JSONRPC
internal import ManifestText
internal import Sessions

/// `textDocument/documentSymbol`: an outline.
package enum TextDocumentDocumentSymbol: EditorMethod {
  package static let name = "textDocument/documentSymbol"
  package static let purpose =
    "Lists the tables, keys and models of an open document: in each other for a client that takes that, else one after the other."
  package typealias Params = DocumentParams
  package typealias Answer = AnswerList<DocumentSymbol>
  package static let nothing = Answer()

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer { Answer(Symbols.list(place)) }
}

/// A key, with what its table has.
package struct DocumentSymbol: AnswerObject, Sendable {
  let name: String
  let detail: String?
  let kind: Int
  let range: TextRange
  let selectionRange: TextRange
  var children: [DocumentSymbol]
  /// For a client that takes no symbols in each other.
  var location: SymbolLocation?
  var containerName: String?

  package static let fields = Fields<DocumentSymbol> {
    Field("name", "The key, or a model's id.") { $0.name }
    Field("detail", "The value, or how many elements it has.") { $0.detail }
    Field("kind", "8 a key without a value, 15 string, 16 number, 17 true or false, 18 list, 19 table, 21 null.") {
      $0.kind
    }
    Field("range", "All that belongs to it.") { $0.location == nil ? $0.range : nil }
    Field("selectionRange", "The key.") { $0.location == nil ? $0.selectionRange : nil }
    Field("children", "The symbols of its table, each as this one.") { symbol in
      symbol.children.isEmpty ? nil : symbol.children.map { child in WrittenJSON { child.write(to: &$0) } }
    }
    Field("location", "Where it is, for a client that takes no symbols in each other.") { $0.location }
    Field("containerName", "The symbol that it is in, for such a client.") { $0.containerName }
  }
}

/// A place in a document.
package struct SymbolLocation: AnswerObject, Sendable {
  let uri: String
  let range: TextRange

  package static let fields = Fields<SymbolLocation> {
    Field("uri", "The document.") { $0.uri }
    Field("range", "Where in it.") { $0.range }
  }
}
