package import Journal
internal import Synchronization

/// Work of a committer that waits until the test runs it: while it waits, records gather, as beside a slow disk.
package final class HeldWork: Sendable {
  private let waiting = Mutex<[@Sendable () -> Void]>([])

  package init() {}

  /// What a committer is to be started with.
  package var start: Committer.Start {
    { work in
      self.waiting.withLock { $0.append(work) }
      return true
    }
  }

  /// Runs what waits.
  package func run() {
    let work = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for work in work { work() }
  }
}
