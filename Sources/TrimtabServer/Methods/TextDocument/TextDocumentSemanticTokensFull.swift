package import JSON
internal import JSONRPC
internal import Sessions

/// `textDocument/semanticTokens/full`: the meaning of words.
package enum TextDocumentSemanticTokensFull: EditorMethod {
  package static let name = "textDocument/semanticTokens/full"
  package static let purpose =
    "Lists the words of an open document with what they are: headers, keys, models, words of a closed list, strings, numbers, comments."
  package typealias Params = DocumentParams
  package typealias Answer = AnswerOrNull<SemanticTokenList>
  package static let nothing = Answer(nil)

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer {
    Answer(SemanticTokenList(data: SemanticTokens.data(place)))
  }
}

/// Words with what they are.
package struct SemanticTokenList: AnswerObject, Sendable {
  let data: [Int]

  package static let fields = Fields<SemanticTokenList> {
    Field(
      "data",
      "Five whole numbers for each: lines and characters from the one before, length, number of the type in the server's legend, and 0."
    ) { $0.data }
  }
}
