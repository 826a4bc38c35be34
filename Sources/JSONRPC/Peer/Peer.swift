package import Basics
package import JSON

/// One end of a JSON-RPC 2.0 connection that serves requests; bytes in, bytes out, no input or output of its own.
///
/// Everything happens inside the calls to it, on the one thread that owns it. Messages are handled in the order they
/// came, each to its end, before the next is looked at.
package final class Peer {
  /// What a connection may ask for.
  package struct Options: Sendable, Hashable {
    package var limits = FrameDecoder.Limits()
    /// The deepest nesting of a message, at most ``JSON/deepestNesting``.
    package var maximumDepth = 128
    /// Once this many bytes wait to go out, no message is handled until half of them are gone.
    package var maximumBacklogBytes = 64 << 20
    /// Once this many bytes wait to go out, progress is not reported.
    package var progressBacklogBytes = 1 << 20

    package init() {}
  }

  package let options: Options
  /// Serves the requests; the peer keeps it.
  package var handler: (any PeerHandler)?
  /// What has to go out.
  package var output = Outbox()
  /// How much of the traffic is told to the client; `$/setTrace` changes it.
  package var trace = TraceLevel.off
  /// Gives the recorder for a method's results, for generated documents; nil in production.
  package var recorderForMethod: ((_ method: ExactString) -> FieldRecorder?)?

  /// True once the input cannot be followed any further; the client has been told why.
  package var isBroken: Bool { decoder.isBroken }
  /// True while so much waits to go out that messages are left unhandled; more input is better not read then.
  package private(set) var isHeld = false

  private var decoder: FrameDecoder
  private var isStopped = false
  private var isHandling = false
  /// The calls without an answer. Not retained, so that a dropped call is noticed; each leaves before it goes.
  private var running: [RequestID: Unmanaged<Call>] = [:]
  /// Kept for its memory; taken out while in use, as writing a result may run code that sends something itself.
  var spareWriter: ObjectWriter?

  package init(options: Options = Options(), handler: (any PeerHandler)? = nil) {
    self.options = options
    self.handler = handler
    decoder = FrameDecoder(limits: options.limits)
  }

  /// The calls that still need their answer.
  package var runningCallCount: Int { running.count }

  /// Takes bytes from the client and handles the messages they complete.
  package func receive(_ bytes: UnsafeRawBufferPointer) {
    guard !isStopped else { return }
    decoder.append(bytes)
    handleMessages()
  }

  /// Handles messages left over when the output was full, if there is room again. Call after consuming output.
  package func resume() {
    guard isHeld, output.count <= options.maximumBacklogBytes / 2 else { return }
    isHeld = false
    handleMessages()
  }

  /// Learns that no more bytes will come; running calls go on.
  package func endOfInput() {
    guard !isStopped else { return }
    // Held messages are lost, as the client reads no answers.
    if !isHeld, let event = decoder.finish() { handle(event) }
    stop()
    handler?.inputEnded()
  }

  /// Handles no further message, not even those already received.
  package func stop() {
    isStopped = true
  }

  /// Cancels and fails all running calls, because the connection ends.
  package func abandonRunningCalls() {
    // Retained first: cancelling one call may make the handler drop others.
    for call in running.values.map({ $0.takeUnretainedValue() }) {
      call.abandon(RPCError(.internalError, "Internal error: the connection ended before the work did"))
    }
  }

  /// The framing of what goes out: that of what came in.
  var framing: FrameDecoder.Framing { decoder.framing ?? .headers }

  var hasRoomForProgress: Bool { output.count <= options.progressBacklogBytes }

  private func handleMessages() {
    // A handler must not feed the peer from inside a message, but if it does the outer loop goes on with it.
    guard !isHandling else { return }
    isHandling = true
    defer { isHandling = false }
    while !isStopped, !isHeld, let event = decoder.next() {
      handle(event)
      if output.count > options.maximumBacklogBytes { isHeld = true }
    }
  }

  private func handle(_ event: FrameDecoder.Event) {
    switch event {
    case .frame(let range):
      switch decoder.withBytes(of: range, { parse($0) }) {
      case .success(.array(let messages)) where !messages.isEmpty: handle(batch: messages)
      case .success(.array): respond(to: .null, "", nil, failing: .invalidRequest("a batch must not be empty"))
      case .success(let message): handle(message, in: nil)
      case .failure(let error): respond(to: .null, "", nil, failing: .parseError(error))
      }
    case .oversizedLine:
      let reason = "the line is over the limit of \(options.limits.maximumFrameBytes) bytes"
      respond(to: .null, "", nil, failing: .invalidRequest(reason))
    case .broken(let reason):
      respond(to: .null, "", nil, failing: RPCError(.parseError, "Parse error: \(reason)", data: ["kind": "framing"]))
    }
  }

  private func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<JSON, JSONSyntaxError> {
    do throws(JSONSyntaxError) {
      return .success(try JSON.parse(bytes, maximumDepth: options.maximumDepth))
    } catch {
      return .failure(error)
    }
  }

  private func handle(batch messages: JSONArray) {
    let batch = Batch()
    for message in messages where !isStopped { handle(message, in: batch) }
    batch.seal()
    if let text = batch.takeText() { send(text) }
  }

  private func handle(_ message: JSON, in batch: Batch?) {
    func slot() -> BatchSlot? { batch.map { BatchSlot(batch: $0, index: $0.addSlot()) } }
    switch Envelope(message) {
    case .response: break
    case .invalid(let id, let reason): respond(to: id, "", slot(), failing: .invalidRequest(reason))
    case .notification(let method, let params): handle(notification: method, params)
    case .request(let id, let method, let params):
      guard running[id] == nil else {
        let reason = "id \(id) is that of a request still running"
        return respond(to: id, method, slot(), failing: .invalidRequest(reason))
      }
      let call = Call(id: id, method: method, params: params, peer: self, slot: slot())
      running[id] = .passUnretained(call)
      traceRequest(call)
      if let handler { handler.handle(call) } else { call.fail(.methodNotFound(method)) }
    }
  }

  private func handle(notification method: ExactString, _ params: JSON?) {
    switch method {
    case "$/cancelRequest":
      // Unknown and finished ids are normal: the answer and the cancellation crossed.
      guard let id = params?["id"].flatMap(RequestID.init) else { return }
      running[id]?.takeUnretainedValue().cancel()
    case "$/setTrace": trace = params?["value"].flatMap(TraceLevel.init) ?? trace
    default: handler?.handle(notification: method, params: params)
    }
  }

  /// Forgets a running call.
  func close(_ id: RequestID) {
    running[id] = nil
  }
}
