internal import Basics
internal import CLibrary
internal import Files

/// The file of a journal, while records are added to it.
///
/// The file is extended with zeros ahead of the records, because a sync that need not store a new size takes a fraction
/// of the time of one that must.
struct JournalWriter: Sendable {
  /// How far ahead the file is extended: an eighth of its size within these bounds.
  private static let leastExtension = 64 << 10
  private static let greatestExtension = 4 << 20

  private let storage: any Storage
  private(set) var path: String
  private let name: ExactString
  /// Nil until the first records are written.
  private var file: (any StorageFile)?
  /// Where the next record goes; all before it is durable.
  private(set) var offset = 0
  /// Records in the file. Not their number in the journal, since compaction makes them fewer.
  private(set) var sequence: UInt64 = 0
  /// How often the file was replaced; offsets are those of one file.
  private(set) var generation = 0
  /// Where the zeros end that the file was extended with.
  private var extendedOffset = 0

  init(newAt path: String, name: ExactString, in storage: any Storage) {
    (self.storage, self.path, self.name) = (storage, path, name)
  }

  init(continuing reader: JournalReader, in storage: any Storage) throws(StorageError) {
    self.init(newAt: reader.path, name: reader.name ?? "", in: storage)
    let file = try storage.existing(path)
    (offset, sequence) = (reader.offset, UInt64(reader.count))
    var tail = [UInt8](repeating: 0, count: offset - reader.unsyncedOffset)
    let found = try tail.withUnsafeMutableBytes { buffer in
      Result { () throws(StorageError) in try file.read(from: reader.unsyncedOffset, into: buffer) }
    }.get()
    // Of the last record or the header, the zeros may be missing that fill it up.
    guard found > tail.count - RecordHeader.alignment else {
      throw StorageError(.failed, "read", path, found: "a file that became shorter")
    }
    try file.cut(to: offset)
    try Self.write(tail, to: file, at: reader.unsyncedOffset)
    try file.sync()
    try storage.syncFolder(Self.folder(of: path))
    (self.file, extendedOffset) = (file, offset)
  }

  /// Writes records and syncs them.
  mutating func commit(_ payloads: some Sequence<[UInt8]>) throws(StorageError) {
    let isNew = file == nil
    let file = if let file { file } else { try makeFile() }
    var bytes = isNew ? FileHeader(name: name).bytes : []
    var last = sequence
    for payload in payloads {
      last += 1
      let header = RecordHeader(payloadByteCount: payload.count, sequence: last, durableSequence: sequence)
      payload.withUnsafeBytes { header.append($0, to: &bytes) }
    }
    try Self.write(bytes, to: file, at: offset)
    let end = offset + bytes.count
    if end > extendedOffset { extendedOffset = try Self.extend(file, from: end) }
    try file.sync()
    if isNew { try storage.syncFolder(Self.folder(of: path)) }
    // A sync of a file that was removed succeeds, and stores nothing that anybody finds again.
    guard storage.leads(path, to: file) else {
      throw StorageError(.removed, "commit", path, found: "the file was removed or replaced while it was open")
    }
    (offset, sequence) = (end, last)
  }

  /// Removes what a failed commit may have left behind, as far as the file still can be changed. Recovery would take it
  /// for accepted, though its request was refused.
  func undoUnacknowledged() {
    guard let file else { return }
    do throws(StorageError) {
      try file.cut(to: offset)
      try file.sync()
    } catch {
      // The journal is given up already, for the error that the caller has. Recovery takes what it finds.
    }
  }

  /// Gives the journal another name, durably.
  mutating func move(to newPath: String) throws(StorageError) {
    guard file != nil else { return }
    try storage.rename(path, to: newPath)
    path = newPath
    try storage.syncFolder(Self.folder(of: newPath))
  }

  /// Puts a file that holds the same history in fewer records in the place of this one. Records that were added since
  /// are copied.
  ///
  /// - Parameters:
  ///   - replacement: a journal beside this one, durable but for its name.
  ///   - coveredOffset: where the records begin that it has not, in the file of `coveredGeneration`.
  ///   - placing: called before the file gets its name. After an error before that this writer goes on; after a later
  ///     one it is not known which of the two files a restart would find.
  mutating func replace(
    by replacement: JournalWriter, from coveredOffset: Int, ofGeneration coveredGeneration: Int, placing: () -> Void
  ) throws(StorageError) {
    guard let file, replacement.file != nil, coveredGeneration == generation else {
      throw StorageError(.failed, "compact", path, found: "a journal that was compacted meanwhile")
    }
    var tail = RecordCursor(file: file, offset: coveredOffset, end: offset)
    var payloads: [[UInt8]] = []
    while let payload = try tail.next() { payloads.append(payload) }
    var next = replacement
    if !payloads.isEmpty { try next.commit(payloads) }
    placing()
    try storage.rename(next.path, to: path)
    try storage.syncFolder(Self.folder(of: path))
    next.path = path
    next.generation = generation + 1
    self = next
  }

  private mutating func makeFile() throws(StorageError) -> any StorageFile {
    guard let made = try storage.open(path, creates: true) else { preconditionFailure("a file was to be made") }
    // What is left of a file that was being made when its process ended has no whole record; more than that is a
    // journal that was acknowledged.
    if try made.byteCount() > 0 {
      guard var reader = try? JournalReader(made, path: path), let end = try? reader.skipToEnd(), reader.count == 0
      else {
        throw StorageError(.failed, "create", path, found: "a journal is there already")
      }
      if case .damaged = end { throw StorageError(.failed, "create", path, found: "a damaged journal is there") }
      try made.cut(to: 0)
    }
    file = made
    return made
  }

  /// Writes zeros after the records; gives where they end. Without room for them the records are as good.
  private static func extend(_ file: any StorageFile, from end: Int) throws(StorageError) -> Int {
    let count = min(max(end / 8, leastExtension), greatestExtension)
    do throws(StorageError) {
      try write([UInt8](repeating: 0, count: count), to: file, at: end)
      return end + count
    } catch {
      guard [ENOSPC, EDQUOT, EFBIG].contains(error.number) else { throw error }
      return end
    }
  }

  private static func write(_ bytes: [UInt8], to file: any StorageFile, at offset: Int) throws(StorageError) {
    try bytes.withUnsafeBytes { buffer in Result { () throws(StorageError) in try file.write(buffer, at: offset) } }
      .get()
  }

  private static func folder(of path: String) -> String {
    FilePath.folder(of: path) ?? ""
  }
}

/// Reads records that are known to be whole.
private struct RecordCursor {
  let file: any StorageFile
  var offset: Int
  let end: Int

  mutating func next() throws(StorageError) -> [UInt8]? {
    guard offset < end else { return nil }
    let fixed = try bytes(RecordHeader.byteCount, at: offset)
    guard let header = fixed.withUnsafeBytes({ RecordHeader(uncheckedAt: $0) }) else {
      throw StorageError(.failed, "read", "a journal", found: "a durable record that changed")
    }
    let record = try bytes(RecordHeader.byteCount + header.payloadByteCount, at: offset)
    guard record.withUnsafeBytes({ header.isIntact(in: $0) }) else {
      throw StorageError(.failed, "read", "a journal", found: "a durable record that changed")
    }
    offset += RecordHeader.recordByteCount(payload: header.payloadByteCount)
    return Array(record[RecordHeader.byteCount...])
  }

  private func bytes(_ count: Int, at offset: Int) throws(StorageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let found = try bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(StorageError) in try file.read(from: offset, into: buffer) }
    }.get()
    guard found == count else { throw StorageError(.failed, "read", "a journal", found: "a file that became shorter") }
    return bytes
  }
}
