extension JSON {
  /// The deepest nesting `maximumDepth` may ask for: the scanner recurses, and a small thread stack must hold it.
  package static let deepestNesting = 512

  /// Reads exactly one RFC 8259 value from UTF-8 `bytes`, allowing blanks around it.
  ///
  /// Objects and lists may nest at most `maximumDepth` deep (1...``deepestNesting``). Linear in the bytes, which are
  /// copied once.
  package static func parse(
    _ bytes: UnsafeRawBufferPointer, maximumDepth: Int = 128
  ) throws(JSONSyntaxError) -> JSON {
    // The bytes of a raw buffer are already bytes; binding says so and moves nothing.
    try parse(bytes.bindMemory(to: UInt8.self), maximumDepth: maximumDepth)
  }

  /// Reads exactly one RFC 8259 value from UTF-8 `bytes`, allowing blanks around it. Linear in the bytes.
  package static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int = 128
  ) throws(JSONSyntaxError) -> JSON {
    var text = GrowingBuffer<UInt8>(minimumCapacity: bytes.count + 1)
    text.append(contentsOf: bytes)
    return try parse(text, maximumDepth: maximumDepth)
  }

  /// Reads exactly one RFC 8259 value from UTF-8 `bytes`. Linear in the bytes.
  package static func parse(_ bytes: [UInt8], maximumDepth: Int = 128) throws(JSONSyntaxError) -> JSON {
    try bytes.withUnsafeBufferPointer { (buffer) throws(JSONSyntaxError) in
      try parse(buffer, maximumDepth: maximumDepth)
    }
  }

  /// Reads exactly one RFC 8259 value from `text`. Linear in the text.
  package static func parse(_ text: String, maximumDepth: Int = 128) throws(JSONSyntaxError) -> JSON {
    try parse(Array(text.utf8), maximumDepth: maximumDepth)
  }

  /// Reads exactly one RFC 8259 value from UTF-8 `text`, which the value keeps instead of a copy.
  package static func parse(
    _ text: consuming GrowingBuffer<UInt8>, maximumDepth: Int = 128
  ) throws(JSONSyntaxError) -> JSON {
    let count = text.count
    text.append(0)
    var scanner = JSONScanner(UnsafeBufferPointer(start: text.base, count: count), maximumDepth: maximumDepth)
    try scanner.value()
    guard scanner.position == count else { throw scanner.failure("the end of the text") }
    return JSONDocument(text: text, words: scanner.takeWords()).value(at: 0)
  }
}
