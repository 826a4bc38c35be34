package import Basics
internal import CLibrary
internal import Synchronization

extension ParallelMap {
  /// Runs the bodies of a call on threads that live as long as the call.
  ///
  /// The calling thread takes part, and new threads have its priority. Where the system gives fewer threads than asked
  /// for, those there are do all the work. Starting a thread takes microseconds, a call milliseconds and more.
  /// (`DispatchQueue.concurrentPerform` would start none, but its bodies get no worker number, by which they find their
  /// scratch memory.)
  ///
  /// - Parameter threadCount: by default one for each core.
  package static func threads(
    _ threadCount: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  ) -> ParallelMap {
    ParallelMap(workerCount: threadCount) { count, body in
      withoutActuallyEscaping(body) { body in
        let queue = IndexQueue(count: count)
        let threads = (1..<max(1, min(threadCount, count))).compactMap { worker in
          SystemThread { queue.drain { body($0, worker) } }
        }
        queue.drain { body($0, 0) }
        for thread in threads { thread.join() }
      }
    }
  }
}

/// Indices that several threads take from, each index once.
private final class IndexQueue: Sendable {
  private let count: Int
  private let next = Atomic<Int>(0)

  init(count: Int) { self.count = count }

  /// Calls `body` for indices until none is left.
  func drain(_ body: (Int) -> Void) {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if index >= count { return }
      body(index)
    }
  }
}
