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
  var phase = Phase.uninitialized
  /// Whether an unknown field makes a request invalid, instead of causing a warning.
  var refusesUnknownFields = false
  /// Called with the client's process, which is to be watched.
  package var watchParent: (Int32) -> Void = { _ in }
  /// Called with an exit code for `exit`.
  package var end: (Int32) -> Void = { _ in }
  /// Has the process share state directories with others; nil where only it may use one, and for a client that another
  /// process serves.
  var participant: Participant?
  /// Where files arrive that a joined process has opened for this client; nil for the process's own client.
  var passedFiles: ReceivedFiles?
  /// The file that the next request names.
  var nextFile: FileAccess?
  /// The sessions that it has opened: it may use them, and is sent what happens in them.
  private var held: Set<ExactString> = []

  init(_ peer: Peer, of server: Server) {
    (self.peer, self.server) = (peer, server)
    peer.handler = self
  }

  /// Breaks the ring that peer and connection form.
  func disconnect() { peer.handler = nil }

  func hold(_ session: String) { held.insert(ExactString(session)) }

  func release(_ session: String) { held.remove(ExactString(session)) }

  func holds(_ session: String) -> Bool { held.contains(ExactString(session)) }

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
    else { return false }
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
  }

  package func handle(_ call: Call) {
    if passedFiles != nil {
      if call.method == ExactString(GuestMessages.join) { return join(call) }
      call.attachment = nextFile
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

  private func serve(_ call: Call, _ route: Route) {
    if route.name != SessionOpen.name, let session = call.params?.objectValue?.sessionName {
      do throws(RequestError) {
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
    guard phase == .running, let take = server.routes[method]?.take else { return }
    // Kept until then, as the report counts also where its client has gone meanwhile.
    server.whenFree(params?.objectValue?.sessionName ?? "") { [self] in take(self, params) }
  }

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
