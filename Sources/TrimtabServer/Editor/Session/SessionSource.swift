internal import Basics
internal import JSON
internal import JSONRPC
internal import Sessions

/// Sends a request and calls back once, perhaps at once.
typealias Asking = (_ method: String, _ params: JSON, _ done: @escaping (Result<JSON, RPCError>) -> Void) -> Void

/// Where an editor's desk learns of sessions, and where the one command that changes a search sends its requests.
protocol SessionSource: AnyObject {
  /// Asks what there is to show of a session, and has the next change reported to the desk.
  func ask(_ query: SessionViewQuery, done: @escaping (Result<JSON, RPCError>) -> Void)
  /// Has requests sent to the process that serves the session; `end` is to be called after the last answer.
  func work(_ body: @escaping (_ ask: @escaping Asking, _ end: @escaping () -> Void) -> Void)
}

extension RPCError {
  /// Of a source that has no process to ask.
  static func noOwner(of directory: String) -> RPCError {
    RPCError(
      RequestError(
        .stateUnavailable, expected: "a process that serves \(directory)", found: "none",
        fix: "start the launcher, which reads the manifest when it begins"))
  }
}

/// The sessions of the client's own process, also where that has joined another.
final class OwnSessions: SessionSource {
  private unowned let client: ClientConnection

  init(_ client: ClientConnection) { self.client = client }

  func ask(_ query: SessionViewQuery, done: @escaping (Result<JSON, RPCError>) -> Void) {
    if let relay = client.peer.handler as? Relay { return relay.ask(GuestMessages.view, query.json, done: done) }
    client.view(query) { done($0.map(\.json).mapError { RPCError($0) }) }
  }

  func work(_ body: @escaping (_ ask: @escaping Asking, _ end: @escaping () -> Void) -> Void) {
    if let (directory, loop) = client.participant?.sharedDirectory {
      return GuestLink.work(in: directory, client, on: loop, body)
    }
    let held = Set(client.heldSessions.map { ExactString($0.name) })
    let ask: Asking = { [client] method, params, done in
      client.handle(Call(own: ExactString(method), params: params, done: done))
    }
    body(ask) { [client] in
      for session in client.heldSessions where !held.contains(ExactString(session.name)) {
        client.release(session.name)
      }
    }
  }
}
