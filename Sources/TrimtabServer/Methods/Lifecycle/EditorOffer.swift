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
    Field("hoverProvider", "Whether textDocument/hover is served.") { $0.client.hover ? true : nil }
    Field("completionProvider", "How textDocument/completion is served.") {
      $0.client.completion ? CompletionOptions() : nil
    }
    Field("codeActionProvider", "How textDocument/codeAction is served.") {
      $0.client.codeAction ? CodeActionOptions() : nil
    }
    Field("codeLensProvider", "How textDocument/codeLens is served.") { $0.client.codeLens ? CodeLensOptions() : nil }
    Field("inlayHintProvider", "Whether textDocument/inlayHint is served.") { $0.client.inlayHint ? true : nil }
    Field("documentSymbolProvider", "Whether textDocument/documentSymbol is served.") {
      $0.client.documentSymbol ? true : nil
    }
    Field("foldingRangeProvider", "Whether textDocument/foldingRange is served.") {
      $0.client.foldingRange ? true : nil
    }
    Field("renameProvider", "How textDocument/rename is served.") {
      $0.client.rename ? RenameOptions(prepares: $0.client.prepareRename) : nil
    }
    Field("semanticTokensProvider", "How textDocument/semanticTokens/full is served.") {
      $0.client.semanticTokens ? SemanticTokensOptions() : nil
    }
    Field("executeCommandProvider", "The commands of workspace/executeCommand.") {
      $0.client.executeCommand ? ExecuteCommandOptions() : nil
    }
    Field("workspace", "What is served beside documents.") { $0.client.documentContent ? WorkspaceOptions() : nil }
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

  struct CompletionOptions: AnswerObject {
    static let fields = Fields<CompletionOptions> {
      Field("triggerCharacters", "After which the client asks.") { _ in ["\"", "[", "."] }
      Field("resolveProvider", "False: items are complete.") { _ in false }
    }
  }

  struct CodeActionOptions: AnswerObject {
    static let fields = Fields<CodeActionOptions> {
      Field("codeActionKinds", "The kinds of actions.") { _ in CodeAction.Kind.allCases.map(\.rawValue) }
      Field("resolveProvider", "False: actions are complete.") { _ in false }
    }
  }

  struct CodeLensOptions: AnswerObject {
    static let fields = Fields<CodeLensOptions> {
      Field("resolveProvider", "False: lenses are complete.") { _ in false }
    }
  }

  struct RenameOptions: AnswerObject {
    let prepares: Bool

    static let fields = Fields<RenameOptions> {
      Field("prepareProvider", "Whether textDocument/prepareRename is served.") { $0.prepares }
    }
  }

  struct SemanticTokensOptions: AnswerObject {
    static let fields = Fields<SemanticTokensOptions> {
      Field("legend", "The names of types.") { _ in SemanticTokensLegend() }
      Field("full", "True: all words of a document at once.") { _ in true }
    }
  }

  struct SemanticTokensLegend: AnswerObject {
    static let fields = Fields<SemanticTokensLegend> {
      Field("tokenTypes", "By number.") { _ in SemanticTokens.Kind.allCases.map(\.rawValue) }
      Field("tokenModifiers", "None.") { _ -> [String] in [] }
    }
  }

  struct ExecuteCommandOptions: AnswerObject {
    static let fields = Fields<ExecuteCommandOptions> {
      Field("commands", "The commands.") { _ in EditorCommand.allCases.map(\.rawValue) }
    }
  }

  struct WorkspaceOptions: AnswerObject {
    static let fields = Fields<WorkspaceOptions> {
      Field("textDocumentContent", "Which virtual documents workspace/textDocumentContent serves.") { _ in
        TextDocumentContentOptions()
      }
    }
  }

  struct TextDocumentContentOptions: AnswerObject {
    static let fields = Fields<TextDocumentContentOptions> {
      Field("schemes", "The schemes of their URIs.") { _ in [VirtualDocument.scheme] }
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
