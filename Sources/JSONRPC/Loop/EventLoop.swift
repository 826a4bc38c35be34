internal import CLibrary

/// Runs a ``Peer`` over two file descriptors, on the thread that calls ``run()``, and beside it further peers over
/// sockets.
///
/// It waits in `poll` for input, for room to write and for mail, and does all that is due before it waits again:
/// a request is read, handled and answered within one wake-up. Nothing but `poll` ever waits. Each connection has its
/// own buffers and its share of a turn, so that none waits for another's reader or for another's flood.
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

    /// How long messages are handled, in seconds, before all connections are looked at again, and how much a
    /// connection may give to write before it is written.
    package var turnSeconds = 1e-3
    package var turnBytes = 64 << 10

    /// Stretches of CPU time, in seconds, from which on a turn of the loop is reported; nil for none.
    package var reportedHoldSeconds: Double?

    package init() {}
  }

  private let options: Options
  /// The connection with whose end the loop ends.
  private let main: LoopConnection
  private var guests: [Guest] = []
  private var sources: [any LoopSource] = []
  private var timers: [(deadline: Double, action: () -> Void)] = []
  private var mailboxes: [(descriptor: Int32, deliver: () -> Void)] = []
  /// Messages that were parsed beside, with the numbers of their connections.
  private let parsed = Mailbox<(connection: Int, message: ParsedMessage)>()
  private var lastNumber = 0
  private var parentWatch: ParentWatch?
  /// When input or mail last came; the loop lingers from then.
  private var lastInput = -Double.infinity
  /// When what has been written to the output of the peer at work is to go out.
  private var turnEnd = 0.0
  /// CPU time of this thread when the turn began; kept only where holds are reported.
  private var turnStart = 0.0
  /// Called before the loop waits; true where threads now work for what was asked, so that a client that waits for its
  /// answer sends nothing meanwhile, and the processor is theirs.
  package var endTurn: (() -> Bool)?
  /// Called with the CPU seconds of each turn that took at least `reportedHoldSeconds`.
  package var reportHold: ((Double) -> Void)?

  private struct Guest {
    let connection: LoopConnection
    let end: () -> Void
  }

  /// Reads from `input` and writes to `output`; neither is closed by the loop. An input below 0 has ended already.
  package init(peer: Peer, input: Int32, output: Int32, options: Options = Options()) {
    self.options = options
    main = LoopConnection(peer, number: 0, input: input, output: output, options: options)
    setUp(main)
    attach(parsed) { [unowned self] in connection($0.connection)?.peer.finishParsing($0.message) }
  }

  private func setUp(_ connection: LoopConnection) {
    let (peer, number) = (connection.peer, connection.number)
    // Recursion as deep as a message may nest takes some hundred kilobytes.
    peer.parseBeside = { [parsed] parse in startThread(stackBytes: 2 << 20) { parsed.post((number, parse())) } }
    peer.shouldPause = { [unowned self, unowned peer] in
      peer.output.count >= options.turnBytes || monotonicSeconds() >= turnEnd
    }
  }

  /// Nil for one that has ended.
  private func connection(_ number: Int) -> LoopConnection? {
    number == 0 ? main : guests.first { $0.connection.number == number }?.connection
  }

  /// Has the events posted to `mailbox` passed to `body` on the loop's thread.
  package func attach<Event>(_ mailbox: Mailbox<Event>, _ body: @escaping (Event) -> Void) {
    mailboxes.append((mailbox.descriptor, { mailbox.drain().forEach(body) }))
  }

  /// Serves another peer over a socket, until its input ends or its client stops reading.
  ///
  /// The socket is closed then, and `end` is called, which is to take the peer its handler.
  ///
  /// - Parameter files: where files go that come with the messages.
  package func serve(
    _ peer: Peer, socket: Int32, files: ReceivedFiles? = nil, end: @escaping () -> Void
  ) {
    lastNumber += 1
    let connection = LoopConnection(
      peer, number: lastNumber, input: socket, output: socket, files: files, options: options)
    setUp(connection)
    guests.append(
      Guest(connection: connection) {
        end()
        _ = close(socket)
      })
  }

  /// Watches a descriptor until ``remove(_:)``.
  package func add(_ source: any LoopSource) { sources.append(source) }

  /// Watches a source no more. It may be the one whose callback runs now, and have more to call back for.
  package func remove(_ source: any LoopSource) {
    sources.removeAll { $0 === source }
    source.removed()
  }

  /// Calls `action` on the loop's thread after `seconds`.
  package func after(_ seconds: Double, _ action: @escaping () -> Void) {
    timers.append((monotonicSeconds() + seconds, action))
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
  package func finish(_ code: Int32) { main.finish(code) }

  /// Ends the loop with code 0 as soon as it can: requests that are not done are answered as cancelled.
  package func interrupt() { main.interrupt() }

  /// Runs until the input ends, ``finish(_:)`` or ``interrupt()`` is called, the output fails, or the parent dies; all
  /// of the first connection.
  ///
  /// Returns the exit code: that given to `finish`; 0 after the end of input; 1 if the input could not be followed or
  /// the output could not be written.
  package func run() -> Int32 {
    // A closed reader must show as an error of `write`, not end the process.
    signal(SIGPIPE, SIG_IGN)
    if main.input.descriptor < 0 { main.endInput() }
    while true {
      guard main.write() else { return 1 }
      beginTurn()
      main.peer.resume()
      if let code = main.codeToEndWith() { return flush() ? code : 1 }
      serveGuests()
      for source in sources { source.flush() }
      if endTurn?() ?? false { lastInput = -.infinity }
      reportLongTurn()
      wait()
    }
  }

  /// Writes once what waits for the guests, whose connections are about to end.
  package func flushGuests() {
    for guest in guests { _ = guest.connection.write() }
  }

  /// Begins a connection's share of a turn.
  private func beginTurn() {
    turnEnd = monotonicSeconds() + max(options.turnSeconds / Double(1 + guests.count), options.turnSeconds / 20)
  }

  /// Writes what waits for the guests, lets them go on, and drops those that have ended.
  private func serveGuests() {
    var ended: [Guest] = []
    for guest in guests {
      let connection = guest.connection
      var isOver = !connection.write()
      if !isOver {
        beginTurn()
        connection.peer.resume()
        isOver =
          connection.codeToEndWith() != nil
          && (!connection.write() || connection.peer.output.isEmpty || connection.patience() <= 0)
      }
      if isOver { ended.append(guest) }
    }
    guard !ended.isEmpty else { return }
    // Removed first: what their end calls may serve another.
    guests.removeAll { guest in ended.contains { $0.connection === guest.connection } }
    for guest in ended {
      guest.connection.peer.abandonRequests()
      guest.end()
    }
  }

  /// Reports the turn that ends now where it was long: for as long nothing that arrived was looked at.
  ///
  /// CPU time, because a thread that the system does not run is no fault of what it runs.
  private func reportLongTurn() {
    guard let least = options.reportedHoldSeconds else { return }
    let seconds = threadCPUSeconds() - turnStart
    if seconds >= least { reportHold?(seconds) }
  }

  /// Waits until something is due and does it.
  private func wait() {
    // Copies, as what is done below may add to them. `poll` skips negative descriptors.
    let (guests, mailboxes, sources) = (guests, mailboxes, sources)
    // An output that is not waited for still shows that its reader has gone.
    var entries = [
      pollfd(fd: main.wantsInput ? main.input.descriptor : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: main.output.descriptor, events: main.peer.output.isEmpty ? 0 : Int16(POLLOUT), revents: 0),
    ]
    for guest in guests {
      let connection = guest.connection
      let events = (connection.wantsInput ? POLLIN : 0) | (connection.peer.output.isEmpty ? 0 : POLLOUT)
      entries.append(
        pollfd(fd: events == 0 ? -1 : connection.input.descriptor, events: Int16(events), revents: 0))
    }
    entries += mailboxes.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    entries += sources.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
    // A signal ends the wait early, which does no harm.
    guard linger(&entries) || poll(&entries, nfds_t(entries.count), timeoutMilliseconds()) >= 0 else { return }
    if options.reportedHoldSeconds != nil { turnStart = threadCPUSeconds() }

    main.hasOutputFailed = entries[1].revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
    beginTurn()
    var rest = entries.dropFirst(2 + guests.count)
    for (entry, mailbox) in zip(rest, mailboxes) where entry.revents != 0 {
      mailbox.deliver()
      // It may answer a client, which then sends its next request.
      lastInput = monotonicSeconds()
    }
    rest = rest.dropFirst(mailboxes.count)
    for (entry, source) in zip(rest, sources) where entry.revents != 0 {
      beginTurn()
      source.ready(entry.revents)
      lastInput = monotonicSeconds()
    }
    runTimers()
    if entries[0].revents != 0, main.finishCode == nil {
      beginTurn()
      main.read()
      lastInput = monotonicSeconds()
    }
    for (entry, guest) in zip(entries.dropFirst(2), guests)
    where entry.revents & ~Int16(POLLOUT) != 0 && guest.connection.wantsInput {
      beginTurn()
      guest.connection.read()
      lastInput = monotonicSeconds()
    }
    if let parentWatch, !main.isDraining, !parentWatch.isAlive {
      // The death was noticed late, and its deadline counts from the death.
      main.endInput(drainSeconds: max(0, options.drainSeconds - ParentWatch.intervalSeconds))
    }
  }

  private func runTimers() {
    guard !timers.isEmpty else { return }
    let now = monotonicSeconds()
    let due = timers.filter { $0.deadline <= now }
    timers.removeAll { $0.deadline <= now }
    for timer in due { timer.action() }
  }

  private var isAnyPaused: Bool { main.peer.isPaused || guests.contains { $0.connection.peer.isPaused } }

  /// Looks for something due without sleeping while the last input is fresh; false when there is nothing so far.
  private func linger(_ entries: inout [pollfd]) -> Bool {
    while !main.isDraining, !isAnyPaused, monotonicSeconds() < lastInput + options.lingerSeconds {
      if poll(&entries, nfds_t(entries.count), 0) > 0 { return true }
    }
    return false
  }

  private func timeoutMilliseconds() -> Int32 {
    if isAnyPaused { return 0 }
    var deadline = timers.map(\.deadline).min() ?? .infinity
    if let drain = main.drainDeadline { deadline = min(deadline, drain) }
    for guest in guests {
      // One that has only its output left is looked after now and then, in case its client reads no more.
      let isFlushing = guest.connection.finishCode != nil
      if let drain = isFlushing ? monotonicSeconds() + 0.1 : guest.connection.drainDeadline {
        deadline = min(deadline, drain)
      }
    }
    let seconds = deadline == .infinity ? deadline : max(deadline - monotonicSeconds(), 0)
    let watched = parentWatch == nil || main.isDraining ? seconds : min(seconds, ParentWatch.intervalSeconds)
    // A timer may lie further ahead than `poll` can say.
    return watched == .infinity ? -1 : Int32(min(watched * 1000, 3_600_000).rounded(.up))
  }

  /// Writes what is left for as long as the client keeps reading; false if it does not.
  private func flush() -> Bool {
    while true {
      switch main.output.write(&main.peer.output) {
      case .failed: return false
      case .progress where main.peer.output.isEmpty: return true
      case .progress, .full: break
      }
      let patience = main.patience()
      guard patience > 0 else { return false }
      var entry = pollfd(fd: main.output.descriptor, events: Int16(POLLOUT), revents: 0)
      _ = poll(&entry, 1, Int32(min(patience * 1000, 100).rounded(.up)))
    }
  }
}
