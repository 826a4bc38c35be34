internal import Synchronization

/// Makes records of many journals durable off the thread that appends them: group commit.
///
/// While one sync runs, further records gather; the next commit of their journal writes and syncs all of them at once.
/// Journals take turns, so a busy one delays another by one commit.
package final class Committer: Sendable {
  private struct Queue {
    /// Journals with work, in the order in which they came to have it.
    var waiting: [(file: JournalFile, work: Work)] = []
    var isRunning = false
  }

  fileprivate enum Work {
    case commit
    case change(@Sendable (JournalFile) -> Void)
  }

  /// Runs a closure on a thread; false where there is none, and then the caller runs it.
  package typealias Start = @Sendable (@escaping @Sendable () -> Void) -> Bool

  private let queue = Mutex(Queue())
  /// Held while work is done.
  private let isWorking = Mutex(())
  private let start: Start
  private let report: @Sendable (JournalFile, CommitOutcome) -> Void

  /// - Parameters:
  ///   - start: runs the work.
  ///   - report: is given the outcome of each commit, on the thread that made it.
  package init(
    start: @escaping Start,
    report: @escaping @Sendable (JournalFile, CommitOutcome) -> Void
  ) {
    self.start = start
    self.report = report
  }

  /// Adds a record to a journal and has it committed.
  ///
  /// - Returns: the record's number, which a later ``CommitOutcome`` covers.
  package func append(_ payload: [UInt8], to file: JournalFile) -> Int {
    let number = file.append(payload)
    enqueue(file, .commit)
    return number
  }

  /// Adds the last record of a journal, has it committed and moves the file to another name. The outcome is reported
  /// after all of that, and is a failure where the move fails, so that a closed session is nowhere found open once its
  /// end is acknowledged.
  ///
  /// - Returns: the record's number.
  package func end(_ file: JournalFile, with payload: [UInt8], movingTo path: String) -> Int {
    // Added where commits are made, since a commit that is under way could take it along and report it before the move.
    let number = file.lastRecord + 1
    enqueue(
      file,
      .change { [report] file in
        _ = file.append(payload)
        let outcome = file.commit()
        let failure = Self.move(file, to: path)
        report(file, failure.map { .failed($0) } ?? outcome)
      })
    return number
  }

  /// Moves a journal to another name, after the records that it has.
  package func move(_ file: JournalFile, to path: String) {
    enqueue(file, .change { _ = Self.move($0, to: path) })
  }

  /// Why the move failed, after which the journal is given up; nil where it did not.
  private static func move(_ file: JournalFile, to path: String) -> StorageError? {
    do throws(StorageError) {
      try file.withWriter { (writer) throws(StorageError) in try writer.move(to: path) }
      return nil
    } catch {
      file.giveUp(error)
      return error
    }
  }

  /// Has a prepared replacement take the place of a journal's file.
  ///
  /// - Parameter finish: receives why that failed, or nil, on the committer's thread. After a failure the journal goes
  ///   on with its old file, unless it is not known which of the two a restart would find.
  package func replace(
    _ file: JournalFile, by replacement: CompactedFile, finish: @escaping @Sendable (StorageError?) -> Void
  ) {
    enqueue(
      file,
      .change { file in
        var isPlacing = false
        do throws(StorageError) {
          try file.withWriter { (writer) throws(StorageError) in
            try replacement.take(placeOf: &writer) { isPlacing = true }
          }
          finish(nil)
        } catch {
          if isPlacing { file.giveUp(error) }
          finish(error)
        }
      })
  }

  /// Waits until everything that was asked for is done.
  package func finish() {
    work()
    // Work that another thread had taken.
    isWorking.withLock { _ in }
  }

  private func enqueue(_ file: JournalFile, _ work: Work) {
    let mustStart = queue.withLock { queue in
      if case .commit = work, queue.waiting.contains(where: { $0.file === file && $0.work.isCommit }) { return false }
      queue.waiting.append((file, work))
      defer { queue.isRunning = true }
      return !queue.isRunning
    }
    if mustStart, !start({ self.run() }) { run() }
  }

  private func run() {
    while true {
      work()
      let isDone = queue.withLock { queue in
        if queue.waiting.isEmpty { queue.isRunning = false }
        return queue.waiting.isEmpty
      }
      if isDone { return }
    }
  }

  private func work() {
    while isWorking.withLock({ _ in workOnce() }) {}
  }

  /// Does the work that has waited longest; false where there is none.
  private func workOnce() -> Bool {
    guard let (file, work) = queue.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else {
      return false
    }
    switch work {
    case .commit: report(file, file.commit())
    case .change(let change): change(file)
    }
    return true
  }
}

extension Committer.Work {
  fileprivate var isCommit: Bool {
    if case .commit = self { return true }
    return false
  }
}
