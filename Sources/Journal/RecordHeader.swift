/// What stands before the payload of each record: 24 bytes, little-endian, at a multiple of 8.
///
/// | bytes | field |
/// | --- | --- |
/// | 0..<4 | length of the payload in bytes, at least 1 |
/// | 4..<8 | CRC-32C of bytes 0..<4, of bytes 8..<24 and of the payload |
/// | 8..<16 | sequence: 1 for the first record of a file, 2 for the next, ... |
/// | 16..<24 | durable sequence: the last record that had been synced when this one was written; 0 for none |
///
/// The payload follows, then zeros up to the next multiple of 8. A length of 0 ends the records.
///
/// The durable sequence is what tells a torn tail from damage. Records of one commit may reach the disk in any order,
/// so a bad record before a good one is no damage while the good one was written in the same commit. A later record
/// that says that the bad one had been synced proves that an acknowledged record was damaged.
struct RecordHeader: Equatable {
  static let byteCount = 24
  static let alignment = 8
  /// So that a length that was never written is not taken for one.
  static let longestPayload = 1 << 30

  let payloadByteCount: Int
  let sequence: UInt64
  let durableSequence: UInt64

  /// Bytes that a record takes in the file.
  static func recordByteCount(payload: Int) -> Int {
    (byteCount + payload + alignment - 1) / alignment * alignment
  }

  /// Appends the record to `bytes`, whose count is a multiple of 8.
  func append(_ payload: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: Self.byteCount))
    bytes.withUnsafeMutableBytes { buffer in
      let header = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
      header.storeBytes(of: UInt32(payloadByteCount).littleEndian, toByteOffset: 0, as: UInt32.self)
      header.storeBytes(of: sequence.littleEndian, toByteOffset: 8, as: UInt64.self)
      header.storeBytes(of: durableSequence.littleEndian, toByteOffset: 16, as: UInt64.self)
      let crc = Self.checksum(UnsafeRawBufferPointer(header), payload)
      header.storeBytes(of: crc.littleEndian, toByteOffset: 4, as: UInt32.self)
    }
    bytes.append(contentsOf: payload)
    bytes.append(
      contentsOf: repeatElement(0, count: Self.recordByteCount(payload: payload.count) - Self.byteCount - payload.count)
    )
  }

  /// The header at the start of `bytes`, not yet checked; nil where there is no room for one, or none was written.
  init?(uncheckedAt bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.byteCount else { return nil }
    let length = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
    guard length > 0, length <= Self.longestPayload else { return nil }
    payloadByteCount = Int(length)
    sequence = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    durableSequence = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    guard durableSequence < sequence else { return nil }
  }

  init(payloadByteCount: Int, sequence: UInt64, durableSequence: UInt64) {
    self.payloadByteCount = payloadByteCount
    self.sequence = sequence
    self.durableSequence = durableSequence
  }

  /// Whether the record at the start of `bytes`, which holds all of it, is as it was written.
  func isIntact(in bytes: UnsafeRawBufferPointer) -> Bool {
    let payload = UnsafeRawBufferPointer(rebasing: bytes[Self.byteCount..<Self.byteCount + payloadByteCount])
    let written = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    return written == Self.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<Self.byteCount]), payload)
  }

  private static func checksum(_ header: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32C()
    crc.update(UnsafeRawBufferPointer(rebasing: header[..<4]))
    crc.update(UnsafeRawBufferPointer(rebasing: header[8..<byteCount]))
    crc.update(payload)
    return crc.value
  }
}
