internal import Basics
internal import JSON
internal import JSONRPC
internal import ManifestText
internal import Sessions

/// The documents that a client has open, and what it is sent about them.
///
/// It belongs to the connection of the process's own client, and stays there when that process joins the owner of a
/// state directory or becomes the owner: what a person types never leaves the process, and no change of owner loses it.
package final class EditorDesk {
  unowned let client: ClientConnection
  private(set) var capabilities = EditorCapabilities(nil)
  private var documents: [DocumentKey: ManifestDocument] = [:]
  /// What is known of the documents' sessions.
  var sessions: [DocumentKey: DocumentSession] = [:]
  /// The virtual documents that the client has asked for.
  var shownContents: Set<DocumentKey> = []
  /// The documents whose diagnostics are to be published.
  private var changed: [DocumentKey] = []
  private lazy var own = OwnSessions(client)
  private var folders: [String: StateFolderSessions] = [:]
  /// Runs an action after some seconds; at once where there is no loop.
  private(set) var later: (Double, @escaping () -> Void) -> Void = { $1() }
  /// Opens the state directory that a manifest names; nil where this process looks at no other.
  private var openFolder: ((String) -> StateFolderSessions)?

  /// How long typing must pause before files are read that take long, in seconds.
  private static let pauseSeconds = 0.3

  init(_ client: ClientConnection) { self.client = client }

  /// Takes what `initialize` says of the editor.
  func begin(_ params: Initialize.Params) { capabilities = params.capabilities }

  /// Has the desk use a loop's clock and look at the state directories that manifests name.
  func run(on loop: EventLoop) {
    later = { [unowned loop] in loop.after($0, $1) }
    openFolder = { [unowned client, unowned loop] in StateFolderSessions($0, for: client, on: loop) }
  }

  /// Forgets everything, as the client is sent no more after `shutdown`.
  func end() {
    (documents, sessions, changed) = ([:], [:], [])
    dropUnusedSources()
  }

  /// An open document; nil for one that is not open, or is no manifest.
  func place(_ uri: String) -> EditorPlace? {
    let key = DocumentKey(uri)
    return documents[key].map { EditorPlace(document: $0, session: sessions[key], capabilities: capabilities) }
  }

  // MARK: Documents

  func open(_ opened: OpenedDocument) {
    guard let document = ManifestDocument(opened) else { return }
    documents[document.key] = document
    attendSoon(document.key)
  }

  func change(_ uri: String, version: Int?, _ changes: [TextChange]) {
    guard let document = documents[DocumentKey(uri)] else { return }
    document.apply(changes, version: version, in: capabilities.encoding)
    attendSoon(document.key)
  }

  func save(_ uri: String) {
    guard let document = documents[DocumentKey(uri)] else { return }
    document.readFiles()
    attendSoon(document.key)
    askToPull()
  }

  func close(_ uri: String) {
    guard let document = documents.removeValue(forKey: DocumentKey(uri)) else { return }
    sessions[document.key] = nil
    shownContents = shownContents.filter {
      VirtualDocument.document(ofFrontier: $0.text).map { DocumentKey($0) } != DocumentKey(uri)
    }
    dropUnusedSources()
    if publishes { client.notify(TextDocumentPublishDiagnostics(uri: uri, version: nil, diagnostics: [])) }
  }

  // MARK: Diagnostics

  private var publishes: Bool { capabilities.publishesDiagnostics && !capabilities.pullsDiagnostics }

  /// Looks at a changed document after the messages that have come, so that of many keystrokes at once the last counts.
  private func attendSoon(_ key: DocumentKey) {
    guard !changed.contains(key) else { return }
    changed.append(key)
    guard changed.count == 1 else { return }
    client.server.computations.afterOtherMessages { [weak self] in self?.attend() }
  }

  private func attend() {
    let keys = changed
    changed = []
    for document in keys.compactMap({ documents[$0] }) {
      follow(document)
      publish(document)
      guard !document.analysis.hasReadFiles else { continue }
      let state = document.state
      later(Self.pauseSeconds) { [weak self, weak document] in
        guard let self, let document, document.state == state else { return }
        document.readFiles()
        publish(document)
        askToPull()
      }
    }
  }

  /// Has a client that asks for diagnostics ask again: the files that a document names have been read.
  private func askToPull() {
    guard capabilities.pullsDiagnostics, capabilities.refreshesDiagnostics else { return }
    client.peer.ask(WorkspaceDiagnosticRefresh()) { _ in }
  }

  private func publish(_ document: ManifestDocument) {
    guard publishes else { return }
    client.notify(
      TextDocumentPublishDiagnostics(
        uri: document.uri, version: capabilities.sendsDiagnosticVersions ? document.text.version : nil,
        diagnostics: Diagnostics.list(of: document, in: capabilities.encoding)))
  }

  // MARK: Sessions

  /// Where a document's session is.
  func source(of session: DocumentSession) -> any SessionSource {
    guard let directory = session.directory, let openFolder else { return own }
    if let folder = folders[directory] { return folder }
    let folder = openFolder(directory)
    folders[directory] = folder
    folder.connect()
    return folder
  }

  /// The sessions of the client's own process have another owner now, or none.
  func ownerChanged() { sourceChanged(own) }

  func dropUnusedSources() {
    let used = Set(sessions.values.compactMap(\.directory))
    for (path, folder) in folders where !used.contains(path) {
      folder.close()
      folders[path] = nil
    }
  }
}
