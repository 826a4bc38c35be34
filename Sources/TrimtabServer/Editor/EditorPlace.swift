internal import ManifestText

/// What a feature is a function of: a document, what is known of its session, and what the client takes.
package struct EditorPlace {
  let document: ManifestDocument
  let capabilities: EditorCapabilities

  var encoding: PositionEncoding { capabilities.encoding }
  var text: TextDocument { document.text }
}
