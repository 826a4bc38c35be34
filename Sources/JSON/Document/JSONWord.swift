/// What a document's index says of one value or member name, in 64 bits: what it is, and where.
///
/// A string has its first byte in the text and its length; a list or an object has the number of its elements or
/// members and the place after its last word; a whole number below 2^59 has its value. Any other number has its first
/// byte and is read when it is asked for.
struct JSONWord {
  enum Kind: UInt64 {
    case null, `false`, `true`, integer, number
    /// A string whose bytes in the text are the string.
    case plainString
    /// A string with at least one escape.
    case escapedString
    case array, object
  }

  /// Texts and indexes are this long at most, so that a length fits its 28 bits.
  static let longestText = 1 << 28

  let bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  @inline(__always) init(_ kind: Kind, high: Int = 0, low: Int = 0) {
    bits = kind.rawValue << 60 | UInt64(truncatingIfNeeded: high) << 32 | UInt64(truncatingIfNeeded: low)
  }

  /// The word of a whole number; nil where 60 bits do not hold it.
  @inline(__always) init?(integer: Int64) {
    guard (-(1 << 59)..<(1 << 59)).contains(integer) else { return nil }
    bits = Kind.integer.rawValue << 60 | UInt64(bitPattern: integer) & ((1 << 60) - 1)
  }

  @inline(__always) var kind: Kind { Kind(rawValue: bits >> 60).unsafelyUnwrapped }
  /// The value of a whole number.
  @inline(__always) var integer: Int64 { Int64(bitPattern: bits << 4) >> 4 }
  /// The length of a string, the elements of a list, the members of an object.
  @inline(__always) var count: Int { Int(bits >> 32 & 0xFFF_FFFF) }
  /// Where a string or number begins in the text.
  @inline(__always) var offset: Int { Int(bits & 0xFFFF_FFFF) }
  /// Where the first word after a list or object stands.
  @inline(__always) var end: Int { offset }
  @inline(__always) var isContainer: Bool { bits >> 60 >= Kind.array.rawValue }
}
