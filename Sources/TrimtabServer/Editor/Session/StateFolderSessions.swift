internal import Basics
internal import CLibrary
internal import JSON
internal import JSONRPC
internal import Journal
internal import Sessions

/// The sessions of a state directory that another process serves, or none does. This process takes no part in it, so
/// that an editor never owns what a launcher works on.
///
/// While there is an owner it is asked over its socket; without one the journals are read as they are, and an owner is
/// looked for again and again.
final class StateFolderSessions: SessionSource {
  /// Between attempts to find an owner, in seconds.
  private static let searchSeconds = 0.25
  let path: String
  private let loop: EventLoop
  private unowned let client: ClientConnection
  private var link: GuestLink?
  private let kept = KeptSessions()
  private var isClosed = false

  init(_ path: String, for client: ClientConnection, on loop: EventLoop) {
    (self.path, self.client, self.loop) = (path, client, loop)
  }

  deinit { link?.close() }

  /// Looks for no owner any more, and leaves the one that it has.
  func close() {
    isClosed = true
    link?.close()
    link = nil
  }

  func ask(_ query: SessionViewQuery, done: @escaping (Result<JSON, RPCError>) -> Void) {
    if let link { return link.ask(GuestMessages.view, query.json, done: done) }
    let (path, known) = (path, kept[query.session])
    client.server.computations.start(
      nil, session: query.session, title: GuestMessages.view, isShort: true
    ) { (_) throws(RequestError) in
      if let known { return (known, known.view(query)) }
      let directory: StateDirectory
      do throws(DirectoryError) {
        directory = try StateDirectory(reading: path)
      } catch .storage(let error) where error.number == ENOENT {
        // One that is not there yet has no sessions.
        return (KeptSession(), KeptSession().view(query))
      } catch {
        throw RequestError(reading: error, path, field: "state")
      }
      let session = try KeptSession(query.session, in: directory)
      return (session, session.view(query))
    } finish: { [weak self] outcome in
      if known == nil, let self, link == nil, case .success(let found) = outcome, found.0.state != nil {
        kept[query.session] = found.0
      }
      done(outcome.map(\.1.json).mapError { RPCError($0) })
    }
  }

  func work(_ body: @escaping (_ ask: @escaping Asking, _ end: @escaping () -> Void) -> Void) {
    GuestLink.work(in: path, client, on: loop, body)
  }

  /// Looks for an owner from now on.
  func connect() {
    guard !isClosed else { return }
    guard let link = GuestLink(to: path, readsOnly: true, on: loop) else {
      return loop.after(Self.searchSeconds) { [weak self] in self?.connect() }
    }
    self.link = link
    kept.forget()
    link.receive = { [unowned client] method, params in
      guard method == SessionViewChanged.name, let name = params?.objectValue?.sessionName else { return }
      client.editor.sessionChanged(name)
    }
    link.end = { [unowned self] in
      self.link = nil
      client.editor.sourceChanged(self)
      connect()
    }
    client.editor.sourceChanged(self)
  }
}

extension GuestLink {
  /// Runs requests over a connection of their own, which ends with them: so this process has a session open only as
  /// long as it changes it.
  static func work(
    in directory: String, _ client: ClientConnection, on loop: EventLoop,
    _ body: (_ ask: @escaping Asking, _ end: @escaping () -> Void) -> Void
  ) {
    guard let link = GuestLink(to: directory, readsOnly: client.isReadOnly, on: loop) else {
      return body({ _, _, done in done(.failure(.noOwner(of: directory))) }, {})
    }
    link.ask(Initialize.name, ["protocolVersions": [.string(Version.protocol)]]) { _ in }
    body({ link.ask($0, $1, done: $2) }, { link.close() })
  }
}
