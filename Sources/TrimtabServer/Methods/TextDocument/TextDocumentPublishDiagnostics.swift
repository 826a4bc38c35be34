package import JSON
internal import JSONRPC
internal import ManifestText

/// `textDocument/publishDiagnostics`: what is wrong in a document.
package struct TextDocumentPublishDiagnostics: Notification {
  package static let name = "textDocument/publishDiagnostics"
  package static let purpose =
    "Lists what is wrong in an open document, in place of what was listed before. It is sent when the document changes, to a client that takes it and does not ask with textDocument/diagnostic."

  let uri: String
  let version: Int?
  let diagnostics: [EditorDiagnostic]

  package static let fields = Fields<TextDocumentPublishDiagnostics> {
    Field("uri", "The document.") { $0.uri }
    Field("version", "The state of its text, for a client that takes it.") { $0.version }
    Field("diagnostics", "What is wrong; empty where nothing is.") { $0.diagnostics }
  }
}

/// One thing that is wrong in a document.
package struct EditorDiagnostic: AnswerObject, Sendable, Equatable {
  package enum Severity: Int, Sendable {
    case error = 1
    case warning, information, hint
  }

  let range: TextRange
  let severity: Severity
  let code: String
  let message: String

  package static let fields = Fields<EditorDiagnostic> {
    Field("range", "Where it is.") { $0.range }
    Field("severity", "1 error, 2 warning, 3 information, 4 hint.") { $0.severity.rawValue }
    Field("code", "Its kind, for programs.") { $0.code }
    Field("source", "Always `trimtab`.") { _ in "trimtab" }
    Field("message", "What is wrong and what to do about it.") { $0.message }
  }
}
