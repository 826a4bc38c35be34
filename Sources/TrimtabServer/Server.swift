package import Basics
package import JSON
package import JSONRPC
package import Sessions

/// Routes requests to methods and holds the sessions; everything happens on the thread that runs the loop.
package final class Server: PeerHandler {
  /// The stage of the connection's life.
  enum Phase {
    case uninitialized, running, shutDown
  }

  package var sessions = SessionStore()
  package let jobs: JobTable
  let follower = FrontierFollower()
  /// Messages that wait for sessions which requests use on threads.
  var lanes = SessionLanes()
  var files = FileAccess(roots: [])
  var phase = Phase.uninitialized
  /// Whether an unknown field makes a request invalid, instead of causing a warning.
  var refusesUnknownFields = false
  /// Ends the process with an exit code; called for `exit`.
  private let end: (Int32) -> Void
  /// Called with the client's process, which is to be watched.
  let watchParent: (Int32) -> Void
  unowned let peer: Peer
  /// Where sessions are kept; nil where they live in memory.
  var journals: SessionJournals?
  let stateOptions: StateOptions
  /// Called with the journals once there are any, whose reports are to be handled.
  var watchJournals: (SessionJournals) -> Void
  private let routes: [ExactString: Route]

  /// Serves `peer`, which must outlive the server; computations run on `pool`, or at once where there is none.
  package init(
    peer: Peer, pool: WorkerPool?, state: StateOptions = StateOptions(),
    watchParent: @escaping (Int32) -> Void = { _ in },
    watchJournals: @escaping (SessionJournals) -> Void = { _ in }, end: @escaping (Int32) -> Void = { _ in }
  ) {
    stateOptions = state
    self.watchJournals = watchJournals
    self.peer = peer
    jobs = JobTable(pool: pool)
    self.watchParent = watchParent
    self.end = end
    routes = Dictionary(uniqueKeysWithValues: Catalogue.routes.map { (ExactString($0.name), $0) })
    peer.handler = self
  }

  package func handle(_ call: Call) {
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
    guard let route = routes[call.method] else { return call.fail(.methodNotFound(call.method)) }
    call.lane = lane(of: route, call.params)
    if route.name == Shutdown.name, lanes.isAnyOccupied {
      // Earlier requests are answered first; later ones are refused from now on.
      phase = .shutDown
      return lanes.waitForAll { if !call.isAnswered { call.answer(JSON.null) } }
    }
    if case .about(let session) = call.lane, route.name != SessionOpen.name,
      let failure = journals?.failure(of: session)
    {
      return call.fail(RPCError(failure))
    }
    if waits(call, { [unowned self] in route.serve(self, call) }) { return }
    route.serve(self, call)
  }

  package func handle(notification method: ExactString, params: JSON?) {
    if method == ExactString(Exit.name) { return end(phase == .shutDown ? 0 : 1) }
    // Before `initialize` and after `shutdown` a notification is dropped, as LSP has it.
    guard phase == .running, let take = routes[method]?.take else { return }
    whenFree(params?.objectValue?.sessionName ?? "") { [unowned self] in take(self, params) }
  }

  /// Tells the client of the traffic from now on.
  func trace(_ level: TraceLevel) { peer.trace = level }

  /// Passes on the events of a step, to the client or to parts of the server.
  func send(_ events: [SessionEvent], of session: String) {
    for event in events {
      switch event {
      case .frontierChanged(let changed): notify(changed, about: session)
      case .plansChanged(let changed): changed.each { notify($0, about: session) }
      case .inputsChanged(let pipeline): follower.inputsChanged(pipeline, of: session, at: self)
      case .leaderChanged(let changed): notify(changed, about: session)
      }
    }
  }

  func notify(_ notification: some Notification) { peer.notify(notification) }

  /// Sends what is about a session, once that is durable.
  func notify(_ notification: some Notification, about session: String) {
    peer.notify(notification, lane: lane(of: session))
  }

  /// Where sessions are kept.
  var durability: Durability { journals == nil ? .memory : .journal }

  /// Sends a message for the user of the client.
  func logMessage(_ message: String, _ level: LogMessage.Level) {
    notify(LogMessage(level: level, message: message))
  }
}

/// Where sessions are kept unless `initialize` says otherwise.
package struct StateOptions: Sendable {
  /// The directory; nil keeps them in memory.
  package var directory: String?
  /// Whether a file system is accepted that other machines may write to.
  package var allowsNetwork = false

  package init(directory: String? = nil, allowsNetwork: Bool = false) {
    (self.directory, self.allowsNetwork) = (directory, allowsNetwork)
  }
}
