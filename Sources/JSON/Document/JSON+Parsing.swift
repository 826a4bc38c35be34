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

  /// A value whose strings may have an escape of half a surrogate pair, which RFC 8259 (8.2) leaves to the reader.
  package struct Passed: Sendable {
    /// With U+FFFD in the place of each half.
    package let value: JSON
    /// The first half, as the error that it is to a reader who refuses it.
    package let halfPair: JSONSyntaxError?
  }

  /// Reads one value and says how many bytes it takes with the blanks around it. More text may follow a list or object.
  package static func passFirst(
    of text: JSONText, maximumDepth: Int
  ) throws(JSONSyntaxError) -> (passed: Passed, byteCount: Int) {
    var scanner = JSONScanner(text.bytes, maximumDepth: maximumDepth, passesHalfPairs: true)
    try scanner.value()
    let (count, halfPair) = (scanner.position, scanner.halfPair)
    if count == text.bytes.count { return (Passed(value: scanner.value(in: text), halfPair: halfPair), count) }
    guard scanner.isContainer else { throw scanner.failure("the end of the text") }
    let value = scanner.value(in: JSONText(copying: UnsafeBufferPointer(rebasing: text.bytes[..<count])))
    return (Passed(value: value, halfPair: halfPair), count)
  }

  /// Reads exactly one value.
  package static func pass(_ text: JSONText, maximumDepth: Int) throws(JSONSyntaxError) -> Passed {
    var scanner = JSONScanner(text.bytes, maximumDepth: maximumDepth, passesHalfPairs: true)
    try scanner.value()
    guard scanner.position == text.bytes.count else { throw scanner.failure("the end of the text") }
    let halfPair = scanner.halfPair
    return Passed(value: scanner.value(in: text), halfPair: halfPair)
  }

  /// Reads exactly one value from UTF-8 `bytes`, behind which stands a zero. Linear in the bytes, which are copied
  /// where the value refers to them.
  package static func pass(
    zeroTerminated bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int
  ) throws(JSONSyntaxError) -> Passed {
    var scanner = JSONScanner(bytes, maximumDepth: maximumDepth, passesHalfPairs: true)
    try scanner.value()
    guard scanner.position == bytes.count else { throw scanner.failure("the end of the text") }
    let halfPair = scanner.halfPair
    return Passed(value: scanner.value(in: JSONText(copying: bytes)), halfPair: halfPair)
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
