/// The CRC-32C checksum (Castagnoli polynomial 0x1EDC6F41, reflected; RFC 3720, B.4), eight bytes at a time by tables
/// (Kounavis and Berry 2005, "slicing-by-8"), so that it needs no instruction that a processor may lack.
package struct CRC32C: Sendable {
  private var register: UInt32 = ~0

  package init() {}

  /// The checksum of what has been added so far.
  package var value: UInt32 { ~register }

  /// Adds bytes. O(bytes).
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    Self.tables.withUnsafeBufferPointer { tables in
      var crc = register
      var offset = 0
      while bytes.count - offset >= 8 {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(crc)
        var next: UInt32 = 0
        for lane in 0..<8 { next ^= tables[(7 - lane) << 8 + Int(word >> (lane << 3) & 0xFF)] }
        crc = next
        offset += 8
      }
      for byte in bytes[offset...] { crc = tables[Int((crc ^ UInt32(byte)) & 0xFF)] ^ crc >> 8 }
      register = crc
    }
  }

  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes)
    return crc.value
  }

  /// Table k advances a byte by k more zero bytes; one after the other.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 << 8)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? 0x82F6_3B78 ^ crc >> 1 : crc >> 1 }
      tables[byte] = crc
    }
    for index in 256..<(8 << 8) {
      let before = tables[index - 256]
      tables[index] = tables[Int(before & 0xFF)] ^ before >> 8
    }
    return tables
  }()
}
