internal import Basics
internal import ManifestText

/// What a feature is a function of: a document, what is known of its session, and what the client takes.
package struct EditorPlace {
  let document: ManifestDocument
  let session: DocumentSession?
  let capabilities: EditorCapabilities

  var encoding: PositionEncoding { capabilities.encoding }
  var text: TextDocument { document.text }
  var analysis: ManifestAnalysis { document.analysis }

  /// A text for people, as the client takes it in hovers.
  func markup(_ markdown: String) -> MarkupText {
    guard !capabilities.hoverMarkdown else { return MarkupText(kind: .markdown, value: markdown) }
    let plain = markdown.replacingBytes(of: "**", with: "").replacingBytes(of: "`", with: "")
    return MarkupText(kind: .plaintext, value: plain)
  }
}
