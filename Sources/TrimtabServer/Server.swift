internal import Basics
internal import JSON
package import JSONRPC
package import Sessions

/// What one process serves: its sessions, the work on them, and the clients that take part in them. Everything happens
/// on the thread that runs the loop.
package final class Server {
  package var sessions = SessionStore()
  package let computations: ComputationTable
  let follower = FrontierFollower()
  /// Messages that wait for sessions which requests use on threads.
  var lanes = SessionLanes()
  /// How far what the clients are to see of each session is durable.
  let tickets = LaneTickets()
  /// What was pushed about each open session lately.
  var histories: [ExactString: PushHistory] = [:]
  /// Of what in the journals of recovered sessions this version would have made something else.
  var differences: [ExactString: RequestError] = [:]
  /// The sessions that are being recovered.
  var recoveries: [ExactString: Recovery] = [:]
  /// What was answered that recovered sessions' journals have, for clients that ask again.
  var recordedAnswers: [ExactString: RecordedAnswers] = [:]
  /// Sessions of the directory that are shown and not open.
  let keptSessions = KeptSessions()
  /// Tells this process from other owners of a directory.
  let key = String(UInt64.random(in: 0..<1 << 48), radix: 36)
  /// In the order in which they came.
  private(set) var clients: [ClientConnection] = []
  /// Where sessions are kept; nil where they live in memory.
  var journals: SessionJournals?
  let stateOptions: StateOptions
  /// Called with the journals once there are any, whose reports are to be handled.
  package var watchJournals: (SessionJournals) -> Void = { _ in }
  let routes: [ExactString: Route]

  /// Computations run on `pool`, or at once where there is none.
  package init(pool: WorkerPool?, state: StateOptions = StateOptions()) {
    stateOptions = state
    computations = ComputationTable(pool: pool)
    routes = Dictionary(uniqueKeysWithValues: Catalogue.routes.map { (ExactString($0.name), $0) })
  }

  deinit {
    for client in clients { client.disconnect() }
  }

  /// Serves one more client.
  package func connect(_ options: Peer.Options = Peer.Options()) -> ClientConnection {
    let client = ClientConnection(Peer(options: options, tickets: tickets), of: self)
    clients.append(client)
    return client
  }

  /// Forgets a client whose connection has ended and whose requests have been answered. The sessions stay open.
  package func disconnect(_ client: ClientConnection) {
    clients.removeAll { $0 === client }
    client.disconnect()
  }

  /// Sends a message about a session for the users of the clients that hold it.
  func logMessage(_ message: String, _ level: LogMessage.Level, about session: String) {
    for client in clients where client.holds(session) { client.logMessage(message, level) }
  }

  func notifyAll(_ notification: some Notification) {
    for client in clients { client.notify(notification) }
  }

  /// Notes that a session is no longer open.
  func release(_ session: String) {
    histories[ExactString(session)] = nil
    recordedAnswers[ExactString(session)] = nil
    differences[ExactString(session)] = nil
    for client in clients { client.release(session) }
  }

  /// Forgets all sessions, which another process serves from now on.
  func forgetSessions() {
    for name in sessions.summaries.map(\.name) {
      release(name)
      computations.cancel(session: name)
    }
    sessions = SessionStore()
    journals = nil
  }

  /// Where sessions are kept.
  var durability: Durability { journals == nil ? .memory : .journal }
}

/// Where sessions are kept unless `initialize` says otherwise.
package struct StateOptions: Sendable {
  /// The directory; nil keeps them in memory.
  package var directory: String?
  /// Whether a file system is accepted that other machines may write to.
  package var allowsNetwork = false
  /// Whether the directory is only read: it is not locked, and no session is changed.
  package var isReadOnly = false
  /// A journal with fewer new bytes than this is not compacted.
  package var leastPlainByteCount = 4 << 20

  package init(directory: String? = nil, allowsNetwork: Bool = false, isReadOnly: Bool = false) {
    (self.directory, self.allowsNetwork, self.isReadOnly) = (directory, allowsNetwork, isReadOnly)
  }
}
