internal import Basics
package import JSON

// Requests that this end sends, and the answers to them.
extension Peer {
  /// Sends a request to the other end.
  ///
  /// - Parameter done: gets the answer; it is never called where the connection ends before.
  package func ask<R: ServerRequest>(
    _ request: R, lane: Lane = .none, done: @escaping (Result<JSON, RPCError>) -> Void
  ) {
    send(named: R.name, id: asked.add(done), lane) { request.writeValue(to: &$0) }
  }

  /// Takes an answer; one to no request of ours is passed over.
  func take(answer: Result<JSON, RPCError>, to id: RequestID) {
    if let done = asked.remove(id) { done(answer) }
  }
}

extension Peer {
  /// Takes the one answer that this peer has given.
  func takeOnlyAnswer() -> Result<JSON, RPCError> {
    let text = output.takeAll().drop { $0 != UInt8(ascii: "{") }
    guard let message = try? JSON.parse(Array(text)), case .response(_, let outcome) = Envelope(message) else {
      preconditionFailure("a peer's answer is one")
    }
    return outcome
  }
}

/// What to do with the answers to requests that were sent.
struct PendingRequests {
  /// For a client that answers nothing: the oldest are forgotten.
  private static let limit: Int64 = 1000
  private var waiting: [RequestID: (Result<JSON, RPCError>) -> Void] = [:]
  private var last: Int64 = 0

  /// Adds a request.
  ///
  /// - Returns: its id.
  mutating func add(_ done: @escaping (Result<JSON, RPCError>) -> Void) -> RequestID {
    last += 1
    waiting[.integer(last - Self.limit)] = nil
    waiting[.integer(last)] = done
    return .integer(last)
  }

  mutating func remove(_ id: RequestID) -> ((Result<JSON, RPCError>) -> Void)? { waiting.removeValue(forKey: id) }
}
