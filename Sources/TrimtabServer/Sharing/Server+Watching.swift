internal import Basics
internal import JSON
internal import JSONRPC
internal import Journal
internal import Sessions

// Pushes: what happens in a session is kept in its history and goes to the clients that chose it. A client that was
// away gets what it missed from there, some at a time, and then what happens.
extension Server {
  /// Passes on the events of a step, to the clients that hold the session or to parts of the server.
  func send(_ events: [SessionEvent], of session: String) {
    remember(events, of: session)
    for event in events { pass(event, of: session) }
  }

  /// Keeps events for clients that are away. Every event is kept once, before it is passed on.
  func remember(_ events: [SessionEvent], of session: String) {
    guard !events.isEmpty else { return }
    let isPinned = clients.contains { $0[watch: session]?.isBehind ?? false }
    for event in events { histories[ExactString(session)]?.append(event, isPinned: isPinned) }
  }

  /// Passes on an event that is kept.
  func pass(_ event: SessionEvent, of session: String) {
    if case .inputsChanged(let pipeline) = event {
      return follower.inputsChanged(pipeline, of: session, at: self)
    }
    var receiver = AllClients(server: self, session: session)
    event.pass(to: &receiver)
  }

  func push(_ push: some Notification, _ group: PushGroup, revision: Int, about session: String) {
    for client in clients { client.push(push, group, revision: revision, about: session) }
  }

  /// Serves `session/watch`.
  func watch(
    _ call: Call, for client: ClientConnection, _ params: SessionWatch.Params, _ unknown: UnknownFields
  ) {
    let choice = PushChoice(params.groups)
    func answer(_ position: PushPosition, _ revision: Int, past: (history: PushHistory, last: Int)?) {
      let number = client.watch(params.session, choice, from: position, past: past)
      call.answer(
        WarnedAnswer(answer: SessionWatch.Answer(revision: revision, groups: choice.groups), unknown: unknown))
      catchUp(client, in: params.session, number)
    }
    do throws(RequestError) {
      let revision = try sessions.state(params.session).revision
      let from = params.fromRevision ?? revision
      guard from <= revision else {
        throw RequestError(
          .unknownRevision, path: "fromRevision", expected: "at most \(revision), the session's revision",
          found: "\(from)", fix: "read the session from its beginning; it may be another one of the same name")
      }
      let position = PushPosition.after(from)
      guard let oldest = oldest(of: choice, in: params.session), oldest.revision > position.revision else {
        return answer(position, revision, past: nil)
      }
      guard let journals, journals.directory.contains(ExactString(params.session)) else {
        throw RequestError(
          .revisionTooOld, path: "fromRevision", expected: "at least \(oldest.revision - 1)", found: "\(from)",
          fix: "read the session as it is, and watch from now on; with a state directory nothing is forgotten",
          details: [.init(key: "revision", value: .integer(Int64(oldest.revision - 1)))])
      }
      // Nothing more is forgotten meanwhile. What the client chose before comes back if this one is refused.
      let before = client[watch: params.session]
      let number = client.watch(params.session, choice, from: position)
      readPast(params.session, choice, from: position, in: journals.directory, call: call) {
        [unowned self, unowned client] outcome in
        guard client[watch: params.session]?.number == number else {
          return call.fail(RPCError(RequestError.cancelled))
        }
        switch outcome {
        case .success(let past): answer(position, sessions.revision(of: params.session) ?? revision, past: past)
        case .failure(let error):
          call.fail(RPCError(error))
          restore(before, of: client, in: params.session)
        }
      }
    } catch {
      call.fail(RPCError(error))
    }
  }

  /// Has a client go on as before a choice that was refused; what happened since is in the history.
  private func restore(_ watch: ClientConnection.Watch?, of client: ClientConnection, in session: String) {
    guard let watch else {
      client[watch: session] = nil
      return
    }
    catchUp(
      client, in: session, client.watch(session, watch.choice, from: watch.position, past: watch.past))
  }

  /// Has a client go on in a session from where it was when another process served it.
  func resume(_ client: ClientConnection, _ held: HeldSession) {
    let (session, choice, position) = (held.name, held.choice, held.position)
    let number = client.watch(session, choice, from: position)
    guard let journals, let oldest = oldest(of: choice, in: session), oldest.revision > position.revision else {
      return catchUp(client, in: session, number)
    }
    readPast(session, choice, from: position, in: journals.directory, call: nil) {
      [unowned self, weak client] outcome in
      guard let client, client[watch: session]?.number == number else { return }
      switch outcome {
      case .success(let past): client[watch: session]?.past = past
      case .failure(let error):
        client.logMessage("pushes about session \(Preview.quoted(session)) are missing: \(error.message)", .warning)
        client[watch: session]?.position = oldest
      }
      catchUp(client, in: session, number)
    }
  }

  private func oldest(of choice: PushChoice, in session: String) -> PushPosition? {
    histories[ExactString(session)]?.oldest(of: choice)
  }

  /// Reads what was pushed from a session's journal, beside the loop.
  private func readPast(
    _ session: String, _ choice: PushChoice, from position: PushPosition, in directory: StateDirectory, call: Call?,
    done: @escaping (Result<(history: PushHistory, last: Int), RequestError>) -> Void
  ) {
    computations.start(call, session: session, title: SessionWatch.name, isShort: true) { (_) throws(RequestError) in
      let kept = PushHistory(from: position, of: choice, limit: nil)
      guard let (replay, _) = try Replay.run(session, in: directory, keeping: kept) else {
        return (history: kept, last: 0)
      }
      return (history: replay.history, last: replay.store.revision(of: session) ?? 0)
    } finish: { [unowned self] outcome in
      switch outcome {
      case .success(let past):
        // What was being written when the journal was read is there the next time.
        if let oldest = oldest(of: choice, in: session), oldest.revision > past.last + 1 {
          return readPast(session, choice, from: position, in: directory, call: call, done: done)
        }
        done(.success(past))
      case .failure(let error): done(.failure(error))
      }
    }
  }

  /// Sends a client some of what it missed, and so on until it is up to date.
  private func catchUp(_ client: ClientConnection, in session: String, _ number: Int) {
    // A session is in use while the pushes of one request leave in pieces.
    whenFree(session) { [unowned self, weak client] in
      guard let client, let watch = client[watch: session], watch.number == number,
        let history = histories[ExactString(session)]
      else { return }
      var receiver = OneClient(client: client, session: session, watch: watch, room: Limits.itemsOnLoop)
      for event in (watch.past?.history ?? history).events(
        from: watch.position, of: watch.choice, messageCount: Limits.itemsOnLoop)
      {
        event.pass(to: &receiver)
      }
      client[watch: session]?.position = receiver.watch.position
      if receiver.room > 0 {
        guard let past = watch.past else {
          client[watch: session]?.isBehind = false
          return
        }
        client[watch: session]?.past = nil
        if past.last >= watch.position.revision { client[watch: session]?.position = .after(past.last) }
      }
      computations.afterOtherMessages { [unowned self, weak client] in
        if let client { catchUp(client, in: session, number) }
      }
    }
  }
}

/// Passes pushes to the clients that get them.
private struct AllClients: PushReceiver {
  let server: Server
  let session: String

  func take(_ push: some Notification, _ group: PushGroup, revision: Int) {
    server.push(push, group, revision: revision, about: session)
  }
}

/// Passes pushes to a client that is behind, but for those that it has, and as many as there is room for.
private struct OneClient: PushReceiver {
  let client: ClientConnection
  let session: String
  var watch: ClientConnection.Watch
  /// Pushes of the first revision that the client has.
  private var got: Int
  var room: Int

  init(client: ClientConnection, session: String, watch: ClientConnection.Watch, room: Int) {
    (self.client, self.session, self.watch, self.room) = (client, session, watch, room)
    (begin, got) = (watch.position.revision, watch.position.count)
  }

  private let begin: Int

  mutating func take(_ push: some Notification, _ group: PushGroup, revision: Int) {
    if revision == begin, got > 0 {
      got -= 1
      return
    }
    guard room > 0 else { return }
    room -= 1
    watch.position.pass(revision)
    client.notify(push, about: session)
  }
}
