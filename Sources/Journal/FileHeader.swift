internal import Basics

/// What a journal begins with: the format's version and whose journal it is.
///
/// | bytes | field |
/// | --- | --- |
/// | 0..<8 | `TRIMTABJ` |
/// | 8..<12 | version of the format |
/// | 12..<16 | length of the name in bytes |
/// | 16..<20 | CRC-32C of bytes 0..<16 and of the name |
/// | 20..<24 | zeros |
/// | 24... | the name, then zeros up to the next multiple of 8 |
struct FileHeader: Equatable {
  static let magic = Array("TRIMTABJ".utf8)
  /// Raised by every change after which an older program would misread a file. Since 2, one record may hold a run of
  /// requests.
  static let version: UInt32 = 2
  static let fixedByteCount = 24
  static let longestName = 4096
  /// The most bytes that a header takes.
  static let longest = fixedByteCount + longestName

  let name: ExactString

  var bytes: [UInt8] {
    let name = Array(name.text.utf8)
    var bytes = Self.magic
    withUnsafeBytes(of: Self.version.littleEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(name.count).littleEndian) { bytes.append(contentsOf: $0) }
    let crc = Self.checksum(bytes, name)
    withUnsafeBytes(of: crc.littleEndian) { bytes.append(contentsOf: $0) }
    bytes += [0, 0, 0, 0] + name
    bytes += repeatElement(0, count: (8 - bytes.count % 8) % 8)
    return bytes
  }

  /// What the first bytes of a file are.
  enum Reading: Equatable {
    case header(FileHeader, byteCount: Int)
    /// A version that this program does not know.
    case newer(UInt32)
    /// Not a journal, or one whose first bytes were damaged or never written.
    case invalid
  }

  static func read(_ bytes: [UInt8]) -> Reading {
    func word(_ offset: Int) -> UInt32 {
      bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }
    guard bytes.count >= fixedByteCount, bytes.starts(with: magic) else { return .invalid }
    // What follows may mean something else in another version.
    if word(8) > version { return .newer(word(8)) }
    let count = Int(word(12))
    guard word(8) >= 1, count <= longestName, bytes.count >= fixedByteCount + count else { return .invalid }
    let name = Array(bytes[fixedByteCount..<fixedByteCount + count])
    guard word(16) == checksum(Array(bytes[..<16]), name), let text = String(validating: name, as: UTF8.self)
    else { return .invalid }
    return .header(FileHeader(name: ExactString(text)), byteCount: (fixedByteCount + count + 7) / 8 * 8)
  }

  private static func checksum(_ fixed: [UInt8], _ name: [UInt8]) -> UInt32 {
    var crc = CRC32C()
    fixed.withUnsafeBytes { crc.update($0) }
    name.withUnsafeBytes { crc.update($0) }
    return crc.value
  }
}
