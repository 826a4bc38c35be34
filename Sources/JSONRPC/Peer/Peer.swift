internal import Basics
internal import JSON

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
    /// The most members of a batch.
    package var maximumBatchCount = 1000
    /// Once this many bytes wait to go out, no message is handled until half of them are gone.
    package var maximumBacklogBytes = 64 << 20
    /// Once this many bytes wait to go out, progress is not reported.
    package var progressBacklogBytes = 1 << 20

    package init() {}
  }

  /// Why messages that have come are not handled now.
  private enum Hold {
    /// So much waits to go out that the client has to read first.
    case fullOutput
    /// The owner has other work in between.
    case pause
    /// A long message is being parsed beside; those after it have to wait for it.
    case parsing
  }

  package let options: Options
  /// Serves the requests; the peer keeps it.
  package var handler: (any PeerHandler)?
  /// What has to go out.
  package var output = OutputBuffer()
  /// How much of the traffic the client receives as a trace; `$/setTrace` changes it.
  package var trace = TraceLevel.off
  /// Asked after each message: true has the rest wait for ``resume()``.
  package var shouldPause: () -> Bool = { false }
  /// Runs a closure on another thread and later ``finishParsing(_:)`` with its result on this one; nil parses long
  /// messages here.
  package var parseBeside: ((@escaping @Sendable () -> ParsedMessage) -> Void)?

  /// True once the input cannot be followed any further; the client has been told why.
  package var isBroken: Bool { decoder.isBroken }
  /// True while so much waits to go out, or to be parsed, that messages are left unhandled; more input is better not
  /// read then.
  package var isHeld: Bool { hold == .fullOutput || hold == .parsing }
  /// True while messages wait for ``resume()`` and for nothing else.
  package var isPaused: Bool { hold == .pause }
  /// True while a long message is being parsed.
  package var isParsing: Bool { hold == .parsing }

  /// What the lanes wait for.
  package let tickets: LaneTickets
  /// What was sent and has to wait for its lane.
  var held = HeldMessages()
  private var decoder: FrameDecoder
  private var hold: Hold?
  /// The batch whose members are being handled.
  private var batch: (batch: Batch, rest: JSONArray.Iterator)?
  private var hasInputEnded = false
  private var isStopped = false
  private var isHandling = false
  /// The calls without an answer. Not retained, so that a dropped call is noticed; each leaves before it goes.
  private var running: [RequestID: Unmanaged<Call>] = [:]
  /// Requests of ours that the other end has not answered.
  var asked = PendingRequests()
  /// The bytes of answers that wait for others of their batches.
  package internal(set) var batchedByteCount = 0
  /// Kept for its memory; taken out while in use, as writing a result may run code that sends something itself.
  var spareWriter: ObjectWriter?

  package init(
    options: Options = Options(), tickets: LaneTickets = LaneTickets(), handler: (any PeerHandler)? = nil
  ) {
    self.options = options
    self.tickets = tickets
    self.handler = handler
    decoder = FrameDecoder(limits: options.limits)
  }

  /// The calls that still need their answer.
  package var runningCallCount: Int { running.count }

  /// True while something that has come is neither handled nor answered.
  package var isBusy: Bool { !running.isEmpty || hold != nil || !held.isEmpty }

  /// Takes bytes from the client and handles the messages they complete.
  package func receive(_ bytes: UnsafeRawBufferPointer) {
    guard !isStopped else { return }
    decoder.append(bytes)
    handleMessages()
  }

  /// Has `read` write at most `count` bytes from the client and say how many it has, and handles the messages they
  /// complete.
  package func receive(atMost count: Int, _ read: (UnsafeMutableRawBufferPointer) -> Int) {
    decoder.append(atMost: count, read)
    if !isStopped { handleMessages() }
  }

  /// Goes on with messages that were left over. Call after consuming output, and after a pause.
  package func resume() {
    switch hold {
    case .fullOutput where backlogByteCount <= options.maximumBacklogBytes / 2, .pause:
      hold = nil
      handleMessages()
    default: break
    }
  }

  /// Takes the result of what ``parseBeside`` was given, and goes on with the messages after it.
  package func finishParsing(_ message: ParsedMessage) {
    precondition(hold == .parsing, "no message is being parsed")
    hold = nil
    if !message.rest.isEmpty { message.rest.withUnsafeBufferPointer { decoder.putBack($0) } }
    guard !isStopped else { return }
    handle(message.result)
    handleMessages()
  }

  /// Learns that no more bytes will come; running calls go on, and so do messages that have come.
  package func endOfInput() {
    hasInputEnded = true
    handleMessages()
  }

  /// Handles no further message, not even those already received.
  package func stop() {
    isStopped = true
    if hold != .parsing { hold = nil }
    // The answers of a batch go out also when its rest is dropped.
    closeBatch()
  }

  /// Answers all requests that have come and are not done as cancelled, because the server ends.
  package func abandonRequests() {
    // Retained first: cancelling one call may make the handler drop others.
    for call in running.values.map({ $0.takeUnretainedValue() }) { call.abandon(.serverEnds) }
    guard !isStopped else { return }
    handler = EndingHandler()
    shouldPause = { false }
    while hold != .parsing {
      hold = nil
      handleMessages()
      // There is no later time for what waits until the client reads.
      if hold == nil { return }
    }
  }

  /// The framing of what goes out: that of what came in.
  var framing: FrameDecoder.Framing { decoder.framing ?? .headers }

  /// Bytes that wait to go out, or for their lanes.
  private var backlogByteCount: Int { output.count + held.byteCount }

  var hasRoomForProgress: Bool { output.count <= options.progressBacklogBytes }

  private func handleMessages() {
    // A handler must not feed the peer from inside a message, but if it does the outer loop goes on with it.
    guard !isHandling else { return }
    isHandling = true
    defer { isHandling = false }
    while !isStopped, hold == nil {
      if let member = batch?.rest.next() {
        handle(member, in: batch?.batch)
      } else if batch != nil {
        closeBatch()
      } else if let event = decoder.next() ?? (hasInputEnded ? decoder.finish() : nil) {
        handle(event)
      } else {
        if hasInputEnded {
          stop()
          handler?.inputEnded()
        }
        return
      }
      guard hold == nil else { return }
      if backlogByteCount > options.maximumBacklogBytes { hold = .fullOutput } else if shouldPause() { hold = .pause }
    }
  }

  private func closeBatch() {
    guard let open = batch else { return }
    batch = nil
    open.batch.seal()
    deliver(open.batch)
  }

  private func handle(_ event: FrameDecoder.Event) {
    switch event {
    case .frame(let range) where range.count > options.limits.longFrameBytes:
      let (text, depth, isLine) = (decoder.take(range), options.maximumDepth, framing == .lines)
      let parse: @Sendable () -> ParsedMessage = { ParsedMessage(text, maximumDepth: depth, mayHaveRest: isLine) }
      hold = .parsing
      if let parseBeside { parseBeside(parse) } else { finishHere(parse()) }
    case .frame(let range): handle(decoder.withBytes(of: range) { ParsedMessage.result(of: $0, options.maximumDepth) })
    case .oversizedLine:
      let reason = "the line is over the limit of \(options.limits.maximumFrameBytes) bytes"
      respond(to: .null, "", nil, failing: .invalidRequest(reason))
    case .broken(let reason):
      respond(to: .null, "", nil, failing: RPCError(.parseError, "Parse error: \(reason)", data: ["kind": "framing"]))
    }
  }

  /// As ``finishParsing(_:)``, inside the loop over messages.
  private func finishHere(_ message: ParsedMessage) {
    hold = nil
    if !message.rest.isEmpty { message.rest.withUnsafeBufferPointer { decoder.putBack($0) } }
    handle(message.result)
  }

  private func handle(_ result: Result<JSON.Passed, JSONSyntaxError>) {
    if case .success(let passed) = result, let error = passed.halfPair, !takesHalfPairs(passed.value) {
      return respond(to: .null, "", nil, failing: .parseError(error))
    }
    switch result.map(\.value) {
    case .success(.array(let messages)) where messages.isEmpty:
      respond(to: .null, "", nil, failing: .invalidRequest("a batch must not be empty"))
    case .success(.array(let messages)) where messages.count > options.maximumBatchCount:
      let reason = "a batch must have at most \(options.maximumBatchCount) members, found \(messages.count)"
      respond(to: .null, "", nil, failing: .invalidRequest(reason))
    case .success(.array(let messages)): batch = (Batch(), messages.makeIterator())
    case .success(let message): handle(message, in: nil)
    case .failure(let error): respond(to: .null, "", nil, failing: .parseError(error))
    }
  }

  /// Whether a message with half a surrogate pair is one whose handler goes on with U+FFFD in its place.
  private func takesHalfPairs(_ message: JSON) -> Bool {
    guard let handler, message.objectValue != nil, case .notification(let method, _) = Envelope(message) else {
      return false
    }
    return handler.takesHalfPairs(in: method)
  }

  private func handle(_ message: JSON, in batch: Batch?) {
    func slot() -> BatchSlot? { batch.map { BatchSlot(batch: $0, index: $0.addSlot()) } }
    switch Envelope(message) {
    case .response(let id, let outcome): take(answer: outcome, to: id)
    case .invalid(let id, let reason): respond(to: id, "", slot(), failing: .invalidRequest(reason))
    case .notification(let method, let params): handle(notification: method, params)
    case .request(let id, let method, let params):
      guard running[id] == nil else {
        let reason = "id \(id) is that of a request still running"
        return respond(to: id, method, slot(), failing: .invalidRequest(reason))
      }
      guard batch == nil || batchedByteCount <= options.limits.maximumFrameBytes else {
        return respond(to: id, method, slot(), failing: .batchTooLong("it was not carried out"))
      }
      let call = Call(id: id, method: method, params: params, peer: self, slot: slot())
      running[id] = .passUnretained(call)
      traceRequest(call)
      if let handler { handler.handle(call) } else { call.fail(.methodNotFound(method)) }
      call.forgetParams()
    }
  }

  private func handle(notification method: ExactString, _ params: JSON?) {
    switch method {
    case "$/cancelRequest":
      // Unknown and finished ids are normal: the answer and the cancellation crossed.
      guard let id = params?["id"].flatMap(RequestID.init) else { return }
      running[id]?.takeUnretainedValue().cancel()
    case "window/workDoneProgress/cancel":
      guard let token = params?["token"].flatMap(RequestID.init) else { return }
      for call in running.values.map({ $0.takeUnretainedValue() }) where call.workDoneToken == token { call.cancel() }
    case "$/setTrace": trace = params?["value"].flatMap(TraceLevel.init) ?? trace
    default: handler?.handle(notification: method, params: params)
    }
  }

  /// Cancels a call whose client wants no answer any more; does nothing where none of this id is running.
  package func withdraw(_ id: RequestID) { running[id]?.takeUnretainedValue().withdraw() }

  /// Forgets a running call.
  func close(_ id: RequestID) {
    running[id] = nil
  }
}

/// Serves what comes too late to be carried out.
private final class EndingHandler: PeerHandler {
  func handle(_ call: Call) { call.fail(.serverEnds) }
  func handle(notification method: ExactString, params: JSON?) {}
}
