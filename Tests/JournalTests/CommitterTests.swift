import Basics
import CLibrary
import Journal
import Synchronization
import TestSupport
import Testing

@Suite struct CommitterTests {
  @Test func manyRecordsShareOneSync() throws {
    let (storage, thread, outcomes) = (SimulatedStorage(seed: 1), HeldWork(), Outcomes())
    let committer = Committer(start: thread.start) { _, outcome in
      outcomes.add(outcome)
    }
    let file = try StateDirectory(storage).makeJournal(for: "s")
    _ = committer.append(Array("first".utf8), to: file)
    thread.run()
    let before = storage.operationCount
    for number in 0..<1000 { #expect(committer.append(Array("{\(number)}".utf8), to: file) == number + 2) }
    #expect(outcomes.all == [.durable(upTo: 1)])
    thread.run()
    #expect(outcomes.all == [.durable(upTo: 1), .durable(upTo: 1001)])
    // One write and one sync; the file had been extended before.
    #expect(storage.operationCount - before == 2)
  }

  @Test func theLastRecordIsAcknowledgedWhereTheJournalStaysForGood() throws {
    let (storage, thread, outcomes) = (SimulatedStorage(seed: 3), HeldWork(), Outcomes())
    let atReport = Mutex<[[String]]>([])
    let committer = Committer(start: thread.start) { _, outcome in
      outcomes.add(outcome)
      atReport.withLock { $0.append((try? storage.names(in: StateDirectory.closed)) ?? []) }
    }
    let directory = try StateDirectory(storage)
    let file = directory.makeJournal(for: "s")
    #expect(committer.append([1], to: file) == 1)
    // While the first commit waits, so that it could take the last record along.
    #expect(committer.end(file, with: [2], movingTo: directory.closedPath(for: "s")) == 2)
    thread.run()
    #expect(outcomes.all == [.durable(upTo: 1), .durable(upTo: 2)])
    #expect(atReport.withLock { $0 } == [[], ["s.1.journal"]])
  }

  /// A rename, or the sync of its folder: a power loss may take the name back.
  @Test(arguments: [2, 3]) func anEndWhoseNameIsNotKeptIsNoEnd(_ operation: Int) throws {
    let (storage, outcomes) = (SimulatedStorage(seed: 4), Outcomes())
    let committer = Committer(start: { _ in false }, report: { outcomes.add($1) })
    let directory = try StateDirectory(storage)
    let file = directory.makeJournal(for: "s")
    _ = committer.append([1], to: file)
    // A write and a sync of the last record come first.
    storage.fail(at: storage.operationCount + operation, with: 5)
    _ = committer.end(file, with: [2], movingTo: directory.closedPath(for: "s"))
    #expect(outcomes.all.count == 2 && outcomes.all[0] == .durable(upTo: 1))
    guard case .failed? = outcomes.all.last else {
      Issue.record("acknowledged: \(outcomes.all)")
      return
    }
  }

  /// Whatever operation of a compaction fails, the journal goes on with its file, unless that may have another name.
  @Test func aCompactionThatFailsBeforeItsFileIsPlacedIsNoFailure() throws {
    var placedCount = 0
    for operation in 0..<40 {
      let (storage, outcomes) = (SimulatedStorage(seed: 5), Outcomes())
      let committer = Committer(start: { _ in false }, report: { outcomes.add($1) })
      let file = try StateDirectory(storage).makeJournal(for: "s")
      _ = committer.append([1], to: file)
      let compacted = try CompactedFile(of: file, in: storage) { (next, add) throws(JournalError) in
        while let record = try next() { try add(record) }
      }
      // The compacted file has not this one yet.
      _ = committer.append([2], to: file)
      let failures = Mutex<[StorageError?]>([])
      storage.fail(at: storage.operationCount + operation, with: ENOSPC)
      committer.replace(file, by: compacted) { failure in failures.withLock { $0.append(failure) } }
      storage.failNothing()
      let failure = try #require(failures.withLock { $0.first })
      #expect(failures.withLock { $0.count } == 1)
      if failure == nil { placedCount += 1 }
      let mayBePlaced = failure?.operation == "rename" || failure?.path == StateDirectory.sessions
      #expect((file.failure != nil) == mayBePlaced, "operation \(operation): \(String(describing: failure))")
      guard !mayBePlaced else { continue }
      _ = committer.append([3], to: file)
      #expect(outcomes.all.last == .durable(upTo: 3))
      var reader = try JournalReader(at: file.path, in: storage)
      var records: [[UInt8]] = []
      while let record = try reader.next() { records.append(record) }
      #expect(records == [[1], [2], [3]])
    }
    #expect((1..<40).contains(placedCount))
  }

  @Test func journalsFailAlone() throws {
    let storage = SimulatedStorage(seed: 2)
    let failed = Mutex<[ExactString]>([])
    let committer = Committer(
      start: { _ in false },
      report: { file, outcome in
        if case .failed = outcome { failed.withLock { $0.append(file.name) } }
      })
    let directory = try StateDirectory(storage)
    let (a, b) = (directory.makeJournal(for: "a"), directory.makeJournal(for: "b"))
    _ = committer.append([1], to: a)
    _ = committer.append([1], to: b)
    // The next commit's sync.
    storage.fail(at: storage.operationCount + 1, with: 5)
    _ = committer.append([2], to: a)
    _ = committer.append([2], to: b)
    _ = committer.append([3], to: a)
    #expect(failed.withLock { $0 } == ["a", "a"])
    #expect(b.durableRecord == 2)
    #expect(a.durableRecord == 1)
  }

  @Test func lackOfRoomToExtendIsNoFailure() throws {
    let storage = SimulatedStorage(seed: 3)
    let outcomes = Outcomes()
    let committer = Committer(start: { _ in false }, report: { outcomes.add($1) })
    let file = try StateDirectory(storage).makeJournal(for: "s")
    // Records are written first, then zeros.
    storage.fail(at: storage.operationCount + 1, with: 28)
    _ = committer.append([1], to: file)
    #expect(outcomes.all == [.durable(upTo: 1)])
  }
}
