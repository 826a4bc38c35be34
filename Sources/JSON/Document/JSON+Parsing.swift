extension JSON {
  /// The deepest nesting `maximumDepth` may ask for: the scanner recurses, and a small thread stack must hold it.
  package static let deepestNesting = 512

  /// Reads exactly one RFC 8259 value from `text`, allowing blanks around it; the value refers to the text.
  ///
  /// Objects and lists may nest at most `maximumDepth` deep (1...``deepestNesting``). Linear in the bytes.
  package static func parse(_ text: JSONText, maximumDepth: Int = 128) throws(JSONSyntaxError) -> JSON {
    var scanner = JSONScanner(text.bytes, maximumDepth: maximumDepth)
    try scanner.value()
    guard scanner.position == text.bytes.count else { throw scanner.failure("the end of the text") }
    return scanner.value(in: text)
  }

  /// Reads one value and says how many bytes it takes with the blanks around it. More text may follow a list or object.
  package static func parseFirst(
    of text: JSONText, maximumDepth: Int
  ) throws(JSONSyntaxError) -> (value: JSON, byteCount: Int) {
    var scanner = JSONScanner(text.bytes, maximumDepth: maximumDepth)
    try scanner.value()
    let count = scanner.position
    if count == text.bytes.count { return (scanner.value(in: text), count) }
    guard scanner.isContainer else { throw scanner.failure("the end of the text") }
    return (scanner.value(in: JSONText(copying: UnsafeBufferPointer(rebasing: text.bytes[..<count]))), count)
  }

  /// Reads exactly one RFC 8259 value from UTF-8 `bytes`, behind which stands a zero. Linear in the bytes, which are
  /// copied where the value refers to them.
  package static func parse(
    zeroTerminated bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int
  ) throws(JSONSyntaxError) -> JSON {
    var scanner = JSONScanner(bytes, maximumDepth: maximumDepth)
    try scanner.value()
    guard scanner.position == bytes.count else { throw scanner.failure("the end of the text") }
    return scanner.value(in: JSONText(copying: bytes))
  }

  /// Reads exactly one RFC 8259 value from UTF-8 `bytes`, which are copied. Linear in the bytes.
  package static func parse(
    _ bytes: UnsafeRawBufferPointer, maximumDepth: Int = 128
  ) throws(JSONSyntaxError) -> JSON {
    // The bytes of a raw buffer are already bytes; binding says so and moves nothing.
    try parse(JSONText(copying: bytes.bindMemory(to: UInt8.self)), maximumDepth: maximumDepth)
  }

  /// Reads exactly one RFC 8259 value from UTF-8 `bytes`, which are copied. Linear in the bytes.
  package static func parse(_ bytes: [UInt8], maximumDepth: Int = 128) throws(JSONSyntaxError) -> JSON {
    try parse(bytes.withUnsafeBufferPointer { JSONText(copying: $0) }, maximumDepth: maximumDepth)
  }

  /// Reads exactly one RFC 8259 value from `text`. Linear in the text.
  package static func parse(_ text: String, maximumDepth: Int = 128) throws(JSONSyntaxError) -> JSON {
    try parse(Array(text.utf8), maximumDepth: maximumDepth)
  }
}
