internal import JSON
internal import ManifestText

/// What the server offers an editor, in the words of the Language Server Protocol: of each feature whether the client
/// named it in `capabilities`; none of these fields for a client that edits no documents.
struct EditorOffer: AnswerObject {
  let client: EditorCapabilities

  static let fields = Fields<EditorOffer> {
    Field("positionEncoding", "What the characters of a place count: the first of `general.positionEncodings`.") {
      $0.client.namesEncodings ? $0.client.encoding.rawValue : nil
    }
    Field("textDocumentSync", "How documents are kept up to date.") { _ in Synchronization() }
    Field("diagnosticProvider", "How textDocument/diagnostic is served.") {
      $0.client.pullsDiagnostics ? DiagnosticOptions() : nil
    }
  }

  struct Synchronization: AnswerObject {
    static let fields = Fields<Synchronization> {
      Field("openClose", "True: the client says which documents are open.") { _ in true }
      Field("change", "2: the client sends changes, or the whole text where it has none.") { _ in 2 }
      Field("save", "True: the client says when a document is saved.") { _ in true }
    }
  }

  struct DiagnosticOptions: AnswerObject {
    static let fields = Fields<DiagnosticOptions> {
      Field("identifier", "Always `trimtab`.") { _ in "trimtab" }
      Field("interFileDependencies", "False: a document's diagnostics depend on it alone.") { _ in false }
      Field("workspaceDiagnostics", "False: only open documents are looked at.") { _ in false }
    }
  }
}
