internal import Basics
package import JSON

/// Bytes on the wire as a capture writes them: a JSON string, or where they are not UTF-8 a list of strings and, for
/// each byte that is part of none, a number in 0...255.
package struct RawBytes: Sendable, Equatable {
  package let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Nil for any other JSON.
  package init?(_ json: JSON) {
    if let string = json.stringValue {
      bytes = Array(string.text.utf8)
      return
    }
    guard let parts = json.arrayValue else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      if let string = part.stringValue {
        bytes += string.text.utf8
      } else if case .integer(let number) = part, let byte = UInt8(exactly: number) {
        bytes.append(byte)
      } else {
        return nil
      }
    }
    self.bytes = bytes
  }

  /// Linear in the bytes.
  package var json: JSON {
    if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
    var parts: [JSON] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      // One character's worth at a time would be a part each: the longest run that is text is one.
      let count = Self.textCount(rest)
      if count > 0 {
        parts.append(.string(String(decoding: rest.prefix(count), as: UTF8.self)))
      } else {
        parts.append(.integer(Int64(rest[rest.startIndex])))
      }
      rest = rest.dropFirst(max(count, 1))
    }
    return .array(parts)
  }

  /// How many bytes at the beginning are UTF-8.
  private static func textCount(_ bytes: ArraySlice<UInt8>) -> Int {
    var decoder = UTF8()
    var source = bytes.makeIterator()
    var count = 0
    while case .scalarValue(let scalar) = decoder.decode(&source) { count += UTF8.width(scalar) }
    return count
  }

  /// A body with what separates it from the next one.
  package static func frame(_ body: [UInt8], withHeaders: Bool) -> [UInt8] {
    withHeaders ? Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body : body + [UInt8(ascii: "\n")]
  }

  /// What a body is: a message, or, where it is not UTF-8, its bytes on the wire.
  package static func content(
    _ body: UnsafeBufferPointer<UInt8>, withHeaders: Bool
  ) -> Capture.Message.Content {
    if let text = String(validating: body, as: UTF8.self) { return .message(text) }
    return .bytes(frame(Array(body), withHeaders: withHeaders))
  }
}
