package import Basics
package import JSON
package import JSONRPC
internal import Sessions

/// One client of a server: its lifecycle, what files it may name, which sessions it has opened, and its peer.
package final class ClientConnection: PeerHandler {
  /// The stage of the connection's life.
  enum Phase {
    case uninitialized, running, shutDown
  }

  /// It refers to this connection as its handler until ``disconnect()``.
  package let peer: Peer
  unowned let server: Server
  var files = FileAccess(roots: [])
  var phase = Phase.uninitialized {
    didSet { if phase == .shutDown, passedFiles == nil { editor.end() } }
  }
  /// Whether an unknown field makes a request invalid, instead of causing a warning.
  var refusesUnknownFields = false
  /// Called with the client's process, which is to be watched.
  package var watchParent: (Int32) -> Void = { _ in }
  /// Called with an exit code for `exit`.
  package var end: (Int32) -> Void = { _ in }
  /// Has the process share state directories with others; nil where only it may use one, and for a client that another
  /// process serves. `runServer` keeps it: it refers to this connection and the loop, which would never go otherwise.
  weak var participant: Participant?
  /// Where files arrive that a joined process has opened for this client; nil for the process's own client.
  var passedFiles: ReceivedFiles?
  /// The file that the next request names.
  var nextFile: FileAccess?
  /// What the client's process calls itself; nil for the process's own client.
  var key: String?
  /// Requests that it sends again, as their owner ended; or the refusal that answers each of them.
  var repeated: (keys: Set<RequestKey>, refusal: RequestError?) = ([], nil)
  /// Whether it may change nothing.
  var isReadOnly: Bool
  /// The sessions that it views and that have not changed since.
  var viewed: [ExactString: ViewMark] = [:]
  /// The documents that it edits.
  private(set) lazy var editor = EditorDesk(self)
  /// The sessions that it has opened: it may use them, and is sent what happens in them.
  private var held: [ExactString: Watch] = [:]

  /// Which pushes about a session the client gets.
  struct Watch {
    var choice = PushChoice.unchosen
    var position: PushPosition
    /// What is sent before the server's own history goes on, and the last revision that is in it.
    var past: (history: PushHistory, last: Int)?
    /// Counts the choices of this client, so that catching up for an earlier one ends.
    var number = 0
    /// Whether it gets what it missed first, and what happens now after that.
    var isBehind = false
  }

  init(_ peer: Peer, of server: Server) {
    (self.peer, self.server, isReadOnly) = (peer, server, server.stateOptions.isReadOnly)
    peer.handler = self
  }

  /// Breaks the ring that peer and connection form.
  func disconnect() { peer.handler = nil }

  /// Whether it takes part in a state directory, whose sessions its documents then are about.
  var sharesDirectory: Bool { server.journals != nil || peer.handler is Relay }

  /// Has the client use a session and be sent what happens in it from now on, unless it does already.
  func hold(_ session: String, at revision: Int) {
    guard !holds(session) else { return }
    held[ExactString(session)] = Watch(position: .after(revision))
  }

  func release(_ session: String) { held[ExactString(session)] = nil }

  func holds(_ session: String) -> Bool { held[ExactString(session)] != nil }

  subscript(watch session: String) -> Watch? {
    get { held[ExactString(session)] }
    set { held[ExactString(session)] = newValue }
  }

  /// Has the client be sent pushes of a choice only, beginning at a position.
  ///
  /// - Parameter past: what happened before the server's history begins.
  /// - Returns: the number of this choice.
  func watch(
    _ session: String, _ choice: PushChoice, from position: PushPosition, past: (history: PushHistory, last: Int)? = nil
  ) -> Int {
    let number = (held[ExactString(session)]?.number ?? 0) + 1
    held[ExactString(session)] = Watch(
      choice: choice, position: position, past: past, number: number, isBehind: true)
    return number
  }

  /// The sessions that it uses, with what it gets of them.
  var heldSessions: [HeldSession] {
    held.sorted { $0.key < $1.key }.map { name, watch in
      HeldSession(name: name.text, choice: watch.choice, position: watch.position)
    }
  }

  /// Sends a push about a session, where the client has chosen its group and is not behind.
  func push(_ push: some Notification, _ group: PushGroup, revision: Int, about session: String) {
    guard let watch = held[ExactString(session)], watch.choice.contains(group), !watch.isBehind else { return }
    held[ExactString(session)]?.position.pass(revision)
    notify(push, about: session)
  }

  /// The same for a push without a revision, which is not repeated for a client that was away.
  func push(_ push: some Notification, _ group: PushGroup, about session: String) {
    guard let watch = held[ExactString(session)], watch.choice.contains(group) else { return }
    notify(push, about: session)
  }

  /// Refuses to change anything for a process that only reads.
  ///
  /// - Throws: ``RequestError`` of kind `readOnly`.
  func checkMayChange() throws(RequestError) {
    if isReadOnly { throw .readOnlyProcess }
  }

  /// Refuses a session that is open for other clients only.
  ///
  /// - Throws: ``RequestError`` of kind `unknownSession`.
  func checkHolds(_ session: String) throws(RequestError) {
    guard !holds(session), server.sessions.contains(session) else { return }
    throw RequestError(
      .unknownSession, path: "session", expected: "the name of a session that this client has opened",
      found: "\(Preview.quoted(session)), which another client has opened",
      fix: "open it with session/open, which joins it")
  }

  /// Enters the state directory that `initialize` names, where it names one and the process is in none.
  ///
  /// - Returns: true where another process answers the request.
  /// - Throws: ``RequestError`` of kind `stateUnavailable`.
  func enters(_ call: Call, _ params: Initialize.Params) throws(RequestError) -> Bool {
    guard passedFiles == nil, server.journals == nil,
      let path = params.stateDirectory ?? server.stateOptions.directory
    else {
      guard isReadOnly, passedFiles == nil, server.journals == nil else { return false }
      throw RequestError(
        .stateUnavailable, path: "stateDirectory", expected: "a state directory, as this process only reads",
        found: "none", fix: "name one with --state, TRIMTAB_STATE or stateDirectory")
    }
    let field = params.stateDirectory == nil ? "" : "stateDirectory"
    if let participant { return try participant.enter(path, field: field, call, params) }
    try server.openStateDirectory(path, field: field)
    return false
  }

  /// Takes what `initialize` says of the client.
  func accept(_ params: Initialize.Params) {
    phase = .running
    files = FileAccess(roots: params.roots)
    refusesUnknownFields = params.unknownFields == .refuse
    if let processID = params.processID { watchParent(Int32(processID)) }
    if let level = params.trace.flatMap(TraceLevel.init(named:)) { peer.trace = level }
    editor.begin(params)
  }

  package func handle(_ call: Call) {
    if passedFiles != nil {
      if call.method == ExactString(GuestMessages.join) { return join(call) }
      if call.method == ExactString(GuestMessages.view) { return view(call) }
      if case .integer(let number) = call.id, let key {
        let request = RequestKey(client: key, number: Int(number))
        call.origin = RequestOrigin(files: nextFile, key: request, isRepeated: repeated.keys.contains(request))
      }
      nextFile = nil
    }
    switch phase {
    case .uninitialized where call.method != ExactString(Initialize.name):
      return call.fail(
        RPCError(
          .notInitialized,
          "expected initialize as the first request, found \(Preview.cut(call.method.text)); send initialize first",
          data: ["kind": "notInitialized"]))
    case .running where call.method == ExactString(Initialize.name):
      return call.fail(
        RPCError(
          .invalidRequest, "expected initialize once, found it again; start a new process for a new connection",
          data: ["kind": "invalidRequest"]))
    case .shutDown:
      return call.fail(
        RPCError(
          .invalidRequest,
          "expected the exit notification after shutdown, found \(Preview.cut(call.method.text)); start a new process",
          data: ["kind": "shutDown"]))
    default: break
    }
    guard let route = server.routes[call.method] else { return call.fail(.methodNotFound(call.method)) }
    call.lane = server.lane(of: route, call.params)
    if route.name == Shutdown.name, server.lanes.isAnyOccupied {
      // Earlier requests are answered first; later ones are refused from now on.
      phase = .shutDown
      return server.lanes.waitForAll { if !call.isAnswered { call.answer(JSON.null) } }
    }
    if case .about(let session) = call.lane, route.name != SessionOpen.name,
      let failure = server.journals?.failure(of: session)
    {
      return call.fail(RPCError(failure))
    }
    if server.waits(call, { [unowned self] in serve(call, route) }) { return }
    serve(call, route)
  }

  func serve(_ call: Call, _ route: Route) {
    let origin = call.origin
    if let origin, origin.isRepeated, route.mayChange, let refusal = repeated.refusal {
      return call.fail(RPCError(refusal))
    }
    if route.name != SessionOpen.name, let session = call.params?.objectValue?.sessionName {
      if let origin, origin.isRepeated, let key = origin.key, route.mayChange,
        server.answersAgain(call, key, of: self, in: session, route)
      {
        return
      }
      do throws(RequestError) {
        if route.changesSession { try checkMayChange() }
        try checkHolds(session)
        if route.changesSession { try server.checkWritable(session) }
      } catch {
        return call.fail(RPCError(error))
      }
    }
    route.serve(self, call)
  }

  package func handle(notification method: ExactString, params: JSON?) {
    if passedFiles != nil, method == ExactString(GuestMessages.file) { return take(file: params) }
    if method == ExactString(Exit.name) { return end(phase == .shutDown ? 0 : 1) }
    // Before `initialize` and after `shutdown` a notification is dropped, as LSP has it.
    guard phase == .running else { return }
    if let take = NotificationEntry.editor[method] { return take(self, params) }
    guard let take = server.routes[method]?.take else { return }
    // Kept until then, as the report counts also where its client has gone meanwhile.
    server.whenFree(params?.objectValue?.sessionName ?? "") { [self] in take(self, params) }
  }

  /// A document that lost a change would never be right again.
  package func takesHalfPairs(in notification: ExactString) -> Bool { NotificationEntry.editor[notification] != nil }

  func notify(_ notification: some Notification) { peer.notify(notification) }

  /// Sends what is about a session, once that is durable.
  func notify(_ notification: some Notification, about session: String) {
    peer.notify(notification, lane: server.lane(of: session))
  }

  /// Sends a message for the user of the client.
  func logMessage(_ message: String, _ level: LogMessage.Level) {
    notify(LogMessage(level: level, message: message))
  }
}
