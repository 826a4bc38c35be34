internal import Basics
internal import CLibrary
internal import JSON
package import JSONRPC
internal import Journal
internal import Sessions

/// Has a process take part in a state directory for its client: as its owner, which serves the sessions, or joined to
/// the process that is.
///
/// When an owner ends, each joined process tries to become the next. The one that gets the lock recovers the sessions
/// that its client and the others have open; the others join it.
package final class Participant {
  /// Between attempts to join while another process has the lock but does not listen, in seconds.
  private static let retrySeconds = 0.005
  /// After how long without an owner requests are refused, in seconds.
  private static let patienceSeconds = 10.0
  /// For how long `initialize` waits for an owner that has just begun and does not listen yet, in seconds.
  private static let beginningSeconds = 0.3

  /// Between attempts to join an owner of another version, in seconds.
  private static let turnedAwaySeconds = 0.25

  /// Between attempts of a process that only reads to find an owner, in seconds, and for how long it waits for the next
  /// one before it serves the journals as they are.
  private static let (ownerSearchSeconds, ownerWaitSeconds) = (0.25, 1.0)

  private enum Place {
    case owner
    case joined(MessageLink)
  }

  private let server: Server
  private let client: ClientConnection
  private let loop: EventLoop
  private var listener: LocalListener?
  private var relay: Relay?
  /// The directory as the client named it, and the param that did.
  private var directory = (path: "", field: "")
  /// How the client began.
  private var beginning: (initialize: JSON?, roots: [String]) = (nil, [])

  /// Has `client`, whom `loop` serves first, share state directories with clients of other processes.
  package init(_ client: ClientConnection, on loop: EventLoop) {
    (self.client, self.server, self.loop) = (client, client.server, loop)
    client.participant = self
    client.editor.run(on: loop)
    loop.add(TurnWatch { [unowned server] in server.noticeChanges() })
  }

  /// The state directory that the client takes part in; nil while it takes part in none.
  var sharedDirectory: (path: String, loop: EventLoop)? {
    relay != nil || server.journals != nil ? (directory.path, loop) : nil
  }

  /// Enters a directory for the client's `initialize`.
  ///
  /// - Returns: true where the process joined another, which will answer the request.
  /// - Throws: ``RequestError`` of kind `stateUnavailable`.
  func enter(_ path: String, field: String, _ call: Call, _ params: Initialize.Params) throws(RequestError) -> Bool {
    directory = (path, field)
    beginning = (call.params?.detached, params.roots)
    if server.stateOptions.isReadOnly { return try enterReading(call) }
    var attempts = Int(Self.beginningSeconds / Self.retrySeconds)
    while true {
      let (place, refusal) = try attempt()
      switch place {
      case .owner: return false
      case .joined(let link):
        begin(Relay(client, initialize: beginning.initialize, roots: beginning.roots), link).handle(call)
        return true
      case nil:
        attempts -= 1
        if attempts < 0 { throw refusal }
        usleep(useconds_t(Self.retrySeconds * 1e6))
      }
    }
  }

  @discardableResult private func begin(_ relay: Relay, _ link: MessageLink) -> Relay {
    relay.lost = { [unowned self] in ownerEnded($0) }
    relay.refused = { [unowned self] in turnAway($0) }
    self.relay = relay
    loop.add(link)
    relay.join(link)
    return relay
  }

  /// Waits until what was sent to an owner has gone; for the end of the process.
  package func finish() { relay?.drain(seconds: 0.2) }

  /// Takes the lock or joins who has it; no place where that process does not listen, which `refusal` is about.
  private func attempt() throws(RequestError) -> (place: Place?, refusal: RequestError) {
    do throws(DirectoryError) {
      own(try StateDirectory(directory.path, allowsNetwork: server.stateOptions.allowsNetwork))
      return (.owner, .cancelled)
    } catch {
      let refusal = RequestError(error, path: directory.field)
      guard case .owned(let path, _) = error else { throw refusal }
      return (connection(to: path).map { .joined($0) }, refusal)
    }
  }

  private func connection(to path: String) -> MessageLink? {
    (try? LocalSocket.connect(to: SharedSocket.name, in: SharedSocket.folder(of: path))).map { MessageLink($0) }
  }

  private func own(_ state: StateDirectory) {
    server.keepSessions(in: state)
    guard let path = state.path else { return }
    do throws(LocalSocket.Failure) {
      let socket = try LocalSocket.listen(at: SharedSocket.name, in: SharedSocket.folder(of: path))
      let listener = LocalListener(socket, on: loop) { [unowned self] in accept($0) }
      self.listener = listener
      loop.add(listener)
    } catch {
      server.notifyAll(LogMessage(level: .error, message: "no other process can join this one: \(error.message)"))
    }
  }

  private func accept(_ socket: Int32) {
    var options = Peer.Options()
    // What its own process accepted may be spelled longer on its way here.
    options.limits.maximumFrameBytes *= 2
    let (guest, files) = (server.connect(options), ReceivedFiles())
    guest.passedFiles = files
    loop.serve(guest.peer, socket: socket, files: files) { [unowned server] in server.disconnect(guest) }
  }

  private func ownerEnded(_ link: MessageLink) {
    loop.remove(link)
    let patience = server.stateOptions.isReadOnly ? Self.ownerWaitSeconds : Self.patienceSeconds
    seek(until: monotonicSeconds() + patience)
  }

  /// Goes on without an owner that has another version.
  private func turnAway(_ link: MessageLink) {
    loop.remove(link)
    guard let relay else { return }
    guard relay.isInitialized else {
      // The client may initialize with another directory.
      client.peer.handler = client
      self.relay = nil
      return
    }
    loop.after(Self.turnedAwaySeconds) { [weak self] in self?.seek(until: 0) }
  }

  /// Looks for an owner, or becomes it, until that works.
  private func seek(until deadline: Double) {
    guard let relay else { return }
    if server.stateOptions.isReadOnly { return seekReading(relay, until: deadline) }
    do throws(RequestError) {
      let (place, refusal) = try attempt()
      switch place {
      case .owner:
        self.relay = nil
        return relay.leave()
      case .joined(let link):
        loop.add(link)
        return relay.join(link)
      case nil: if monotonicSeconds() > deadline { relay.refuseWaiting(RPCError(refusal)) }
      }
    } catch {
      relay.refuseWaiting(RPCError(error))
    }
    loop.after(Self.retrySeconds) { [weak self] in self?.seek(until: deadline) }
  }
}

// A process that only reads is never the owner: it joins one, or while there is none serves the journals as they are,
// without a lock and without a change to any file.
extension Participant {
  /// As ``enter(_:field:_:_:)``.
  private func enterReading(_ call: Call) throws(RequestError) -> Bool {
    if let link = connection(to: directory.path) {
      begin(Relay(client, initialize: beginning.initialize, roots: beginning.roots), link).handle(call)
      return true
    }
    try readAsFound()
    return false
  }

  /// Serves the journals as they are, until there is an owner.
  private func readAsFound() throws(RequestError) {
    do throws(DirectoryError) {
      server.keepSessions(in: try StateDirectory(reading: directory.path))
    } catch {
      throw RequestError(reading: error, directory.path, field: directory.field)
    }
    lookForOwner()
  }

  private func lookForOwner() {
    loop.after(Self.ownerSearchSeconds) { [weak self] in
      guard let self, relay == nil else { return }
      // What is being recovered is answered first.
      guard !server.lanes.isAnyOccupied, let link = connection(to: directory.path) else { return lookForOwner() }
      let relay = Relay(
        client, initialize: beginning.initialize, roots: beginning.roots, sessions: client.heldSessions)
      server.forgetSessions()
      begin(relay, link)
    }
  }

  /// Looks for the next owner, and after a while goes on without one.
  private func seekReading(_ relay: Relay, until deadline: Double) {
    if let link = connection(to: directory.path) {
      loop.add(link)
      return relay.join(link)
    }
    if monotonicSeconds() > deadline {
      do throws(RequestError) {
        try readAsFound()
        self.relay = nil
        return relay.leave()
      } catch {
        relay.refuseWaiting(RPCError(error))
      }
    }
    loop.after(Self.retrySeconds) { [weak self] in self?.seek(until: deadline) }
  }
}

/// Where the owner of a state directory listens.
enum SharedSocket {
  static let name = "socket"

  static func folder(of directory: String) -> String { "\(directory)/run" }
}

/// Messages between joined processes and their owner, which no client sends.
enum GuestMessages {
  /// A request: the version of the joining program and, where its client was served by an earlier owner, that client's
  /// `initialize` and open sessions.
  static let join = "$/join"
  /// A notification: the file that the next request names, or why it could not be opened.
  static let file = "$/file"
  /// A request: ``SessionViewQuery``.
  static let view = "$/view"
}

/// Has something looked at after each turn of a loop.
private final class TurnWatch: LoopSource {
  let descriptor: Int32 = -1
  let events: Int16 = 0
  private let look: () -> Void

  init(_ look: @escaping () -> Void) { self.look = look }

  func ready(_ events: Int16) {}
  func flush() { look() }
}
