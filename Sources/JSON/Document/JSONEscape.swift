/// Reads strings with escapes, whose spelling has been checked.
enum JSONEscape {
  /// What the text between two quotes stands for. Linear in the bytes.
  static func text(of spelling: UnsafeBufferPointer<UInt8>) -> String {
    // No escape stands for more bytes than it is spelled with.
    String(unsafeUninitializedCapacity: spelling.count) { text in
      var (source, target) = (0, 0)
      func append(_ byte: UInt8) {
        text[target] = byte
        target += 1
      }
      while source < spelling.count {
        let byte = spelling[source]
        source += 1
        guard byte == UInt8(ascii: "\\") else {
          append(byte)
          continue
        }
        let kind = spelling[source]
        source += 1
        switch kind {
        case UInt8(ascii: "b"): append(0x08)
        case UInt8(ascii: "f"): append(0x0C)
        case UInt8(ascii: "n"): append(0x0A)
        case UInt8(ascii: "r"): append(0x0D)
        case UInt8(ascii: "t"): append(0x09)
        case UInt8(ascii: "u"):
          for byte in UTF8.encode(scalar(spelling, &source)).unsafelyUnwrapped { append(byte) }
        default: append(kind)
        }
      }
      return target
    }
  }

  /// The scalar whose hexadecimal digits begin at `source`: one unit, or a surrogate pair. Half a pair, where the
  /// scanner has passed it, is the replacement character, which is one unit of UTF-16 as well.
  private static func scalar(_ spelling: UnsafeBufferPointer<UInt8>, _ source: inout Int) -> Unicode.Scalar {
    let first = unit(spelling, &source)
    if let scalar = Unicode.Scalar(first) { return scalar }
    let isFollowed =
      first < 0xDC00 && source + 6 <= spelling.count && spelling[source] == UInt8(ascii: "\\")
      && spelling[source + 1] == UInt8(ascii: "u")
    guard isFollowed else { return "\u{FFFD}" }
    var end = source + 2
    let second = unit(spelling, &end)
    guard (0xDC00...0xDFFF).contains(second) else { return "\u{FFFD}" }
    source = end
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)).unsafelyUnwrapped
  }

  private static func unit(_ spelling: UnsafeBufferPointer<UInt8>, _ source: inout Int) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let digit = spelling[source]
      // The digits follow one another in the lower four bits, letters from 1 on.
      value = value << 4 | UInt32(digit & 0xF) + (digit >= UInt8(ascii: "A") ? 9 : 0)
      source += 1
    }
    return value
  }
}
