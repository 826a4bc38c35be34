internal import Basics
internal import JSON
internal import JSONRPC

/// What an open manifest's session says, as far as it is known.
struct DocumentSession {
  /// What is asked.
  var query: SessionViewQuery
  /// The state directory that the manifest names; nil for the sessions of the client's own process.
  var directory: String?
  /// The latest answer; nil before the first, and where there is no such session.
  var view: SessionView?
  /// Why there is no answer.
  var failure: String?
  fileprivate var question = Question()

  /// How far the asking is.
  fileprivate struct Question {
    /// Whether an answer is on its way, and whether what it says has changed meanwhile.
    var isOut = false
    var isOutdated = false
    /// Whether it is put off.
    var isDue = false
    /// Monotonic seconds of the last one.
    var asked = -Double.infinity
  }

  init(query: SessionViewQuery, directory: String?) { (self.query, self.directory) = (query, directory) }
}

// What the desk knows of the sessions of its documents, and how it keeps that up to date.
extension EditorDesk {
  /// Between two questions about one session, in seconds: reports may come a thousand times a second, and a person sees
  /// no more than some tens of changes.
  private static let askingSeconds = 0.03

  /// Follows the session that a document names now.
  func follow(_ document: ManifestDocument) {
    var (query, directory) = document.analysis.session
    if client.sharesDirectory { directory = nil }
    let known = sessions[document.key]
    if let known, known.query == query, known.directory == directory { return }
    var session = DocumentSession(query: query, directory: directory)
    // What is shown of the same session stays until the answer comes.
    if let known, known.query.session == query.session, known.directory == directory {
      (session.view, session.question) = (known.view, known.question)
    }
    sessions[document.key] = session
    dropUnusedSources()
    ask(document.key)
  }

  /// Asks again about a session that has changed.
  func sessionChanged(_ name: String) {
    for (key, session) in sessions where session.query.session == name { ask(key) }
  }

  /// Asks again about all sessions of a source that has another owner now, or none.
  func sourceChanged(_ source: any SessionSource) {
    for (key, session) in sessions where self.source(of: session) === source { ask(key) }
  }

  private func ask(_ key: DocumentKey) {
    guard let question = sessions[key]?.question else { return }
    if question.isOut {
      sessions[key]?.question.isOutdated = true
    } else if !question.isDue {
      let wait = question.asked + Self.askingSeconds - monotonicSeconds()
      guard wait > 0 else { return askNow(key) }
      sessions[key]?.question.isDue = true
      later(wait) { [weak self] in self?.askNow(key) }
    }
  }

  private func askNow(_ key: DocumentKey) {
    guard let session = sessions[key] else { return }
    sessions[key]?.question = DocumentSession.Question(isOut: true, asked: monotonicSeconds())
    source(of: session).ask(session.query) { [weak self] outcome in self?.take(outcome, of: session, for: key) }
  }

  private func take(_ outcome: Result<JSON, RPCError>, of asked: DocumentSession, for key: DocumentKey) {
    // A document may have come to name another session meanwhile, which has a question of its own.
    guard var session = sessions[key], session.directory == asked.directory,
      session.query.session == asked.query.session
    else { return }
    let isOutdated = session.question.isOutdated || session.query != asked.query
    (session.question.isOut, session.question.isOutdated) = (false, false)
    let before = (session.view, session.failure)
    if session.query == asked.query {
      switch outcome {
      case .success(let json): (session.view, session.failure) = (SessionView(json), nil)
      case .failure(let error): session.failure = error.message
      }
    }
    sessions[key] = session
    if before != (session.view, session.failure) { refresh() }
    if isOutdated { ask(key) }
  }

  /// Has the client ask for lenses, hints and shown frontiers again, as far as it takes such requests.
  private func refresh() {
    if capabilities.refreshesCodeLens { client.peer.ask(WorkspaceCodeLensRefresh()) { _ in } }
    if capabilities.refreshesInlayHints { client.peer.ask(WorkspaceInlayHintRefresh()) { _ in } }
    guard capabilities.documentContent else { return }
    for uri in shownContents { client.peer.ask(WorkspaceTextDocumentContentRefresh(uri: uri.text)) { _ in } }
  }
}
