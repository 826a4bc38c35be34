internal import Basics
package import JSON
internal import ManifestText

/// What an editor can take, as `initialize` says it in the words of the Language Server Protocol. Nothing is sent that
/// it does not name.
///
/// It is read by places, not by declared fields: it has hundreds of them, newer editors have more, and one that is odd
/// must not keep the editor out. A feature is named where its member is there and neither null nor false, as editors
/// without an empty object send `[]`.
package struct EditorCapabilities: Sendable, Equatable {
  /// Whether the client edits documents at all.
  let hasDocuments: Bool
  /// The first that the client lists and this program knows.
  let encoding: PositionEncoding
  /// Whether the client lists any.
  let namesEncodings: Bool
  let publishesDiagnostics: Bool
  let sendsDiagnosticVersions: Bool
  let pullsDiagnostics: Bool
  let hover: Bool
  let hoverMarkdown: Bool
  let completion: Bool
  let codeLens: Bool
  let inlayHint: Bool
  let codeAction: Bool
  let codeActionLiterals: Bool
  let documentSymbol: Bool
  let nestedSymbols: Bool
  let foldingRange: Bool
  let rename: Bool
  let prepareRename: Bool
  let semanticTokens: Bool
  let executeCommand: Bool
  let documentContent: Bool
  let applyEdit: Bool
  let documentChanges: Bool
  let showDocument: Bool
  let refreshesCodeLens: Bool
  let refreshesInlayHints: Bool
  let refreshesDiagnostics: Bool

  package init(_ json: JSON?) {
    func value(_ place: String) -> JSON? {
      place.split(separator: ".").reduce(json) { $0?[String($1)] }
    }
    func has(_ place: String) -> Bool {
      switch value(place) {
      case nil, .null, .bool(false): false
      default: true
      }
    }
    func lists(_ place: String, _ word: String) -> Bool {
      value(place)?.arrayValue?.contains(.string(word)) ?? false
    }
    let encodings = value("general.positionEncodings")?.arrayValue?.compactMap {
      $0.stringValue.flatMap(PositionEncoding.init(named:))
    }
    hasDocuments = has("textDocument")
    encoding = encodings?.first ?? .utf16
    namesEncodings = encodings?.first != nil
    publishesDiagnostics = has("textDocument.publishDiagnostics")
    sendsDiagnosticVersions = has("textDocument.publishDiagnostics.versionSupport")
    pullsDiagnostics = has("textDocument.diagnostic")
    hover = has("textDocument.hover")
    hoverMarkdown = lists("textDocument.hover.contentFormat", "markdown")
    completion = has("textDocument.completion")
    codeLens = has("textDocument.codeLens")
    inlayHint = has("textDocument.inlayHint")
    codeAction = has("textDocument.codeAction")
    codeActionLiterals = has("textDocument.codeAction.codeActionLiteralSupport")
    documentSymbol = has("textDocument.documentSymbol")
    nestedSymbols = has("textDocument.documentSymbol.hierarchicalDocumentSymbolSupport")
    foldingRange = has("textDocument.foldingRange")
    rename = has("textDocument.rename")
    prepareRename = has("textDocument.rename.prepareSupport")
    semanticTokens = has("textDocument.semanticTokens")
    executeCommand = has("workspace.executeCommand")
    documentContent = has("workspace.textDocumentContent")
    applyEdit = has("workspace.applyEdit")
    documentChanges = has("workspace.workspaceEdit.documentChanges")
    showDocument = has("window.showDocument.support")
    refreshesCodeLens = has("workspace.codeLens.refreshSupport")
    refreshesInlayHints = has("workspace.inlayHint.refreshSupport")
    refreshesDiagnostics = has("workspace.diagnostics.refreshSupport")
  }
}
