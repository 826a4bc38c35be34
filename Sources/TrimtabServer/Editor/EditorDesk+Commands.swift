internal import Basics
internal import Files
internal import JSON
internal import JSONRPC
internal import Sessions

// Commands, and virtual documents.
extension EditorDesk {
  typealias CommandAnswer = WorkspaceExecuteCommand.Answer

  func run(
    _ command: EditorCommand, on uri: String, isQuiet: Bool,
    done: @escaping (Result<CommandAnswer, RequestError>) -> Void
  ) {
    let finish: (Result<CommandAnswer, RequestError>) -> Void = { [weak self] outcome in
      if isQuiet { return done(outcome) }
      // Editors drop the answer of a command that a person clicked on.
      let shown: (LogMessage.Level, String) =
        switch outcome {
        case .success(let answer): (.info, answer.message)
        case .failure(let error): (.error, error.message)
        }
      self?.client.notify(WindowShowMessage(level: shown.0, message: shown.1))
      done(outcome)
    }
    guard let place = place(uri), let session = place.session, let view = session.view,
      view.hasSearch || command == .showFrontier
    else {
      return finish(
        .failure(
          RequestError(
            .unknownSession, expected: "an open manifest whose session has begun",
            found: Preview.quoted(uri), fix: "open it, and start the launcher: python -m trimtab launch MANIFEST")))
    }
    switch command {
    case .suggestion:
      finish(.success(CommandAnswer(message: SessionNotes.suggestion(view), suggestion: view.suggestionJSON)))
    case .ranking:
      let message = "\(SessionNotes.work(view)); \(Words.count(view.ranking.count, "candidate"))"
      finish(.success(CommandAnswer(message: message, ranking: view.rankingJSON)))
    case .insertSuggestion: finish(insertSuggestion(place, view))
    case .applyToSearch:
      let (manifest, problems) = (place.analysis.manifest, place.analysis.problems)
      // Where a list is half written, its models must not leave the search.
      guard manifest.pool != nil, !problems.contains(where: { $0.severity == .error }) else {
        return finish(
          .failure(
            RequestError(
              .invalidPool, path: "arguments", expected: "a manifest without errors, with a pool",
              found: problems.first { $0.severity == .error }?.message ?? "no pool",
              fix: "mend what the diagnostics name")))
      }
      ManifestApplication.run(manifest, view, by: source(of: session)) { finish($0.map { CommandAnswer(message: $0) }) }
    case .showFrontier:
      let shown = VirtualDocument.frontier(of: uri)
      frontier(of: shown) { [weak self] outcome in
        if case .success = outcome, let self, capabilities.showDocument, capabilities.documentContent {
          client.peer.ask(WindowShowDocument(uri: shown)) { _ in }
        }
        finish(
          outcome.map { text, json in
            CommandAnswer(
              message: "Frontier of \(view.pipeline ?? "")", uri: shown, text: text,
              pipeline: json["pipeline"]?.stringValue?.text, curve: json["curve"]?.detached,
              point: json["point"]?.detached)
          })
      }
    }
  }

  private func insertSuggestion(_ place: EditorPlace, _ view: SessionView) -> Result<CommandAnswer, RequestError> {
    guard let best = view.suggestion else {
      return .success(CommandAnswer(message: SessionNotes.suggestion(view)))
    }
    guard let edit = Insertion.edit(of: best.candidate, place) else {
      return .success(CommandAnswer(message: "The manifest has \(Words.name(best.candidate)) already"))
    }
    let change = WorkspaceEdit([edit], of: place)
    let label = "Write the suggested \(Words.name(best.candidate))"
    if capabilities.applyEdit { client.peer.ask(WorkspaceApplyEdit(label: label, edit: change)) { _ in } }
    return .success(CommandAnswer(message: label, edit: change))
  }

  /// The text of a virtual document.
  func content(of uri: String, done: @escaping (Result<String, RequestError>) -> Void) {
    frontier(of: uri) { done($0.map { text, _ in text }) }
  }

  /// The frontier that a virtual document shows, as text and as the session's answer.
  private func frontier(of uri: String, done: @escaping (Result<(String, JSON), RequestError>) -> Void) {
    guard let document = VirtualDocument.document(ofFrontier: uri), let place = place(document),
      let session = place.session
    else {
      return done(
        .failure(
          RequestError(
            .unknownSession, path: "uri", expected: "trimtab:/frontier? and the URI of an open manifest",
            found: Preview.quoted(uri), fix: "open the manifest first")))
    }
    shownContents.insert(DocumentKey(uri))
    var query = session.query
    query.wantsCurve = true
    source(of: session).ask(query) { outcome in
      switch outcome {
      case .success(let json): done(FrontierText.text(of: json, query).map { ($0, json) })
      case .failure(let error):
        done(
          .failure(
            RequestError(
              .unknownSession, path: "uri", expected: "a session that can be read", found: error.message,
              fix: "see the state directory with trimtab journal check")))
      }
    }
  }
}

/// The names of virtual documents.
enum VirtualDocument {
  static let scheme = "trimtab"
  private static let frontier = "\(scheme):/frontier?"

  static func frontier(of document: String) -> String { frontier + PercentEncoding.encode(document, keeping: "/:") }

  /// The document whose frontier it is; nil for what is no such name. Editors may escape more or fewer characters.
  static func document(ofFrontier uri: String) -> String? {
    guard ExactString(uri).hasPrefix(frontier) else { return nil }
    return PercentEncoding.decode(uri.dropFirst(frontier.count))
  }
}
