internal import Basics
internal import Synchronization

/// A file that holds the history of a journal in fewer records, beside the journal until it takes its place; removed
/// where it never does.
package final class CompactedFile: Sendable {
  /// What names of such files end with. One that a restart finds is of no use: its journal is whole.
  static let ending = ".new"
  /// Bytes of records that are written between two syncs.
  private static let batchByteCount = 8 << 20

  private let storage: any Storage
  private let writer: JournalWriter
  private let coveredOffset: Int
  private let coveredGeneration: Int
  private let isPlaced = Mutex(false)

  /// Writes the file, on the calling thread, while the journal goes on: nothing of it waits.
  ///
  /// - Parameter rewrite: is given a reader of the durable records but the last, and calls its second argument with
  ///   each record that is to stand for them. The last one follows as it is, in a commit of its own: it vouches for
  ///   all before it, which without it would pass for a torn tail wherever a bit of the file changed.
  /// - Throws: ``JournalError``.
  package init(
    of journal: JournalFile, in storage: any Storage,
    rewrite: (
      _ next: () throws(JournalError) -> [UInt8]?, _ add: ([UInt8]) throws(JournalError) -> Void
    ) throws(JournalError) -> Void
  ) throws(JournalError) {
    var (covered, generation, count, path) = (0, 0, 0, "")
    // No two share a file, though only one of them can take the journal's place.
    let number = journal.numberCompaction()
    let file: any StorageFile
    do throws(StorageError) {
      try journal.withWriter {
        (covered, generation, count, path) = ($0.offset, $0.generation, Int($0.sequence), $0.path)
      }
      file = try storage.existing(path)
    } catch {
      throw .storage(error)
    }
    var reader = try JournalReader(file, path: path)
    var output = JournalWriter(newAt: "\(path).\(number)\(Self.ending)", name: journal.name, in: storage)
    var (batch, byteCount) = ([[UInt8]](), 0)
    func flush() throws(JournalError) {
      do throws(StorageError) {
        if !batch.isEmpty { try output.commit(batch) }
      } catch {
        throw .storage(error)
      }
      (batch, byteCount) = ([], 0)
    }
    func add(_ record: [UInt8]) throws(JournalError) {
      batch.append(record)
      byteCount += record.count
      if byteCount >= Self.batchByteCount { try flush() }
    }
    do throws(JournalError) {
      try rewrite({ () throws(JournalError) in reader.count < count - 1 ? try reader.next() : nil }, add)
      try flush()
      if let last = try reader.next() { try add(last) }
      try flush()
    } catch {
      // So that a full disk is not fuller for it. Where this fails, the next start removes it.
      try? storage.remove(output.path)
      throw error
    }
    (writer, coveredOffset, coveredGeneration, self.storage) = (output, covered, generation, storage)
  }

  deinit {
    guard !isPlaced.withLock({ $0 }) else { return }
    // Where this fails, the next start removes it.
    try? storage.remove(writer.path)
  }

  /// Bytes of its records.
  package var byteCount: Int { writer.offset }

  /// As ``JournalWriter/replace(by:from:ofGeneration:placing:)``.
  func take(placeOf current: inout JournalWriter, placing: () -> Void = {}) throws(StorageError) {
    try current.replace(by: writer, from: coveredOffset, ofGeneration: coveredGeneration, placing: placing)
    isPlaced.withLock { $0 = true }
  }
}
