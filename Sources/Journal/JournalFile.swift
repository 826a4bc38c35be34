package import Basics
internal import Synchronization

/// The journal of one session: records that are appended on one thread and made durable, many at a time, by a
/// ``Committer`` on another.
///
/// A record has a number, counted from 1 over the life of the journal, whatever compaction does to the file. Records
/// become durable in the order of their numbers. After a failed write or sync the journal is given up: what was durable
/// stays, nothing more becomes durable, and ``init(continuing:in:)`` on the same path begins again from what is.
package final class JournalFile: Sendable {
  /// The newest format of files that this program reads, and the one that it writes.
  package static let formatVersion = Int(FileHeader.version)

  package let path: String
  package let name: ExactString

  /// What waits to be written; used by the thread that appends and by the committer.
  private struct Pending {
    var payloads: [[UInt8]] = []
    var byteCount = 0
    var lastRecord: Int
    var durableRecord: Int
    var failure: StorageError?
    var compactionCount = 0
  }

  private let pending: Mutex<Pending>
  /// The file; used by the committer and by recovery alone.
  let writer: Mutex<JournalWriter>

  /// A journal that does not exist yet; its file is made with the first records.
  package init(newAt path: String, name: ExactString, in storage: any Storage) {
    (self.path, self.name) = (path, name)
    pending = Mutex(Pending(lastRecord: 0, durableRecord: 0))
    writer = Mutex(JournalWriter(newAt: path, name: name, in: storage))
  }

  /// A journal that goes on after what `reader` has read to its end.
  ///
  /// The torn tail is cut, and what may have been written without a sync is written again and synced, because after a
  /// failed sync a system may take it for synced without having stored it.
  ///
  /// - Throws: ``JournalError`` of case `damaged`, with the file as it was, or `storage`.
  package init(continuing reader: JournalReader, in storage: any Storage) throws(JournalError) {
    guard let name = reader.name, let end = reader.end else {
      preconditionFailure("a journal continues after it was read to its end")
    }
    if case .damaged(let offset, let record) = end {
      throw .damaged(path: reader.path, offset: offset, record: record)
    }
    (path, self.name) = (reader.path, name)
    pending = Mutex(Pending(lastRecord: reader.count, durableRecord: reader.count))
    do throws(StorageError) {
      writer = Mutex(try JournalWriter(continuing: reader, in: storage))
    } catch {
      throw .storage(error)
    }
  }

  /// The number of the last record, durable or not.
  package var lastRecord: Int { pending.withLock { $0.lastRecord } }
  /// The number of the last record that is durable.
  package var durableRecord: Int { pending.withLock { $0.durableRecord } }
  /// Why nothing more becomes durable; nil while it does.
  package var failure: StorageError? { pending.withLock { $0.failure } }
  /// Bytes of the durable records; waits for a commit that is under way.
  package var durableByteCount: Int { writer.withLock { $0.offset } }
  /// Bytes of payloads that are not durable yet.
  package var pendingByteCount: Int { pending.withLock { $0.byteCount } }

  /// Adds a record that the next commit is to write, and gives its number.
  func append(_ payload: [UInt8]) -> Int {
    precondition(!payload.isEmpty && payload.count <= RecordHeader.longestPayload)
    return pending.withLock { pending in
      pending.payloads.append(payload)
      pending.byteCount += payload.count
      pending.lastRecord += 1
      return pending.lastRecord
    }
  }

  /// Writes and syncs all records that were appended before. On the committer's thread.
  func commit() -> CommitOutcome {
    writer.withLock { writer in
      let (payloads, last, failure) = pending.withLock { pending in
        defer { pending.payloads = [] }
        return (pending.payloads, pending.lastRecord, pending.failure)
      }
      if let failure { return .failed(failure) }
      guard !payloads.isEmpty else { return .durable(upTo: last) }
      do throws(StorageError) {
        try writer.commit(payloads)
        pending.withLock {
          $0.durableRecord = last
          $0.byteCount -= payloads.reduce(0) { $0 + $1.count }
        }
        return .durable(upTo: last)
      } catch {
        pending.withLock { $0.failure = error }
        writer.undoUnacknowledged()
        return .failed(error)
      }
    }
  }

  /// Changes the file itself, between two commits. On the committer's thread, or where no committer has the journal.
  func withWriter(_ body: (inout JournalWriter) throws(StorageError) -> Void) throws(StorageError) {
    let error = writer.withLock { writer -> StorageError? in
      if let failure { return failure }
      do throws(StorageError) {
        try body(&writer)
        return nil
      } catch {
        return error
      }
    }
    if let error { throw error }
  }

  /// Has a prepared replacement take the place of the file, where no committer has the journal.
  ///
  /// - Throws: ``JournalError`` of case `storage`.
  package func take(_ replacement: CompactedFile) throws(JournalError) {
    do throws(StorageError) {
      try withWriter { (writer) throws(StorageError) in try replacement.take(placeOf: &writer) }
    } catch {
      throw .storage(error)
    }
  }

  /// A number that no other compaction of this journal has.
  func numberCompaction() -> Int {
    pending.withLock {
      $0.compactionCount += 1
      return $0.compactionCount
    }
  }

  /// Gives the journal up, as after a failed commit.
  func giveUp(_ error: StorageError) { pending.withLock { $0.failure = $0.failure ?? error } }
}

/// What came of a commit.
package enum CommitOutcome: Equatable, Sendable {
  /// All records up to this number are durable.
  case durable(upTo: Int)
  /// None after the last durable one is, nor will be.
  case failed(StorageError)
}
