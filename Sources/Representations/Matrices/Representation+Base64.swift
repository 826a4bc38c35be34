extension Representation {
  /// A matrix of little-endian elements in base64 (RFC 4648, section 4): with its padding, without line breaks.
  ///
  /// - Throws: ``RepresentationError`` that names the offending character, or the sizes that do not agree.
  /// - Complexity: O(characters).
  public init(base64 text: String, elementType: ElementType, shape: [Int]) throws(RepresentationError) {
    let storage = ByteStorage(copying: try Self.bytes(base64: text))
    try self.init(storage, elementType: elementType, shape: shape)
  }

  private static func bytes(base64 text: String) throws(RepresentationError) -> [UInt8] {
    var text = text
    let count = text.utf8.count
    guard count.isMultiple(of: 4) else {
      throw notBase64(found: "\(count) characters, no multiple of 4")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count / 4 * 3)
    let offence: Int? = text.withUTF8 { characters in
      let padding = characters.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
      var quantum: UInt32 = 0
      for (index, character) in characters.enumerated() {
        let isPadding = index >= count - padding
        let sextet = isPadding ? 0 : values[Int(character)]
        if sextet == 0xFF { return index }
        quantum = quantum << 6 | UInt32(sextet)
        guard index & 3 == 3 else { continue }
        let kept = index == count - 1 ? 3 - padding : 3
        // Bits that belong to no byte must be 0, or two texts would mean the same.
        if kept < 3 && quantum & (kept == 2 ? 0xFF : 0xFFFF) != 0 { return index - padding }
        for place in 0..<kept { bytes.append(UInt8(truncatingIfNeeded: quantum >> UInt32(16 - 8 * place))) }
        quantum = 0
      }
      return nil
    }
    if let offence { throw notBase64(found: "a wrong character at \(offence)") }
    return bytes
  }

  private static func notBase64(found: String) -> RepresentationError {
    RepresentationError(
      .malformed, expected: "base64 with its padding and without line breaks", found: found,
      fix: "send base64.b64encode(x.tobytes())")
  }

  /// The six bits of each character; 0xFF for one that is no digit.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (value, digit) in digits.utf8.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()
}
