extension JSON {
  /// The deepest nesting `maximumDepth` may ask for: the parser recurses, and a small thread stack must hold it.
  package static let deepestNesting = 512

  /// Reads exactly one RFC 8259 value from UTF-8 `bytes`, allowing blanks around it.
  ///
  /// Objects and lists may nest at most `maximumDepth` deep (1...``deepestNesting``). Linear in the bytes.
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
    var parser = JSONParser(bytes, maximumDepth: min(max(maximumDepth, 1), deepestNesting))
    return try parser.document()
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
}

/// A cursor over JSON text: one method for each production of the grammar.
struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let maximumDepth: Int
  var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
  }

  /// The byte under the cursor; 0 at the end, which no production accepts.
  @inline(__always) var current: UInt8 {
    position < bytes.count ? bytes[position] : 0
  }

  mutating func document() throws(JSONSyntaxError) -> JSON {
    skipBlanks()
    let value = try value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw failure("the end of the text") }
    return value
  }

  mutating func value(depth: Int) throws(JSONSyntaxError) -> JSON {
    switch current {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: throw failure("a value")
    }
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONObject {
    try enter(depth)
    var members: [JSONObject.Member] = []
    if current == UInt8(ascii: "}") {
      position += 1
      return JSONObject()
    }
    // Most objects here have three to eight members: one allocation for four spares two small ones.
    members.reserveCapacity(4)
    while true {
      guard current == UInt8(ascii: "\"") else { throw failure("a member name in double quotes") }
      let key = try string()
      skipBlanks()
      guard current == UInt8(ascii: ":") else { throw failure("':'") }
      position += 1
      skipBlanks()
      members.append(JSONObject.Member(key: key, value: try value(depth: depth + 1)))
      skipBlanks()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return JSONObject(members: members)
      default: throw failure("',' or '}'")
      }
      skipBlanks()
    }
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> [JSON] {
    try enter(depth)
    var elements: [JSON] = []
    if current == UInt8(ascii: "]") {
      position += 1
      return elements
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipBlanks()
      switch current {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return elements
      default: throw failure("',' or ']'")
      }
      skipBlanks()
    }
  }

  /// Steps over an opening bracket that has `depth` others around it.
  private mutating func enter(_ depth: Int) throws(JSONSyntaxError) {
    guard depth < maximumDepth else { throw failure("at most \(maximumDepth) levels of nesting") }
    position += 1
    skipBlanks()
  }

  private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONSyntaxError) -> JSON {
    for index in 0..<word.utf8CodeUnitCount {
      guard current == word.utf8Start[index] else { throw failure("\(word)") }
      position += 1
    }
    return value
  }

  @inline(__always) mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
      default: return
      }
    }
  }

  /// The error that `expected` was not found at `offset`, by default the cursor.
  func failure(_ expected: String, at offset: Int? = nil) -> JSONSyntaxError {
    let offset = offset ?? position
    guard offset < bytes.count else {
      return JSONSyntaxError(offset: bytes.count, expected: expected, found: "the end of the text")
    }
    let byte = bytes[offset]
    let hexadecimal = String(byte, radix: 16, uppercase: true)
    let found =
      (0x20..<0x7F).contains(byte)
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(byte < 16 ? "0" : "")\(hexadecimal)"
    return JSONSyntaxError(offset: offset, expected: expected, found: found)
  }
}
