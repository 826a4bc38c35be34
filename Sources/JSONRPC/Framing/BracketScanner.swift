/// Follows a list or an object through a stream to its closing bracket; no byte is looked at twice.
struct BracketScanner {
  /// Where the text goes on, once the scan has begun.
  private var position: Int?
  private var depth = 0
  private var isInString = false
  /// The place behind the closing bracket, once it has been seen.
  private(set) var end: Int?

  static func opens(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") }
  static func closes(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") }

  /// Looks at the bytes before `limit`. The list or object begins at `start`.
  mutating func advance(in bytes: UnsafeBufferPointer<UInt8>, from start: Int, to limit: Int) {
    var position = position ?? start
    defer { self.position = position }
    while position < limit, end == nil {
      let byte = bytes[position]
      position += 1
      if isInString {
        // What follows a backslash ends no string.
        if byte == UInt8(ascii: "\\") { position += 1 } else if byte == UInt8(ascii: "\"") { isInString = false }
      } else if byte == UInt8(ascii: "\"") {
        isInString = true
      } else if Self.opens(byte) {
        depth += 1
      } else if Self.closes(byte) {
        depth -= 1
        if depth == 0 { end = position }
      }
    }
  }

  /// Learns that `count` bytes before the list or object have been removed.
  mutating func move(by count: Int) {
    position = position.map { $0 - count }
  }
}
