internal import Basics

/// The name of a session's file: any bytes become a name that every file system takes, and that differs from that of
/// any other session also where letters of both cases are one.
enum JournalName {
  static let ending = ".journal"
  /// Longer names are cut and get a checksum; the file's header has the whole name, and recovery compares it.
  private static let longest = 160

  /// Letters a-z, digits and `-` stand for themselves; other bytes are `_` and two hexadecimal digits.
  static func encode(_ name: ExactString) -> String {
    var text: [UInt8] = []
    for byte in name.text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        text.append(byte)
      default: text += [UInt8(ascii: "_"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    guard text.count > longest else { return String(decoding: text, as: UTF8.self) }
    let (bytes, reversed) = (Array(name.text.utf8), Array(name.text.utf8.reversed()))
    let sums = [bytes, reversed].map { $0.withUnsafeBytes { hexadecimal(CRC32C.checksum($0)) } }
    return String(decoding: text[..<longest], as: UTF8.self) + "~" + sums.joined()
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private static func hexadecimal(_ number: UInt32) -> String {
    String(
      decoding: stride(from: 28, through: 0, by: -4).map { digits[Int(number >> UInt32($0) & 15)] }, as: UTF8.self)
  }
}
