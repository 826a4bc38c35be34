internal import CLibrary

/// Turns the signals that ask a process to end (SIGINT, SIGTERM and SIGHUP) into mail.
///
/// A signal that is ignored already stays so, as `nohup` wants it. The others are blocked in all threads, and one
/// thread waits for them: nothing then runs inside a signal handler.
package final class InterruptWatch: Sendable {
  /// Gets the number of each signal.
  package let mailbox = Mailbox<Int32>()

  /// Call before any other thread is started, as threads inherit what is blocked.
  package init() {
    Self.start { [mailbox] in mailbox.post($0) }
  }

  /// Has `handle` called on a thread of its own with the number of each signal.
  ///
  /// Call before any other thread is started.
  package static func start(_ handle: @escaping @Sendable (Int32) -> Void) {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let former = signal(number, SIG_DFL)
      if unsafeBitCast(former, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
      } else {
        sigaddset(&signals, number)
      }
    }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    startThread(stackBytes: 64 << 10) { [signals] in
      var signals = signals
      while true {
        var number: Int32 = 0
        if sigwait(&signals, &number) == 0 { handle(number) }
      }
    }
  }

  /// Ends this process as `signal` would have without a watch, which is what its parent then sees.
  package static func endProcess(by number: Int32) -> Never {
    signal(number, SIG_DFL)
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, number)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    // All other threads block it, so it is this one that takes it, before the call returns.
    kill(getpid(), number)
    _exit(128 + number)
  }
}
