internal import Basics
internal import JSON
internal import JSONRPC
internal import ManifestText

/// The documents that a client has open, and what it is sent about them.
///
/// It belongs to the connection of the process's own client, and stays there when that process joins the owner of a
/// state directory or becomes the owner: what a person types never leaves the process, and no change of owner loses it.
package final class EditorDesk {
  private unowned let client: ClientConnection
  private(set) var capabilities = EditorCapabilities(nil)
  private var documents: [ExactString: ManifestDocument] = [:]
  /// The documents whose diagnostics are to be published.
  private var changed: [String] = []

  init(_ client: ClientConnection) { self.client = client }

  /// Takes what `initialize` says of the editor.
  func begin(_ params: Initialize.Params) { capabilities = params.capabilities }

  /// An open document; nil for one that is not open, or is no manifest.
  func place(_ uri: String) -> EditorPlace? {
    documents[ExactString(uri)].map { EditorPlace(document: $0, capabilities: capabilities) }
  }

  // MARK: Documents

  func open(_ opened: OpenedDocument) {
    guard let document = ManifestDocument(opened) else { return }
    documents[ExactString(opened.uri)] = document
    publishSoon(opened.uri)
  }

  func change(_ uri: String, version: Int?, _ changes: [TextChange]) {
    guard let document = documents[ExactString(uri)] else { return }
    document.apply(changes, version: version, in: capabilities.encoding)
    publishSoon(uri)
  }

  func save(_ uri: String) {
    guard let document = documents[ExactString(uri)] else { return }
    document.forget()
    publishSoon(uri)
  }

  func close(_ uri: String) {
    guard documents.removeValue(forKey: ExactString(uri)) != nil, publishes else { return }
    client.notify(TextDocumentPublishDiagnostics(uri: uri, version: nil, diagnostics: []))
  }

  // MARK: Diagnostics

  private var publishes: Bool { capabilities.publishesDiagnostics && !capabilities.pullsDiagnostics }

  /// Publishes a document's diagnostics after the messages that have come, so that of many keystrokes at once the last
  /// counts.
  private func publishSoon(_ uri: String) {
    guard publishes, !changed.contains(uri) else { return }
    changed.append(uri)
    guard changed.count == 1 else { return }
    client.server.jobs.afterOtherMessages { [weak self] in self?.publish() }
  }

  private func publish() {
    let uris = changed
    changed = []
    for uri in uris {
      guard let document = documents[ExactString(uri)] else { continue }
      client.notify(
        TextDocumentPublishDiagnostics(
          uri: uri, version: capabilities.sendsDiagnosticVersions ? document.text.version : nil,
          diagnostics: Diagnostics.list(of: document, in: capabilities.encoding)))
    }
  }
}
