internal import Journal
internal import Sessions
internal import Synchronization

/// The thread that makes commits, woken at the end of a turn of the loop: what the requests of one turn changed is then
/// one write and one sync, and the first of them does not wait for a sync that the others just missed.
final class CommitThread: Sendable {
  private let thread: StandingThread
  private let waiting = Mutex<[@Sendable () -> Void]>([])

  /// Nil when the system has no thread to give.
  init?() {
    guard let thread = StandingThread() else { return nil }
    self.thread = thread
  }

  /// What a ``Committer`` starts its work with.
  var start: Committer.Start {
    { work in
      self.waiting.withLock { $0.append(work) }
      return true
    }
  }

  /// Wakes the thread where work waits for it; false where none does.
  func wake() -> Bool {
    let work = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for work in work { thread.run(work) }
    return !work.isEmpty
  }
}
