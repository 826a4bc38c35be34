public import Basics

extension Representation {
  /// A matrix of little-endian elements in base64 (RFC 4648, section 4): with its padding, without line breaks.
  ///
  /// - Throws: ``RepresentationError`` that names the offending character, the sizes that do not agree, or a budget
  ///   that is used up.
  /// - Complexity: O(characters).
  public init(
    base64 text: String, elementType: ElementType, shape: [Int], memory: MemoryBudget = .unlimited
  ) throws(RepresentationError) {
    var text = text
    let result = text.withUTF8 { characters in
      Result { () throws(RepresentationError) in try Self.storage(base64: characters, memory) }
    }
    try self.init(try result.get(), elementType: elementType, shape: shape)
  }

  /// The elements in base64 with its padding: the text they were read from, where they came as base64.
  public var base64: String {
    precondition(!isBigEndian, "base64 stands for little-endian elements")
    let bytes = elementBytes
    return String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { characters in
      var written = 0
      for start in stride(from: 0, to: bytes.count, by: 3) {
        let count = min(3, bytes.count - start)
        var quantum: UInt32 = 0
        for place in 0..<3 { quantum = quantum << 8 | (place < count ? UInt32(bytes[start + place]) : 0) }
        for place in 0..<4 {
          characters[written] = place <= count ? Self.digits[Int(quantum >> UInt32(18 - 6 * place)) & 63] : padding
          written += 1
        }
      }
      return written
    }
  }

  private static func storage(
    base64 characters: UnsafeBufferPointer<UInt8>, _ memory: MemoryBudget
  ) throws(RepresentationError) -> ByteStorage {
    guard characters.count.isMultiple(of: 4) else {
      throw notBase64(found: "\(characters.count) characters, no multiple of 4")
    }
    let paddingCount = characters.suffix(2).reversed().prefix { $0 == padding }.count
    let count = characters.count / 4 * 3 - paddingCount
    let storage = try ByteStorage(count: count, memory: memory) { (bytes) throws(RepresentationError) in
      try decode(characters, paddingCount, into: bytes)
    }
    guard let storage else { throw .memory(count, memory) }
    return storage
  }

  private static func decode(
    _ characters: UnsafeBufferPointer<UInt8>, _ paddingCount: Int, into bytes: UnsafeMutableRawBufferPointer
  ) throws(RepresentationError) {
    var written = 0
    for start in stride(from: 0, to: characters.count, by: 4) {
      let digitCount = start + 4 == characters.count ? 4 - paddingCount : 4
      var quantum: UInt32 = 0
      for place in 0..<4 {
        let sextet = place < digitCount ? values[Int(characters[start + place])] : 0
        if sextet == 0xFF { throw notBase64(found: "a wrong character at \(start + place)") }
        quantum = quantum << 6 | UInt32(sextet)
      }
      let byteCount = digitCount - 1
      // Bits that belong to no byte must be 0, or two texts would mean the same.
      if quantum & (0xFF_FFFF >> UInt32(8 * byteCount)) != 0 {
        throw notBase64(found: "a wrong character at \(start + digitCount - 1)")
      }
      for place in 0..<byteCount {
        bytes[written] = UInt8(truncatingIfNeeded: quantum >> UInt32(16 - 8 * place))
        written += 1
      }
    }
  }

  private static func notBase64(found: String) -> RepresentationError {
    RepresentationError(
      .malformed, expected: "base64 with its padding and without line breaks", found: found,
      fix: "send base64.b64encode(x.tobytes())")
  }

  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The six bits of each character; 0xFF for one that is no digit.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()
}

private let padding = UInt8(ascii: "=")
