package import Basics

/// Reads the records of one journal from the first to the last that is whole.
package struct JournalReader {
  /// How a journal ends.
  package enum End: Equatable, Sendable {
    /// After a whole record, or before the first.
    case whole
    /// In records that were never acknowledged and are not all there; `byteCount` bytes of them.
    case torn(byteCount: Int)
    /// Before a record that had been acknowledged and is damaged. `record` counts from 1.
    case damaged(offset: Int, record: Int)
  }

  private static let chunk = 1 << 20

  package let path: String
  /// Whose journal it is; nil where not even the header was written, and then there are no records.
  package private(set) var name: ExactString?
  /// Where the next record begins.
  package private(set) var offset = 0
  /// Records read so far.
  package private(set) var count = 0
  /// Where the records begin that were written after the last sync that a record knows of.
  private(set) var unsyncedOffset = 0
  private var lastDurableSequence: UInt64 = 0
  /// Where the contents end, after the last record has been read; set by ``next()``.
  package private(set) var end: End?

  private let file: any StorageFile
  private let fileByteCount: Int
  /// Bytes of the file from `bufferOffset` on.
  private var buffer: [UInt8] = []
  private var bufferOffset = 0

  /// - Throws: ``JournalError``.
  package init(_ file: any StorageFile, path: String) throws(JournalError) {
    self.file = file
    self.path = path
    do throws(StorageError) {
      fileByteCount = try file.byteCount()
    } catch {
      throw .storage(error)
    }
    try fill(FileHeader.longest)
    switch FileHeader.read(buffer) {
    case .header(let header, let byteCount):
      name = header.name
      (offset, unsyncedOffset) = (byteCount, 0)
    case .newer(let version): throw .newerFormat(path: path, version: version)
    case .invalid:
      // The header becomes durable with the first records. Where it is bad, none can have been acknowledged, unless
      // a later record says so.
      offset = 0
      end = try endAfterBadRecord()
    }
  }

  /// - Throws: ``JournalError``.
  package init(at path: String, in storage: any Storage) throws(JournalError) {
    let file: any StorageFile
    do throws(StorageError) { file = try storage.existing(path) } catch { throw .storage(error) }
    try self.init(file, path: path)
  }

  /// The payload of the next record; nil after the last, and then ``end`` is set.
  ///
  /// - Throws: ``JournalError`` of case `storage`.
  package mutating func next() throws(JournalError) -> [UInt8]? {
    if end != nil { return nil }
    guard let (header, payload) = try record(at: offset, sequence: UInt64(count + 1)) else {
      end = try endAfterBadRecord()
      return nil
    }
    if header.durableSequence != lastDurableSequence {
      (unsyncedOffset, lastDurableSequence) = (offset, header.durableSequence)
    }
    offset += RecordHeader.recordByteCount(payload: header.payloadByteCount)
    count += 1
    return payload
  }

  /// Reads the rest of the journal without keeping it, and gives its end.
  package mutating func skipToEnd() throws(JournalError) -> End {
    while try next() != nil {}
    return end ?? .whole
  }

  /// The record at an offset, where it is whole and of this number.
  private mutating func record(at offset: Int, sequence: UInt64) throws(JournalError) -> (RecordHeader, [UInt8])? {
    try fill(RecordHeader.byteCount, from: offset)
    guard let header = header(at: offset), header.sequence == sequence else { return nil }
    let byteCount = RecordHeader.byteCount + header.payloadByteCount
    guard offset + byteCount <= fileByteCount else { return nil }
    try fill(byteCount, from: offset)
    let start = offset - bufferOffset
    guard buffer.count - start >= byteCount else { return nil }
    let isIntact = buffer.withUnsafeBytes { header.isIntact(in: UnsafeRawBufferPointer(rebasing: $0[start...])) }
    return isIntact ? (header, Array(buffer[start + RecordHeader.byteCount..<start + byteCount])) : nil
  }

  private func header(at offset: Int) -> RecordHeader? {
    let start = offset - bufferOffset
    guard start <= buffer.count else { return nil }
    return buffer.withUnsafeBytes { RecordHeader(uncheckedAt: UnsafeRawBufferPointer(rebasing: $0[start...])) }
  }

  /// What it means that no record of the expected number begins at ``offset``: looks at all that follows. Payloads are
  /// text, and a header has bytes that text has not, so no payload can pass for a record.
  private mutating func endAfterBadRecord() throws(JournalError) -> End {
    let expected = UInt64(count + 1)
    var hasContents = false
    var probe = offset
    while probe < fileByteCount {
      try fill(RecordHeader.byteCount, from: probe)
      let start = probe - bufferOffset
      guard start < buffer.count else { break }
      if buffer[start..<min(start + RecordHeader.alignment, buffer.count)].contains(where: { $0 != 0 }) {
        hasContents = true
        if let header = header(at: probe), header.sequence > expected, header.durableSequence >= expected,
          try record(at: probe, sequence: header.sequence) != nil
        {
          return .damaged(offset: offset, record: count + 1)
        }
      }
      probe += RecordHeader.alignment
    }
    return hasContents ? .torn(byteCount: fileByteCount - offset) : .whole
  }

  /// Has the buffer hold `count` bytes from `offset` on, where the file has as many.
  private mutating func fill(_ count: Int, from offset: Int = 0) throws(JournalError) {
    if offset >= bufferOffset, offset + count <= bufferOffset + buffer.count { return }
    if offset + count > fileByteCount, offset >= bufferOffset, bufferOffset + buffer.count == fileByteCount { return }
    let wanted = max(0, min(max(count, Self.chunk), fileByteCount - offset))
    var bytes = [UInt8](repeating: 0, count: wanted)
    let file = file
    do throws(StorageError) {
      let found = try bytes.withUnsafeMutableBytes { (buffer) in
        Result { () throws(StorageError) in try file.read(from: offset, into: buffer) }
      }.get()
      bytes.removeSubrange(found...)
    } catch {
      throw .storage(error)
    }
    (buffer, bufferOffset) = (bytes, offset)
  }
}

/// Why a journal cannot be used.
package enum JournalError: Error, Equatable, Sendable {
  case storage(StorageError)
  /// Written by a newer program; it has been left as it is.
  case newerFormat(path: String, version: UInt32)
  /// An acknowledged record is damaged; the file has been left as it is.
  case damaged(path: String, offset: Int, record: Int)
  /// The file is the journal of another session.
  case otherName(path: String, found: String)
}
