/// Checks JSON text and writes the index of its values: one method for each production of the grammar.
struct JSONScanner: ~Copyable {
  /// A zero stands after the last byte, which no production accepts.
  let bytes: UnsafePointer<UInt8>
  let count: Int
  let maximumDepth: Int
  /// Whether half a surrogate pair is noted, as the text goes on behind it, instead of being refused.
  let passesHalfPairs: Bool
  /// The first half of a surrogate pair that was passed.
  var halfPair: JSONSyntaxError?
  var position = 0
  var words: GrowingBuffer<UInt64>

  /// - Parameter bytes: has a zero after its last byte.
  init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int, passesHalfPairs: Bool = false) {
    self.passesHalfPairs = passesHalfPairs
    // An empty buffer may have no address; its one byte is then the zero.
    self.bytes = bytes.baseAddress.unsafelyUnwrapped
    count = bytes.count
    self.maximumDepth = min(max(maximumDepth, 1), JSON.deepestNesting)
    words = GrowingBuffer(minimumCapacity: count < 1 << 12 ? count / 4 + 8 : count / 8)
  }

  /// The value that was scanned; `text` has the bytes that were.
  consuming func value(in text: JSONText) -> JSON { JSONDocument(text: text, words: words).value(at: 0) }

  /// Whether the value that was scanned is a list or an object.
  var isContainer: Bool { JSONWord(bits: words[0]).isContainer }

  /// The byte under the cursor; 0 at the end.
  @inline(__always) var current: UInt8 { bytes[position] }

  /// Scans one value with blanks around it, and leaves the cursor after them.
  mutating func value() throws(JSONSyntaxError) {
    guard count < JSONWord.longestText else {
      throw JSONSyntaxError(offset: 0, expected: "a text below 256 MiB", found: "\(count) bytes")
    }
    skipBlanks()
    try value(depth: 0)
    skipBlanks()
  }

  mutating func value(depth: Int) throws(JSONSyntaxError) {
    switch current {
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "{"): try object(depth: depth)
    case UInt8(ascii: "["): try array(depth: depth)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
    case UInt8(ascii: "t"): try literal("true", .true)
    case UInt8(ascii: "f"): try literal("false", .false)
    case UInt8(ascii: "n"): try literal("null", .null)
    default: throw failure("a value")
    }
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) {
    let start = try open(depth)
    var memberCount = 0
    if current != UInt8(ascii: "}") {
      while true {
        guard current == UInt8(ascii: "\"") else { throw failure("a member name in double quotes") }
        try string()
        skipBlanks()
        guard current == UInt8(ascii: ":") else { throw failure("':'") }
        position += 1
        skipBlanks()
        try value(depth: depth + 1)
        memberCount += 1
        skipBlanks()
        if current == UInt8(ascii: "}") { break }
        guard current == UInt8(ascii: ",") else { throw failure("',' or '}'") }
        position += 1
        skipBlanks()
      }
    }
    close(.object, start, memberCount)
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) {
    let start = try open(depth)
    var elementCount = 0
    if current != UInt8(ascii: "]") {
      while true {
        try value(depth: depth + 1)
        elementCount += 1
        skipBlanks()
        if current == UInt8(ascii: "]") { break }
        guard current == UInt8(ascii: ",") else { throw failure("',' or ']'") }
        position += 1
        skipBlanks()
      }
    }
    close(.array, start, elementCount)
  }

  /// Steps over an opening bracket that has `depth` others around it; gives the place for its word.
  private mutating func open(_ depth: Int) throws(JSONSyntaxError) -> Int {
    guard depth < maximumDepth else { throw failure("at most \(maximumDepth) levels of nesting") }
    position += 1
    skipBlanks()
    words.append(0)
    return words.count - 1
  }

  /// Steps over a closing bracket.
  private mutating func close(_ kind: JSONWord.Kind, _ start: Int, _ count: Int) {
    position += 1
    words[start] = JSONWord(kind, high: count, low: words.count).bits
  }

  private mutating func literal(_ word: StaticString, _ kind: JSONWord.Kind) throws(JSONSyntaxError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard current == word.utf8Start[index] else { throw failure("\(word)") }
      position += 1
    }
    words.append(JSONWord(kind).bits)
  }

  @inline(__always) mutating func skipBlanks() {
    while current <= UInt8(ascii: " ") {
      switch current {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
      default: return
      }
    }
  }

  /// The error that `expected` was not found at `offset`, by default the cursor.
  func failure(_ expected: String, at offset: Int? = nil) -> JSONSyntaxError {
    let offset = offset ?? position
    guard offset < count else {
      return JSONSyntaxError(offset: count, expected: expected, found: "the end of the text")
    }
    let byte = bytes[offset]
    let hexadecimal = String(byte, radix: 16, uppercase: true)
    let found =
      (0x20..<0x7F).contains(byte)
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(byte < 16 ? "0" : "")\(hexadecimal)"
    return JSONSyntaxError(offset: offset, expected: expected, found: found)
  }
}
