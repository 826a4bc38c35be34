internal import CLibrary

/// Runs a ``Peer`` over two file descriptors, on the thread that calls ``run()``.
///
/// It waits in `poll` for input, for room to write and for mail, and does all that is due before it waits again:
/// a request is read, handled and answered within one wake-up. Nothing but `poll` ever waits.
package final class EventLoop {
  /// How patient the loop is.
  package struct Options: Sendable, Hashable {
    /// How long running calls may go on after the end of input, in seconds.
    package var drainSeconds = 0.8
    /// How long the last bytes wait for a client that reads nothing at all, in seconds.
    package var flushStallSeconds = 30.0

    /// How long the loop stays awake after input before it sleeps, in seconds; 0 where there is one processor only.
    ///
    /// A client in conversation sends its next request within microseconds, and to wake a sleeping processor takes
    /// longer than to answer: on a virtual machine at rest some 50 microseconds.
    package var lingerSeconds = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1 ? 80e-6 : 0

    /// How long messages are handled, in seconds, and how much they may give to write, before it is written.
    package var turnSeconds = 1e-3
    package var turnBytes = 64 << 10

    /// Stretches of CPU time, in seconds, from which on a turn of the loop is reported; nil for none.
    package var reportedHoldSeconds: Double?

    package init() {}
  }

  private let peer: Peer
  private let options: Options
  private var input: InputDescriptor
  private let output: OutputDescriptor
  private var mailboxes: [(descriptor: Int32, deliver: () -> Void)] = []
  private var parentWatch: ParentWatch?
  /// When to give up on running calls, once the input has ended.
  private var drainDeadline: Double?
  private var finishCode: Int32?
  private var hasOutputFailed = false
  /// When input was last read; the loop lingers from then.
  private var lastInput = -Double.infinity
  /// When what has been written to the peer's output is to go out.
  private var turnEnd = 0.0
  /// CPU time of this thread when the turn began; kept only where holds are reported.
  private var turnStart = 0.0
  /// Called with the CPU seconds of each turn that took at least `reportedHoldSeconds`.
  package var reportHold: ((Double) -> Void)?

  /// Reads from `input` and writes to `output`; neither is closed by the loop. An input below 0 has ended already.
  package init(peer: Peer, input: Int32, output: Int32, options: Options = Options()) {
    self.peer = peer
    self.options = options
    self.input = InputDescriptor(input)
    self.output = OutputDescriptor(output)
    let parsed = Mailbox<ParsedMessage>()
    attach(parsed) { [unowned peer] in peer.finishParsing($0) }
    // Recursion as deep as a message may nest takes some hundred kilobytes.
    peer.parseBeside = { parse in startThread(stackBytes: 2 << 20) { parsed.post(parse()) } }
    peer.shouldPause = { [unowned self, unowned peer] in
      peer.output.count >= options.turnBytes || monotonicSeconds() >= turnEnd
    }
  }

  /// Has the events posted to `mailbox` passed to `body` on the loop's thread.
  package func attach<Event>(_ mailbox: Mailbox<Event>, _ body: @escaping (Event) -> Void) {
    mailboxes.append((mailbox.descriptor, { mailbox.drain().forEach(body) }))
  }

  /// Ends the loop as the end of input does, within 250 ms of the death of the process `processID`.
  ///
  /// False where that process is no ancestor of this one: its number then says nothing, as it may have been given by
  /// another machine or container.
  package func watchParent(_ processID: Int32) -> Bool {
    parentWatch = ParentWatch(processID: processID)
    return parentWatch != nil
  }

  /// Ends the loop with `code` once what is waiting to go out has gone. Messages not yet handled are dropped.
  package func finish(_ code: Int32) {
    finishCode = finishCode ?? code
    peer.stop()
  }

  /// Ends the loop with code 0 as soon as it can: requests that are not done are answered as cancelled.
  package func interrupt() {
    guard finishCode == nil else { return }
    finishCode = 0
    peer.abandonRequests()
  }

  /// Runs until the input ends, ``finish(_:)`` or ``interrupt()`` is called, the output fails, or the parent dies.
  ///
  /// Returns the exit code: that given to `finish`; 0 after the end of input; 1 if the input could not be followed or
  /// the output could not be written.
  package func run() -> Int32 {
    // A closed reader must show as an error of `write`, not end the process.
    signal(SIGPIPE, SIG_IGN)
    if input.descriptor < 0 { endInput() }
    while true {
      guard output.write(&peer.output) != .failed, !hasOutputFailed else { return 1 }
      beginTurn()
      peer.resume()
      if let code = codeToEndWith() { return flush() ? code : 1 }
      reportLongTurn()
      wait()
    }
  }

  private func beginTurn() {
    turnEnd = monotonicSeconds() + options.turnSeconds
  }

  /// Reports the turn that ends now where it was long: for as long nothing that arrived was looked at.
  ///
  /// CPU time, because a thread that the system does not run is no fault of what it runs.
  private func reportLongTurn() {
    guard let least = options.reportedHoldSeconds else { return }
    let seconds = threadCPUSeconds() - turnStart
    if seconds >= least { reportHold?(seconds) }
  }

  private func codeToEndWith() -> Int32? {
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

  /// Waits until something is due and does it.
  private func wait() {
    let wantsInput = drainDeadline == nil && finishCode == nil && !peer.isHeld && !peer.isPaused
    // `poll` skips negative descriptors. An output that is not waited for still shows that its reader has gone.
    var entries = [
      pollfd(fd: wantsInput ? input.descriptor : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: output.descriptor, events: peer.output.isEmpty ? 0 : Int16(POLLOUT), revents: 0),
    ]
    entries += mailboxes.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    // A signal ends the wait early, which does no harm.
    guard linger(&entries) || poll(&entries, nfds_t(entries.count), timeoutMilliseconds()) >= 0 else { return }
    if options.reportedHoldSeconds != nil { turnStart = threadCPUSeconds() }

    hasOutputFailed = entries[1].revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
    beginTurn()
    for (entry, mailbox) in zip(entries.dropFirst(2), mailboxes) where entry.revents != 0 { mailbox.deliver() }
    if entries[0].revents != 0, finishCode == nil {
      if case .end = input.read(into: peer) { endInput() }
      lastInput = monotonicSeconds()
    }
    if let parentWatch, drainDeadline == nil, !parentWatch.isAlive {
      // The death was noticed late, and its deadline counts from the death.
      endInput(drainSeconds: max(0, options.drainSeconds - ParentWatch.intervalSeconds))
    }
  }

  /// Looks for something due without sleeping while the last input is fresh; false when there is nothing so far.
  private func linger(_ entries: inout [pollfd]) -> Bool {
    while drainDeadline == nil, !peer.isPaused, monotonicSeconds() < lastInput + options.lingerSeconds {
      if poll(&entries, nfds_t(entries.count), 0) > 0 { return true }
    }
    return false
  }

  private func timeoutMilliseconds() -> Int32 {
    if peer.isPaused { return 0 }
    if let drainDeadline { return Int32(max(0, (drainDeadline - monotonicSeconds()) * 1000).rounded(.up)) }
    return parentWatch == nil ? -1 : Int32(ParentWatch.intervalSeconds * 1000)
  }

  private func endInput(drainSeconds: Double? = nil) {
    guard drainDeadline == nil else { return }
    drainDeadline = monotonicSeconds() + (drainSeconds ?? options.drainSeconds)
    peer.endOfInput()
  }

  /// Writes what is left for as long as the client keeps reading; false if it does not.
  private func flush() -> Bool {
    var left = (waiting: -1, unread: -1)
    var lastRead = monotonicSeconds()
    while true {
      switch output.write(&peer.output) {
      case .failed: return false
      case .progress where peer.output.isEmpty: return true
      case .progress, .full: break
      }
      // A reader that takes a few bytes at a time makes no room for long, but it reads.
      let now = (waiting: peer.output.count, unread: output.unreadByteCount ?? 0)
      if now != left { lastRead = monotonicSeconds() }
      left = now
      let patience = lastRead + options.flushStallSeconds - monotonicSeconds()
      guard patience > 0 else { return false }
      var entry = pollfd(fd: output.descriptor, events: Int16(POLLOUT), revents: 0)
      _ = poll(&entry, 1, Int32(min(patience * 1000, 100).rounded(.up)))
    }
  }
}
