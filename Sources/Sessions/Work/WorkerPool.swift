internal import CLibrary
internal import Synchronization

/// Tells a running computation to stop; may be raised from any thread.
package final class CancellationFlag: Sendable {
  private let raised = Atomic<Bool>(false)

  package init() {}

  package var isRaised: Bool { raised.load(ordering: .relaxed) }

  package func raise() { raised.store(true, ordering: .relaxed) }
}

/// A fixed number of threads that run long computations one after another, at lower priority than the loop.
///
/// Threads of our own rather than a shared executor: a computation that fills every core of a cooperative pool would keep
/// everything else in it waiting for its whole length.
package final class WorkerPool: Sendable {
  private struct Queue {
    var waiting: [(ticket: Int, work: @Sendable () -> Void)] = []
    var lastTicket = 0
    var threadCount = 0
    var idleCount = 0
  }

  private let queue = Mutex(Queue())
  private let ready: Semaphore
  private let threadLimit: Int
  private let waitingLimit: Int

  /// Threads start when they are first needed.
  ///
  /// - Parameters:
  ///   - threadLimit: by default one less than the cores, so that the loop has one for itself, and at least 1.
  ///   - waitingLimit: how many computations may wait for a thread.
  package init(threadLimit: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1), waitingLimit: Int = 256) {
    self.threadLimit = threadLimit
    self.waitingLimit = waitingLimit
    ready = Semaphore()
  }

  /// Queues `work` and gives a ticket to withdraw it by; nil when too much is waiting already, or no thread is to be had.
  package func run(_ work: @escaping @Sendable () -> Void) -> Int? {
    let queued: (ticket: Int, needsThread: Bool)? = queue.withLock { queue in
      if queue.waiting.count >= waitingLimit { return nil }
      queue.lastTicket += 1
      queue.waiting.append((queue.lastTicket, work))
      let needsThread = queue.idleCount < queue.waiting.count && queue.threadCount < threadLimit
      if needsThread { queue.threadCount += 1 }
      return (queue.lastTicket, needsThread)
    }
    guard let queued else { return nil }
    if queued.needsThread && !startThread() {
      // A thread that works already will come to it; without any, the work can only be given back.
      let isAlone = queue.withLock { queue in
        queue.threadCount -= 1
        return queue.threadCount == 0
      }
      if isAlone {
        withdraw(queued.ticket)
        return nil
      }
    }
    ready.signal()
    return queued.ticket
  }

  /// Takes work back that no thread has begun; does nothing where one has.
  package func withdraw(_ ticket: Int) {
    // The thread that is woken for it finds nothing, and waits again.
    queue.withLock { $0.waiting.removeAll { $0.ticket == ticket } }
  }

  /// Starts one more thread; false when the system has none to give.
  private func startThread() -> Bool {
    let box = Unmanaged.passRetained(self)
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let status = pthread_create(
      &thread, &attributes,
      { context in
        #if canImport(Darwin)
          let pool = Unmanaged<WorkerPool>.fromOpaque(context).takeRetainedValue()
        #else
          let pool = Unmanaged<WorkerPool>.fromOpaque(context!).takeRetainedValue()
          // On Linux niceness belongs to the thread: a computation yields to the loop, which answers in microseconds.
          _ = setpriority(__priority_which_t(0), 0, 10)
        #endif
        pool.work()
        return nil
      }, box.toOpaque())
    if status != 0 { box.release() }
    return status == 0
  }

  private func work() {
    while true {
      queue.withLock { $0.idleCount += 1 }
      ready.wait()
      let next: (@Sendable () -> Void)? = queue.withLock { queue in
        queue.idleCount -= 1
        return queue.waiting.isEmpty ? nil : queue.waiting.removeFirst().work
      }
      next?()
    }
  }
}

/// A counting semaphore from the C library's condition variable, which every platform has.
private final class Semaphore: Sendable {
  private struct State {
    var mutex = pthread_mutex_t()
    var condition = pthread_cond_t()
    var count = 0
  }

  // Guarded by its own mutex; it is only ever touched between lock and unlock.
  nonisolated(unsafe) private let state: UnsafeMutablePointer<State>

  init() {
    state = .allocate(capacity: 1)
    state.initialize(to: State())
    pthread_mutex_init(&state.pointee.mutex, nil)
    pthread_cond_init(&state.pointee.condition, nil)
  }

  deinit {
    pthread_cond_destroy(&state.pointee.condition)
    pthread_mutex_destroy(&state.pointee.mutex)
    state.deinitialize(count: 1)
    state.deallocate()
  }

  func signal() {
    pthread_mutex_lock(&state.pointee.mutex)
    state.pointee.count += 1
    pthread_cond_signal(&state.pointee.condition)
    pthread_mutex_unlock(&state.pointee.mutex)
  }

  func wait() {
    pthread_mutex_lock(&state.pointee.mutex)
    while state.pointee.count == 0 { pthread_cond_wait(&state.pointee.condition, &state.pointee.mutex) }
    state.pointee.count -= 1
    pthread_mutex_unlock(&state.pointee.mutex)
  }
}
