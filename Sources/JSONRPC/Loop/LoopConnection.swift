internal import CLibrary

/// A peer with the descriptors that an ``EventLoop`` runs it over.
final class LoopConnection {
  let peer: Peer
  /// Unlike any other's of its loop.
  let number: Int
  private let options: EventLoop.Options
  var input: InputDescriptor
  let output: OutputDescriptor
  /// When to give up on running calls, once the input has ended.
  private(set) var drainDeadline: Double?
  private(set) var finishCode: Int32?
  var hasOutputFailed = false
  /// What was left to write when the client was last seen to read, and when that was; once the connection ends.
  private var lastRead: (waiting: Int, unread: Int, seconds: Double)?

  /// Neither descriptor is closed here. An input below 0 has ended already.
  init(
    _ peer: Peer, number: Int, input: Int32, output: Int32, files: ReceivedFiles? = nil, options: EventLoop.Options
  ) {
    (self.peer, self.number, self.options) = (peer, number, options)
    self.input = InputDescriptor(input, files: files)
    self.output = OutputDescriptor(output)
  }

  var isDraining: Bool { drainDeadline != nil }

  var wantsInput: Bool { drainDeadline == nil && finishCode == nil && !peer.isHeld && !peer.isPaused }

  /// Ends the connection with `code` once what is waiting to go out has gone. Messages not yet handled are dropped.
  func finish(_ code: Int32) {
    finishCode = finishCode ?? code
    peer.stop()
  }

  /// Ends the connection with code 0 as soon as it can: requests that are not done are answered as cancelled.
  func interrupt() {
    guard finishCode == nil else { return }
    finishCode = 0
    peer.abandonRequests()
  }

  func endInput(drainSeconds: Double? = nil) {
    guard drainDeadline == nil else { return }
    drainDeadline = monotonicSeconds() + (drainSeconds ?? options.drainSeconds)
    peer.endOfInput()
  }

  /// Reads what has come and handles it.
  func read() {
    if case .end = input.read(into: peer) { endInput() }
  }

  /// The code to end with, once nothing but output is left to do.
  func codeToEndWith() -> Int32? {
    if finishCode == nil, peer.isBroken { endInput() }
    if finishCode == nil, let drainDeadline {
      guard !peer.isBusy || monotonicSeconds() >= drainDeadline else { return nil }
      finishCode = peer.isBroken ? 1 : 0
    }
    guard let finishCode else { return nil }
    peer.abandonRequests()
    // The request in a message that is being parsed needs its answer, too; that is a matter of milliseconds.
    return peer.isParsing ? nil : finishCode
  }

  /// Writes what fits; false if the client will never read it.
  func write() -> Bool { output.write(&peer.output) != .failed && !hasOutputFailed }

  /// Seconds for which a client that ends may go on reading nothing; O(1).
  ///
  /// A reader that takes a few bytes at a time makes no room for long, but it reads.
  func patience() -> Double {
    let (waiting, unread, now) = (peer.output.count, output.unreadByteCount ?? 0, monotonicSeconds())
    guard let last = lastRead, last.waiting == waiting, last.unread == unread else {
      lastRead = (waiting, unread, now)
      return options.flushStallSeconds
    }
    return last.seconds + options.flushStallSeconds - now
  }
}
