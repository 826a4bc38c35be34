internal import CLibrary
internal import Synchronization

/// Asks a running computation to stop; may be raised from any thread.
package final class CancellationFlag: Sendable {
  private let raised = Atomic<Bool>(false)

  package init() {}

  package var isRaised: Bool { raised.load(ordering: .relaxed) }

  package func raise() { raised.store(true, ordering: .relaxed) }
}

/// Runs work beside the loop on at most a fixed number of threads: the work of each client in the order in which it was
/// queued, and clients by turns, so that one that queues much holds up no other by more than what runs.
///
/// A thread starts when work is queued and ends when none is left, which takes tens of microseconds; so an idle pool
/// holds no thread. These are threads of the system rather than of a shared executor: a computation that fills every
/// core of a cooperative pool would keep everything else in that pool waiting until it ends.
package final class WorkerPool: Sendable {
  private struct Queue {
    /// One for each client that has work waiting; the first is next.
    var lines: [Line] = []
    var lastTicket = 0
    var threadCount = 0
  }

  /// The work of one client, in its order.
  private struct Line {
    let client: ObjectIdentifier?
    var waiting: [(ticket: Int, work: @Sendable () -> Void)] = []
  }

  private let queue = Mutex(Queue())
  private let threadLimit: Int
  private let waitingLimit: Int
  private let yieldsToLoop: Bool

  /// - Parameters:
  ///   - threadLimit: by default one less than the cores, so that the loop has one for itself, and at least 1.
  ///   - waitingLimit: how much work of one client may wait for a thread.
  ///   - yieldsToLoop: whether the threads have a lower priority than the loop.
  package init(
    threadLimit: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1), waitingLimit: Int = 256,
    yieldsToLoop: Bool = true
  ) {
    self.threadLimit = threadLimit
    self.waitingLimit = waitingLimit
    self.yieldsToLoop = yieldsToLoop
  }

  /// Queues `work`.
  ///
  /// - Parameter client: whose work it is; nil for the server's own.
  /// - Returns: a ticket to withdraw the work by; nil when too much of the client is waiting already, or the system
  ///   gives no thread.
  package func run(for client: ObjectIdentifier? = nil, _ work: @escaping @Sendable () -> Void) -> Int? {
    let queued: (ticket: Int, needsThread: Bool)? = queue.withLock { queue in
      let known = queue.lines.firstIndex { $0.client == client }
      if let known, queue.lines[known].waiting.count >= waitingLimit { return nil }
      queue.lastTicket += 1
      let index = known ?? queue.lines.endIndex
      if known == nil { queue.lines.append(Line(client: client)) }
      queue.lines[index].waiting.append((queue.lastTicket, work))
      let needsThread = queue.threadCount < threadLimit
      if needsThread { queue.threadCount += 1 }
      return (queue.lastTicket, needsThread)
    }
    guard let queued else { return nil }
    if queued.needsThread, !startThread() {
      // A thread that is at work will get to it; where there is none, the work can only be given back.
      let isAlone = queue.withLock { queue in
        queue.threadCount -= 1
        return queue.threadCount == 0
      }
      if isAlone {
        withdraw(queued.ticket)
        return nil
      }
    }
    return queued.ticket
  }

  /// Takes back work that no thread has begun; does nothing where one has.
  package func withdraw(_ ticket: Int) {
    queue.withLock { queue in
      for index in queue.lines.indices { queue.lines[index].waiting.removeAll { $0.ticket == ticket } }
      queue.lines.removeAll { $0.waiting.isEmpty }
    }
  }

  /// Starts one more thread; false when the system has none to give.
  private func startThread() -> Bool {
    let thread = SystemThread {
      if self.yieldsToLoop { SystemThread.yieldToOthers() }
      while let work = self.next() { work() }
    }
    thread?.detach()
    return thread != nil
  }

  /// The work whose turn it is; nil when there is none, and then the calling thread no longer counts.
  private func next() -> (@Sendable () -> Void)? {
    queue.withLock { queue in
      guard !queue.lines.isEmpty else {
        queue.threadCount -= 1
        return nil
      }
      var line = queue.lines.removeFirst()
      let work = line.waiting.removeFirst().work
      if !line.waiting.isEmpty { queue.lines.append(line) }
      return work
    }
  }
}
