package import JSON
internal import JSONRPC
package import Sessions

/// `workspace/executeCommand`: a person runs a command.
package enum WorkspaceExecuteCommand: EditorRequest {
  package static let name = "workspace/executeCommand"
  package static let purpose =
    "Runs a command on an open document. `trimtab.suggestion` and `trimtab.ranking` answer what the search says, `trimtab.showFrontier` answers the frontier as text and has the client show it where it takes window/showDocument, `trimtab.insertSuggestion` has the client write the suggested models where it takes workspace/applyEdit, and `trimtab.applyToSearch` brings the search in line with the document: nothing else that an editor does changes a session."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .invalidPool]

  package struct Params: ObjectReadable {
    let command: EditorCommand
    let uri: String
    let isQuiet: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      command = try reader.required("command", .choice(), "The command.")
      let arguments = try reader.required(
        "arguments", .list(of: .string, count: 1...2),
        "The document's URI. With `quiet` behind it no window/showMessage says what came of it: for a client that shows the answer itself."
      )
      (uri, isQuiet) = (arguments[0], arguments.count > 1 && arguments[1] == "quiet")
    }
  }

  package struct Answer: AnswerObject, Sendable {
    var message: String
    var suggestion: JSON?
    var ranking: JSON?
    var uri: String?
    var text: String?
    var pipeline: String?
    var curve: JSON?
    var point: JSON?
    var edit: WorkspaceEdit?

    package static let fields = Fields<Answer> {
      Field("message", "What came of it, for people.") { $0.message }
      Field("suggestion", "The suggested candidate as in suggestion/get, with `trimtab.suggestion`.") { $0.suggestion }
      Field("ranking", "The candidates as in suggestion/ranking, with `trimtab.ranking`.") { $0.ranking }
      Field("uri", "The virtual document of the frontier, with `trimtab.showFrontier`.") { $0.uri }
      Field("text", "Its text.") { $0.text }
      Field("pipeline", "The pipeline of that frontier.") { $0.pipeline }
      Field("curve", "Its lower bound and its plans as in frontier/curve, less generation and stale.") { $0.curve }
      Field("point", "The plan at the manifest's objective as in frontier/query; absent without one.") { $0.point }
      Field("edit", "What is written, with `trimtab.insertSuggestion`.") { $0.edit }
    }
  }

  package static func serve(
    _ params: Params, at desk: EditorDesk, done: @escaping (Result<Answer, RequestError>) -> Void
  ) {
    desk.run(params.command, on: params.uri, isQuiet: params.isQuiet, done: done)
  }
}
