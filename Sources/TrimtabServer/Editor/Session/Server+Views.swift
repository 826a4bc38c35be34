internal import Basics
internal import JSON
internal import JSONRPC
internal import Sessions

// What editors show of sessions. A view opens no session and changes none: one that is kept and not open is replayed
// beside the loop, as `trimtab journal check` does it.
extension Server {
  /// Above so many candidates a view is made beside the loop.
  private static let candidatesOnLoop = 200

  /// Answers what an editor shows of a session.
  func view(_ query: SessionViewQuery, done: @escaping (Result<WrittenAnswer, RequestError>) -> Void) {
    let (name, holders) = (query.session, holderCount(of: query.session))
    if let state = try? sessions.state(name) {
      guard computations.runsBeside,
        state.search?.pool.candidates.count ?? 0 > Self.candidatesOnLoop || query.wantsCurve
      else {
        return done(.success(WrittenAnswer(SessionViewAnswer(query, of: state, holderCount: holders))))
      }
      return makeView(query, done) { () throws(RequestError) in
        (nil, WrittenAnswer(SessionViewAnswer(query, of: state, holderCount: holders)))
      }
    }
    guard let journals, journals.isStored(ExactString(name)) else {
      return done(.success(WrittenAnswer(SessionViewAnswer())))
    }
    let (directory, known) = (journals.directory, keptSessions[name])
    makeView(query, done) { () throws(RequestError) in
      let session = if let known { known } else { try KeptSession(name, in: directory) }
      return (session, session.view(query, holderCount: holders))
    }
  }

  private func makeView(
    _ query: SessionViewQuery, _ done: @escaping (Result<WrittenAnswer, RequestError>) -> Void,
    _ view: @escaping @Sendable () throws(RequestError) -> (KeptSession?, WrittenAnswer)
  ) {
    computations.start(nil, session: query.session, title: GuestMessages.view, isShort: true) {
      (_) throws(RequestError) in
      try view()
    } finish: { [unowned self] outcome in
      if keptSessions[query.session] == nil, case .success(let made) = outcome, let session = made.0 {
        keptSessions[query.session] = session
      }
      done(outcome.map(\.1))
    }
  }

  fileprivate func holderCount(of session: String) -> Int { clients.count { $0.holds(session) } }

  /// What a view was made of.
  fileprivate func mark(of session: String) -> ViewMark {
    ViewMark(revision: sessions.revisionInPlace(of: session), holderCount: holderCount(of: session))
  }

  /// Tells the clients that view a session which has changed; once for each view. Call after each turn of the loop.
  package func noticeChanges() {
    for client in clients where !client.viewed.isEmpty {
      for (name, seen) in client.viewed where mark(of: name.text) != seen {
        client.viewed[name] = nil
        client.viewChanged(name.text)
      }
    }
  }
}

extension ClientConnection {
  /// Serves `$/view` for the client's process.
  func view(_ call: Call) {
    do throws(InvalidField) {
      let query = try SessionViewQuery(reading: call.params)
      // It must not be seen before it is durable.
      call.lane = server.lane(of: query.session)
      view(query) { outcome in
        do throws(RequestError) { call.answer(try outcome.get()) } catch { call.fail(RPCError(error)) }
      }
    } catch {
      call.fail(RPCError(error))
    }
  }

  /// Answers what an editor shows of a session, and notifies it of the next change.
  func view(_ query: SessionViewQuery, done: @escaping (Result<WrittenAnswer, RequestError>) -> Void) {
    viewed[ExactString(query.session)] = server.mark(of: query.session)
    server.view(query, done: done)
  }

  /// Says that a session has changed since it was viewed.
  func viewChanged(_ session: String) {
    if passedFiles != nil {
      notify(SessionViewChanged(session: session))
    } else {
      editor.sessionChanged(session)
    }
  }
}

/// What changes where there is something new to show of a session.
struct ViewMark: Equatable {
  /// Nil where it is not open.
  let revision: Int?
  let holderCount: Int
}
