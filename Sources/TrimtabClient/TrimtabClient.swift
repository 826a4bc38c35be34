internal import Basics
internal import JSON
internal import Synchronization
internal import TrimtabServer

/// A client of a Trimtab server that it starts: a process of its own, or a thread of this program.
///
///     let client = try await TrimtabClient.spawn(ClientOptions(roots: ["profiles"]))
///     _ = try await client.call(SessionOpen(session: "gpt"))
///     for await push in client.pushes(of: SuggestionChanged.self) { print(push.candidate) }
///
/// Methods may be called from any task at once; the server answers them in the order in which they were sent, but for
/// long computations. Pushes come in the order in which they happened.
public final class TrimtabClient: Sendable {
  private struct State {
    var lastID = 0
    /// Takes the message that answers; nil once the server has ended.
    var waiting: [Int: @Sendable (Payload?) -> Void] = [:]
    var progress: [Int: @Sendable (RequestProgress) -> Void] = [:]
    var listeners: [Int: @Sendable (Push?) -> Void] = [:]
    var end: ServerEnded?
    var endWaiters: [CheckedContinuation<ServerEnded, Never>] = []
  }

  private let state = Mutex(State())
  /// Set once, before the first message.
  private let connection = Mutex<Connection?>(nil)

  /// Starts a server in a process of its own.
  ///
  /// - Parameter command: the program, looked up along the PATH, and its arguments.
  /// - Throws: ``ServerEnded`` where it cannot be started; ``RequestRefused`` as `initialize` does.
  public static func spawn(
    _ options: ClientOptions = ClientOptions(), command: [String] = ["trimtab", "serve"]
  ) async throws -> TrimtabClient {
    try await TrimtabClient(try .process(command), options)
  }

  /// Starts a server on a thread of this program. It ignores SIGPIPE for the whole program.
  ///
  /// - Throws: ``ServerEnded`` where there are no descriptors; ``RequestRefused`` as `initialize` does.
  public static func inProcess(_ options: ClientOptions = ClientOptions()) async throws -> TrimtabClient {
    try await TrimtabClient(try .thread(StateOptions(isReadOnly: options.isReadOnly)), options)
  }

  private init(_ host: ServerHost, _ options: ClientOptions) async throws {
    // The connection's thread must not keep the client, whose end closes it.
    let opened = Connection(
      input: host.input, output: host.output,
      receive: { [weak self] bytes in self?.receive(bytes) },
      end: { [weak self] in
        // Also without a client the server is waited for, so that no process is left behind.
        let status = host.wait()
        self?.finish(ServerEnded(exitStatus: status, description: "the server has ended with status \(status)"))
      })
    connection.withLock { $0 = opened }
    _ = try await call(options.initialize)
    try send("initialized", EmptyParams())
  }

  deinit { connection.withLock { $0?.finish() } }

  // MARK: Requests

  /// Sends a request and waits for its answer.
  ///
  /// Where the task is cancelled the server is asked to stop, which ends a long computation within milliseconds.
  ///
  /// - Parameter progress: called while a long request runs, on the connection's thread.
  /// - Throws: ``RequestRefused``; ``ServerEnded``; `CancellationError` where the server stopped the request;
  ///   `DecodingError` where the answer is none of this protocol.
  public func call<R: Request>(
    _ request: R, progress: (@Sendable (RequestProgress) -> Void)? = nil
  ) async throws -> R.Answer {
    try Task.checkCancellation()
    let id = newID()
    let text = try Payload.text(R.method, request, id: id, token: progress == nil ? nil : id)
    let payload: Payload? = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isRunning = state.withLock { state in
          guard state.end == nil else { return false }
          state.waiting[id] = { continuation.resume(returning: $0) }
          state.progress[id] = progress
          return true
        }
        guard isRunning else { return continuation.resume(returning: nil) }
        write(text)
        // A cancellation before this request has left was sent ahead of it, where it stops nothing.
        if Task.isCancelled { cancel(id) }
      }
    } onCancel: {
      cancel(id)
    }
    guard let payload else { throw state.withLock { $0.end } ?? Self.unknownEnd }
    guard payload.isRefusal else { return try payload.answer(R.Answer.self) }
    let refusal = try payload.refusal()
    throw refusal.kind == .cancelled && Task.isCancelled ? CancellationError() : refusal
  }

  /// Sends a notification, such as a ``TrialUpdate`` whose decision is pushed.
  ///
  /// - Throws: `EncodingError` for numbers that JSON does not have.
  public func notify(_ notification: some ClientNotification) throws {
    try send(type(of: notification).method, notification)
  }

  /// Sends a request as a notification where the method allows that; its outcome is pushed.
  public func notify(_ request: some Request) throws { try send(type(of: request).method, request) }

  private func cancel(_ id: Int) {
    // An object of one integer is always JSON.
    try? send("$/cancelRequest", CancelRequest(id: id))
  }

  private func newID() -> Int {
    state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
  }

  private func send(_ method: String, _ params: some Encodable) throws { write(try Payload.text(method, params)) }

  private func write(_ text: [UInt8]) { connection.withLock { $0 }?.send(text) }

  private struct EmptyParams: Encodable {}
  private struct CancelRequest: Encodable { let id: Int }
  private static let unknownEnd = ServerEnded(exitStatus: nil, description: "the server has ended")

  // MARK: Pushes

  /// What the server sends unasked from now on, until it ends.
  public func pushes() -> AsyncStream<Push> { stream { $0 } }

  /// The pushes of one kind from now on, until the server ends.
  public func pushes<N: ServerNotification>(of type: N.Type) -> AsyncStream<N> { stream { $0.params as? N } }

  private func stream<Element: Sendable>(_ element: @escaping @Sendable (Push) -> Element?) -> AsyncStream<Element> {
    let (stream, continuation) = AsyncStream<Element>.makeStream()
    let id = newID()
    let isRunning = state.withLock { state in
      guard state.end == nil else { return false }
      state.listeners[id] = { push in
        guard let push else { return continuation.finish() }
        if let element = element(push) { continuation.yield(element) }
      }
      return true
    }
    if !isRunning { continuation.finish() }
    continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.listeners[id] = nil } }
    return stream
  }

  // MARK: The server's side

  private func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
    // What is no message of JSON-RPC says nothing; a server that sends such has a fault that its log tells of.
    guard let head = try? JSON.parse(UnsafeRawBufferPointer(bytes)) else { return }
    if head["method"] == nil, let id = head["id"]?.integerValue {
      let resume = state.withLock { state in
        state.progress[id] = nil
        return state.waiting.removeValue(forKey: id)
      }
      resume?(Payload(bytes, isRefusal: head["error"] != nil))
    } else if let method = head["method"]?.stringValue?.text {
      if let id = head["id"] { return write(Payload.refusal(of: id.text)) }
      receive(method, head["params"], bytes)
    }
  }

  private func receive(_ method: String, _ params: JSON?, _ bytes: UnsafeBufferPointer<UInt8>) {
    if method == "$/progress" {
      guard let token = params?["token"]?.integerValue, let value = params?["value"] else { return }
      let report = state.withLock { $0.progress[token] }
      report?(
        RequestProgress(percentage: value["percentage"]?.integerValue, message: value["message"]?.stringValue?.text))
      return
    }
    let listeners = state.withLock { Array($0.listeners.values) }
    guard !listeners.isEmpty else { return }
    // Params that these types cannot read reach the streams of all pushes as JSON.
    let push = (try? Push.read(method, Payload(bytes))) ?? .other(method: method, params: JSONValue(params ?? .null))
    for listener in listeners { listener(push) }
  }

  private func finish(_ end: ServerEnded) {
    let former = state.withLock { state in
      let former = state
      state.end = end
      (state.waiting, state.progress, state.listeners, state.endWaiters) = ([:], [:], [:], [])
      return former
    }
    for resume in former.waiting.values { resume(nil) }
    for listener in former.listeners.values { listener(nil) }
    for waiter in former.endWaiters { waiter.resume(returning: end) }
  }

  /// Ends the connection, and with it the server: what it was asked before is answered.
  ///
  /// - Returns: the server's exit status; 0 in order.
  @discardableResult
  public func close() async -> Int32 {
    // A server that has ended already answers nothing, which is as well.
    _ = try? await call(Shutdown())
    try? send("exit", EmptyParams())
    connection.withLock { $0?.finish() }
    let end = await withCheckedContinuation { continuation in
      let end = state.withLock { state -> ServerEnded? in
        if state.end == nil { state.endWaiters.append(continuation) }
        return state.end
      }
      if let end { continuation.resume(returning: end) }
    }
    return end.exitStatus ?? 1
  }

  private struct Shutdown: Request {
    typealias Answer = NoAnswer
    static let method = "shutdown"
  }
}
