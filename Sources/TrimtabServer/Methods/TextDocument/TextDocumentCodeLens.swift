package import JSON
internal import JSONRPC
internal import ManifestText
internal import Sessions

/// `textDocument/codeLens`: news of the session, above the lines that they are about.
package enum TextDocumentCodeLens: EditorMethod {
  package static let name = "textDocument/codeLens"
  package static let purpose =
    "Lists what the session of an open document says, with the lines that it is about: at the pool the suggested candidate with how certain that is and what finding it has taken, and the trials under way; at the objective the plan with what it saves. Where the client takes workspace/codeLens/refresh, it is sent when this changes."
  package typealias Params = DocumentParams
  package typealias Answer = AnswerList<CodeLens>
  package static let nothing = Answer()

  package static func answer(_ params: Params, _ place: EditorPlace) -> Answer {
    Answer(
      SessionNotes.list(place).map { note in
        let start = place.text.position(of: note.offset, in: place.encoding)
        return CodeLens(
          range: TextRange(start: start, end: start),
          command: CommandFields(title: note.text, command: note.command, uri: place.document.uri))
      })
  }
}

/// A text above a line.
package struct CodeLens: AnswerObject, Sendable {
  let range: TextRange
  let command: CommandFields

  package static let fields = Fields<CodeLens> {
    Field("range", "The line that it is about.") { $0.range }
    Field("command", "The text, and what a click on it runs.") { $0.command }
  }
}

/// A command for workspace/executeCommand.
package struct CommandFields: AnswerObject, Sendable {
  let title: String
  /// Nil for a text that a click does nothing to.
  let command: EditorCommand?
  let uri: String

  package static let fields = Fields<CommandFields> {
    Field("title", "The text.") { $0.title }
    Field("command", "The command's name; empty where there is none.") { $0.command?.rawValue ?? "" }
    Field("arguments", "The document's URI; absent without a command.") { $0.command == nil ? nil : [$0.uri] }
  }
}
