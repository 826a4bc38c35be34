import CLibrary
import JSON
import JSONRPC

/// A thread of its own, as the loop under test blocks it.
final class TestThread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  #if canImport(Darwin)
    private var thread: pthread_t?
  #else
    private var thread = pthread_t()
  #endif

  init(_ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(run))
    let status = pthread_create(&thread, nil, threadMain, body.toOpaque())
    precondition(status == 0, "no thread")
    #if canImport(Darwin)
      func threadMain(_ body: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
        return nil
      }
    #else
      func threadMain(_ body: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        Unmanaged<Body>.fromOpaque(body!).takeRetainedValue().run()
        return nil
      }
    #endif
  }

  func join() {
    #if canImport(Darwin)
      pthread_join(thread!, nil)
    #else
      pthread_join(thread, nil)
    #endif
  }
}

/// Both ends of a connection: the server's run in a loop on its own thread, the client's are here.
final class Connection {
  enum Kind: CaseIterable {
    case pipes
    case socket
  }

  /// What a test sees of the server.
  struct Server {
    let peer: Peer
    let loop: EventLoop
    let handler: TestHandler
  }

  private var input: Int32
  private var output: Int32
  private let server: [Int32]
  private let result = ExitCode()
  private var thread: TestThread?
  private var received: [UInt8] = []

  private final class ExitCode: @unchecked Sendable {
    // Written by the thread before it ends, read after it is joined.
    var value: Int32?
  }

  init(
    _ kind: Kind, options: EventLoop.Options = .init(), peerOptions: Peer.Options = .init(),
    setUp: @escaping @Sendable (Server) -> Void = { _ in }
  ) {
    // A test that writes to a loop that has ended must see an error, not a signal.
    signal(SIGPIPE, SIG_IGN)
    switch kind {
    case .pipes:
      let (toServer, fromServer) = (Self.makePipe(), Self.makePipe())
      (input, output) = (fromServer[0], toServer[1])
      server = [toServer[0], fromServer[1]]
    case .socket:
      guard let ends = LocalSocket.pair() else { preconditionFailure("no descriptors") }
      (input, output) = (ends.0, fcntl(ends.0, F_DUPFD_CLOEXEC, 0))
      server = [ends.1, fcntl(ends.1, F_DUPFD_CLOEXEC, 0)]
    }
    let (server, result) = (server, result)
    thread = TestThread {
      let handler = TestHandler()
      let peer = Peer(options: peerOptions, handler: handler)
      let loop = EventLoop(peer: peer, input: server[0], output: server[1], options: options)
      setUp(Server(peer: peer, loop: loop, handler: handler))
      result.value = loop.run()
      for end in server { _ = close(end) }
    }
  }

  deinit {
    closeOutput()
    closeInput()
    thread?.join()
  }

  /// Writes all of `text`, waiting for the server to read it.
  func send(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Reads the next line, waiting for it; nil at the end.
  func readLine() -> JSON? {
    var scanned = 0
    while true {
      if let newline = received[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { received.removeSubrange(...newline) }
        return (try? JSON.parse(Array(received[..<newline]))) ?? "not JSON"
      }
      scanned = received.count
      guard readMore() else { return nil }
    }
  }

  /// Reads all that comes until the server closes, and splits it into messages.
  func readToEnd() -> [JSON] {
    while readMore() {}
    defer { received = [] }
    return messages(in: received)
  }

  private func readMore() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    let count = read(input, &chunk, chunk.count)
    guard count > 0 else { return false }
    received += chunk[..<count]
    return true
  }

  /// Ends what the server reads. For a socket the other direction stays open.
  func closeOutput() {
    guard output >= 0 else { return }
    shutdown(output, Int32(SHUT_WR))
    _ = close(output)
    output = -1
  }

  /// Stops reading for good.
  func closeInput() {
    guard input >= 0 else { return }
    shutdown(input, Int32(SHUT_RD))
    _ = close(input)
    input = -1
  }

  /// The loop's result, once its thread has ended.
  func exitCode() -> Int32? {
    thread?.join()
    thread = nil
    return result.value
  }

  private static func makePipe() -> [Int32] {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no descriptors")
    // An exit test's process that inherited an end would keep the connection open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
  }
}
