/// Bytes on their way out: appended at one end, consumed at the other.
///
/// Both ends cost constant time a byte, as consumed bytes are only moved out once they are half of the buffer.
package struct OutputBuffer {
  private var buffer: [UInt8] = []
  private var consumed = 0

  /// The bytes that still have to go out.
  package var count: Int { buffer.count - consumed }

  /// True if nothing has to go out.
  package var isEmpty: Bool { count == 0 }

  /// Adds one message with the marks its framing needs.
  mutating func append(_ body: UnsafeBufferPointer<UInt8>, framing: FrameDecoder.Framing) {
    reclaim()
    switch framing {
    case .headers:
      buffer.append(contentsOf: "Content-Length: ".utf8)
      buffer.append(contentsOf: String(body.count).utf8)
      buffer.append(contentsOf: "\r\n\r\n".utf8)
      buffer.append(contentsOf: body)
    case .lines:
      // A line feed inside JSON text is always escaped, and the writer adds none.
      buffer.append(contentsOf: body)
      buffer.append(UInt8(ascii: "\n"))
    }
  }

  /// Calls `body` with the bytes that still have to go out.
  package func withPending<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[consumed...])) }
  }

  /// Drops the first `byteCount` bytes, which have gone out.
  package mutating func consume(_ byteCount: Int) {
    precondition(byteCount <= count, "more bytes consumed than there are")
    consumed += byteCount
    if consumed == buffer.count { reclaim() }
  }

  /// All bytes that still have to go out, which are thereby consumed.
  package mutating func takeAll() -> [UInt8] {
    defer { consume(count) }
    return withPending { Array($0) }
  }

  private mutating func reclaim() {
    guard consumed > 0, consumed >= buffer.count - consumed else { return }
    if consumed == buffer.count {
      buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
    } else {
      buffer.removeSubrange(..<consumed)
    }
    consumed = 0
  }
}
