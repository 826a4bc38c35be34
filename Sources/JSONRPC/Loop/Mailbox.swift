internal import CLibrary
internal import Synchronization

/// Carries events from any thread to the one that runs an ``EventLoop``, in the order they are posted.
package final class Mailbox<Event: Sendable>: Sendable {
  private let events = Mutex<[Event]>([])
  private let wake = WakePipe()

  package init() {}

  /// Adds an event and wakes the loop. Never waits for the loop.
  package func post(_ event: Event) {
    let wasEmpty = events.withLock { events in
      events.append(event)
      return events.count == 1
    }
    // One byte wakes the loop for all events until it drains them.
    if wasEmpty { wake.signal() }
  }

  /// The descriptor that is readable while events wait.
  var descriptor: Int32 { wake.readEnd }

  /// Takes all events posted so far.
  package func drain() -> [Event] {
    // The byte goes first: an event posted in between then leaves a byte behind, never the other way round.
    wake.clear()
    return events.withLock { events in
      defer { events = [] }
      return events
    }
  }
}

/// A pipe whose only use is to be readable.
private final class WakePipe: Sendable {
  let readEnd: Int32
  private let writeEnd: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { fatalError("no descriptors left for a pipe") }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    _ = close(readEnd)
    _ = close(writeEnd)
  }

  func signal() {
    var byte: UInt8 = 0
    // If the pipe is full the reader has plenty to wake it.
    _ = retryingInterrupts { write(writeEnd, &byte, 1) }
  }

  func clear() {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      while retryingInterrupts({ read(readEnd, buffer.baseAddress, buffer.count) }) == buffer.count {}
    }
  }
}
