internal import CLibrary
internal import Synchronization

/// A thread that waits for work, for work that is short and whose delay is felt: a sleeping thread wakes in
/// microseconds, while a new one on a busy machine may wait for milliseconds before it runs at all.
///
/// It ends when nothing refers to the `StandingThread` any more.
package final class StandingThread: Sendable {
  private final class Queue: Sendable {
    let work = Mutex<[@Sendable () -> Void]>([])

    func runAll() {
      let taken = work.withLock { work in
        defer { work = [] }
        return work
      }
      for work in taken { work() }
    }
  }

  private let queue = Queue()
  private let writeEnd: Int32

  /// Nil when the system has no thread or no descriptors to give.
  package init?() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (readEnd, queue) = (ends[0], queue)
    writeEnd = ends[1]
    let thread = SystemThread {
      var bytes = [UInt8](repeating: 0, count: 64)
      while true {
        let count = read(readEnd, &bytes, bytes.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        queue.runAll()
      }
      close(readEnd)
    }
    guard let thread else {
      close(readEnd)
      close(writeEnd)
      return nil
    }
    thread.detach()
  }

  deinit { close(writeEnd) }

  /// Runs `work` on the thread, after what it was given before.
  package func run(_ work: @escaping @Sendable () -> Void) {
    queue.work.withLock { $0.append(work) }
    var byte: UInt8 = 0
    // A full pipe wakes the thread as well.
    while write(writeEnd, &byte, 1) < 0, errno == EINTR {}
  }
}
