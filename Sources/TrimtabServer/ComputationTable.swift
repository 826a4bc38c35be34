internal import Basics
internal import EnergyFrontier
package import JSONRPC
package import Sessions
internal import Synchronization

/// The running computations: each belongs to a call, runs on the pool, and delivers its result to the loop.
package final class ComputationTable {
  /// A message from a pool thread to the loop.
  package enum Event: Sendable {
    case progressed(computation: Int, percentage: Int)
    case finished(computation: Int)
    /// Asks for the next action of ``afterOtherMessages(_:)``.
    case resumed
  }

  private struct Computation {
    /// Nil for work that no request waits for.
    let call: Call?
    let session: String
    let flag: CancellationFlag
    /// The pool that runs it, and its place in the pool's queue.
    var queued: (pool: WorkerPool, ticket: Int)?
    /// Runs its argument when the result may take effect.
    let settle: (@escaping () -> Void) -> Void
    let finish: () -> Void
    let progressed: (Int) -> Void
  }

  /// Carries the messages of pool threads.
  package let mailbox = Mailbox<Event>()
  /// Nil runs each computation at once, so that a replay always gives the same messages in the same order.
  private let pool: WorkerPool?
  /// Runs requests that are too long for the loop, which therefore do not wait for a computation.
  private let shortPool = WorkerPool(waitingLimit: .max, yieldsToLoop: false)
  private var computations: [Int: Computation] = [:]
  private var lastNumber = 0
  private var resumptions: [() -> Void] = []

  package init(pool: WorkerPool?) { self.pool = pool }

  /// Whether work runs on threads, rather than at once on the loop.
  var runsBeside: Bool { pool != nil }

  /// Runs `work` on a thread and `finish` with its outcome on the loop; whichever of result and cancellation comes
  /// first is the outcome.
  ///
  /// - Parameters:
  ///   - call: the request that waits for the result and may cancel it; nil for work that the server itself starts.
  ///   - isShort: whether it is a request for which others wait, rather than a computation.
  ///   - progressed: takes the percentage that is done, besides the call.
  ///   - settle: runs its argument when the result may take effect; until then the work can be cancelled.
  func start<Product: Sendable>(
    _ call: Call?, session: String, title: String, isShort: Bool = false,
    _ work: @escaping @Sendable (ProgressHandle) throws(RequestError) -> Product,
    progressed: @escaping (Int) -> Void = { _ in },
    settle: @escaping (@escaping () -> Void) -> Void = { $0() },
    finish: @escaping (Result<Product, RequestError>) -> Void
  ) {
    lastNumber += 1
    let (computation, mailbox, flag, outcome) = (lastNumber, mailbox, CancellationFlag(), OutcomeBox<Product>())
    let reporter = PercentageReporter(mailbox, computation: computation)
    let run: @Sendable () -> Void = {
      let progress = ProgressHandle(isCancelled: { flag.isRaised }, report: { reporter.report($0) })
      let result: Result<Product, RequestError>
      do throws(RequestError) {
        if flag.isRaised { throw .cancelled }
        result = .success(try work(progress))
      } catch {
        result = .failure(error)
      }
      outcome.value.withLock { $0 = result }
      mailbox.post(.finished(computation: computation))
    }
    call?.progress.begin(title: title, percentage: 0)
    call?.onCancel = { [weak self] in self?.cancel(computation) }
    let end: () -> Void = {
      let result = outcome.value.withLock { $0 } ?? .failure(.cancelled)
      // A result after a cancellation is dropped: a cancelled request changes nothing.
      finish(flag.isRaised ? .failure(.cancelled) : result)
    }
    computations[computation] = Computation(
      call: call, session: session, flag: flag, settle: settle, finish: end, progressed: progressed)
    guard let pool else {
      run()
      return mailbox.drain().forEach(handle)
    }
    let chosen = isShort ? shortPool : pool
    if let ticket = chosen.run(for: call?.client, run) {
      computations[computation]?.queued = (chosen, ticket)
    } else {
      computations[computation] = nil
      finish(
        .failure(
          RequestError(
            .overloaded, expected: "room for one more computation", found: "a full queue",
            fix: "wait for an answer and ask again")))
    }
  }

  /// Handles a message of a pool thread; call on the loop.
  package func handle(_ event: Event) {
    switch event {
    case .progressed(let number, let percentage):
      guard let computation = computations[number] else { return }
      computation.call?.progress.report(percentage: percentage)
      computation.progressed(percentage)
    case .finished(let number):
      guard let computation = computations[number] else { return }
      // One that waits for its session stays in the table, so that closing the session cancels it.
      computation.settle { [weak self] in self?.computations.removeValue(forKey: number)?.finish() }
    case .resumed:
      let actions = resumptions
      resumptions = []
      for action in actions { action() }
    }
  }

  /// Runs `action` on the loop after the messages that have been received by then; at once where computations run so.
  func afterOtherMessages(_ action: @escaping () -> Void) {
    guard runsBeside else { return action() }
    resumptions.append(action)
    if resumptions.count == 1 { mailbox.post(.resumed) }
  }

  /// Releases a value on a thread, because freeing many parts would hold the loop.
  func release(_ value: consuming some Sendable) {
    guard runsBeside else { return }
    let box = ReleaseBox(value)
    _ = shortPool.run { box.empty() }
  }

  /// Stops the computations of a session that is being closed.
  func cancel(session: String) {
    for computation in computations.filter({ $0.value.session == session }).keys.sorted() { cancel(computation) }
  }

  /// Answers a computation's call at once; its thread stops later, and its messages are ignored.
  private func cancel(_ number: Int) {
    guard let computation = computations.removeValue(forKey: number) else { return }
    computation.flag.raise()
    if let (pool, ticket) = computation.queued { pool.withdraw(ticket) }
    computation.finish()
  }
}

/// Holds a value that ``empty()`` releases on the calling thread, whichever thread drops the box.
private final class ReleaseBox<Value: Sendable>: Sendable {
  private let value: Mutex<Value?>

  init(_ value: consuming Value) { self.value = Mutex(value) }

  func empty() {
    // Moved out first, so that the lock is not held meanwhile.
    let value = value.withLock { $0.take() }
    _ = consume value
  }
}

/// Holds the result of a pool thread until the loop takes it.
private final class OutcomeBox<Product: Sendable>: Sendable {
  let value = Mutex<Result<Product, RequestError>?>(nil)
}

/// Posts a percentage when it has risen by one, so at most a hundred times.
private final class PercentageReporter: Sendable {
  private let mailbox: Mailbox<ComputationTable.Event>
  private let computation: Int
  private let last = Atomic<Int>(0)

  init(_ mailbox: Mailbox<ComputationTable.Event>, computation: Int) {
    self.mailbox = mailbox
    self.computation = computation
  }

  func report(_ share: Double) {
    let percentage = Int((min(max(share, 0), 1) * 100).rounded(.down))
    guard percentage > last.load(ordering: .relaxed) else { return }
    last.store(percentage, ordering: .relaxed)
    mailbox.post(.progressed(computation: computation, percentage: percentage))
  }
}
