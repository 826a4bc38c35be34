package import Basics
package import JSON

/// One request on its way to its answer.
///
/// It must be answered exactly once, at any time, on the thread that owns its ``Peer``. A call that is dropped without
/// an answer answers -32603 by itself; a second answer is a programming error that traps in debug builds and is
/// logged and ignored in release builds.
package final class Call {
  package let id: RequestID
  package let method: ExactString
  /// An object, an array, or nil if the client sent none. There only while the request is handed over, as it may hold
  /// the memory of a long message.
  package private(set) var params: JSON?
  /// The token under which the client wants to hear of progress: `workDoneToken` in the parameters.
  package let workDoneToken: RequestID?
  /// Tells the clients of a process apart.
  package let client: ObjectIdentifier
  /// What the answer is about; it leaves when that is durable.
  package var lane = Lane.none
  /// True once an answer is on its way, or none is wanted any more.
  package private(set) var isAnswered = false
  /// True once the client has asked to cancel the request; it still needs its answer.
  package private(set) var isCancelled = false

  /// Called once when the client cancels the request, before anything that follows in the input; at once if it
  /// already has.
  package var onCancel: (() -> Void)? {
    didSet { if isCancelled { runOnCancel() } }
  }

  /// Nil once answered: a handler may keep the call, and must not thereby keep the peer.
  private var peer: Peer?
  private let slot: BatchSlot?
  /// Takes the answer of a request of the process itself from the peer.
  private var deliver: ((Peer) -> Void)?
  private var isAbandoned = false
  private var reporter: ProgressReporter?

  init(id: RequestID, method: ExactString, params: JSON?, peer: Peer, slot: BatchSlot?) {
    self.id = id
    self.method = method
    self.params = params
    workDoneToken = params?.objectValue?.value(of: "workDoneToken").flatMap { $0 == .null ? nil : RequestID($0) }
    self.peer = peer
    client = ObjectIdentifier(peer)
    self.slot = slot
  }

  /// A request of the process itself to a handler of its own; `done` gets the answer, which waits for no lane.
  package init(
    own method: ExactString, params: JSON?, done: @escaping (Result<JSON, RPCError>) -> Void
  ) {
    let peer = Peer()
    (id, self.method, self.params, workDoneToken, self.peer, slot) = (.integer(1), method, params, nil, peer, nil)
    client = ObjectIdentifier(peer)
    keepsParams = true
    deliver = { done($0.takeOnlyAnswer()) }
  }

  deinit {
    guard let peer else { return }
    peer.close(id)
    peer.respond(to: id, method, slot, failing: RPCError(.internalError, "Internal error: the request was dropped"))
  }

  /// Answers with an object.
  package func answer(_ result: some ObjectWritable) {
    settle { $0.respond(to: id, method, slot, lane) { result.writeValue(to: &$0) } }
  }

  /// Answers with any JSON value, such as `.null`.
  package func answer(_ result: JSON) {
    settle { $0.respond(to: id, method, slot, lane) { $0.json.write(result) } }
  }

  /// Answers with an error.
  package func fail(_ error: RPCError) {
    settle { $0.respond(to: id, method, slot, lane, failing: error) }
  }

  /// Answers with text that another peer wrote: that of a result or of an error.
  package func answer(written text: [UInt8], isError: Bool) {
    settle { $0.respond(to: id, method, slot, lane, written: text, isError: isError) }
  }

  /// What the handler wants to know of the request besides.
  package var attachment: (any Sendable)?

  /// Where to report progress; does nothing if the client did not ask, or once the call is answered.
  package var progress: ProgressReporter {
    if let reporter { return reporter }
    let new = ProgressReporter(token: workDoneToken, peer: peer)
    reporter = new
    return new
  }

  func forgetParams() {
    if !keepsParams { params = nil }
  }

  /// Whether the params are needed after the handler has returned: set by a handler that puts the request off, and
  /// cleared when it is served.
  package var keepsParams = false {
    didSet { forgetParams() }
  }

  func cancel() {
    guard !isAnswered, !isCancelled else { return }
    isCancelled = true
    runOnCancel()
  }

  /// Cancels and answers a call whose connection ends; a later answer is no fault of the handler's.
  func abandon(_ error: RPCError) {
    cancel()
    guard !isAnswered else { return }
    fail(error)
    isAbandoned = true
  }

  /// Ends a call that its client wants no answer of, by a protocol that has no answers to cancelled requests; a later
  /// answer is dropped.
  func withdraw() {
    cancel()
    guard let peer, !isAnswered else { return }
    (isAnswered, isAbandoned, self.peer, onCancel) = (true, true, nil, nil)
    reporter?.end()
    peer.close(id)
    if let slot {
      slot.batch.omit(slot.index)
      peer.deliver(slot.batch)
    }
  }

  private func runOnCancel() {
    guard let onCancel else { return }
    self.onCancel = nil
    onCancel()
  }

  private func settle(_ respond: (Peer) -> Void) {
    guard let peer else {
      if !isAbandoned { reportFault("request \(id) \(method) was answered twice") }
      return
    }
    isAnswered = true
    self.peer = nil
    onCancel = nil
    reporter?.end()
    peer.close(id)
    if deliver != nil { lane = .none }
    respond(peer)
    deliver?(peer)
  }
}

/// A place in the answer to a batch.
struct BatchSlot {
  let batch: Batch
  let index: Int
}
