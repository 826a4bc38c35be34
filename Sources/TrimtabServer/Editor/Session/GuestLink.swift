internal import Basics
internal import JSON
internal import JSONRPC

/// A connection to the owner of a state directory as a guest of it, for requests of this process's own.
final class GuestLink {
  private let link: MessageLink
  private let loop: EventLoop
  private let directory: String
  private var pending = NumberedRequests<(Result<JSON, RPCError>) -> Void>()
  /// Why the owner will not have this process, such as another version.
  private var refusal: RPCError?
  /// Called with each notification of the owner.
  var receive: (_ method: String, _ params: JSON?) -> Void = { _, _ in }
  /// Called once, when the owner has ended; questions without an answer have failed by then.
  var end: () -> Void = {}

  /// Nil where no process listens.
  init?(to directory: String, readsOnly: Bool, on loop: EventLoop) {
    guard let socket = try? LocalSocket.connect(to: SharedSocket.name, in: SharedSocket.folder(of: directory)) else {
      return nil
    }
    (link, self.loop, self.directory) = (MessageLink(socket), loop, directory)
    link.receive = { [unowned self] in take($0) }
    link.end = { [unowned self] in
      leave(.noOwner(of: directory))
      end()
    }
    loop.add(link)
    let params: JSON = [
      "version": .string(Version.program), "readOnly": .bool(readsOnly), "client": .null, "owner": .null, "pending": [],
    ]
    ask(GuestMessages.join, params) { [unowned self] in if case .failure(let error) = $0 { refusal = error } }
  }

  /// Leaves the owner; questions without an answer fail.
  func close() { leave(.noOwner(of: directory)) }

  func ask(_ method: String, _ params: JSON, done: @escaping (Result<JSON, RPCError>) -> Void) {
    if let refusal { return done(.failure(refusal)) }
    link.send(method, params, number: pending.add(done))
  }

  private func leave(_ error: RPCError) {
    loop.remove(link)
    for done in pending.takeAll() { done(.failure(error)) }
  }

  private func take(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let message = try? JSON.parse(Array(bytes)) else { return }
    if let number = message["id"]?.integerValue, let done = pending.take(number) {
      // What was asked before a refusal came is not understood, and that says less.
      if let error = message["error"] { return done(.failure(refusal ?? RPCError(answered: error))) }
      return done(.success(message["result"] ?? .null))
    }
    if let method = message["method"]?.stringValue?.text { receive(method, message["params"]) }
  }
}
