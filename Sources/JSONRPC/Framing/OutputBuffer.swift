/// Bytes on their way out: appended at one end, consumed at the other.
///
/// Both ends cost constant time a byte, as consumed bytes are only moved out once they are half of what is in a chunk.
/// A long text is kept where it was written, as a chunk of its own: copying 64 MB would hold the loop for 50 ms.
package struct OutputBuffer: Sendable {
  /// What goes out before `buffer`, from `first` on.
  private var chunks: [[UInt8]] = []
  private var first = 0
  private var buffer: [UInt8] = []
  /// How much of the chunk that goes out next has gone.
  private var consumed = 0

  /// The bytes in `chunks`, from `first` on.
  private var chunkedCount = 0

  /// The bytes that still have to go out.
  package var count: Int { chunkedCount + buffer.count - consumed }

  /// True if nothing has to go out.
  package var isEmpty: Bool { count == 0 }

  package init() {}

  /// Adds bytes as they are.
  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    reclaim()
    buffer.append(contentsOf: bytes)
  }

  /// Adds one message with the marks its framing needs.
  mutating func append(_ message: MessageText, framing: FrameDecoder.Framing) {
    reclaim()
    if framing == .headers {
      buffer.append(contentsOf: "Content-Length: ".utf8)
      buffer.append(contentsOf: String(message.count).utf8)
      buffer.append(contentsOf: "\r\n\r\n".utf8)
    }
    if message.insert.isEmpty {
      buffer.append(contentsOf: message.bytes)
    } else {
      buffer.append(contentsOf: message.bytes[..<message.insertOffset])
      chunks.append(buffer)
      chunks.append(message.insert)
      chunkedCount += buffer.count + message.insert.count
      buffer = Array(message.bytes[message.insertOffset...])
    }
    // A line feed inside JSON text is always escaped, and the writer adds none.
    if framing == .lines { buffer.append(UInt8(ascii: "\n")) }
  }

  /// Calls `body` with the bytes that go out next: all there are, or a part of them.
  package func withPending<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    (first < chunks.count ? chunks[first] : buffer).withUnsafeBytes {
      body(UnsafeRawBufferPointer(rebasing: $0[consumed...]))
    }
  }

  /// Drops the first `byteCount` bytes, which have gone out.
  package mutating func consume(_ byteCount: Int) {
    precondition(byteCount <= count, "more bytes consumed than there are")
    consumed += byteCount
    while first < chunks.count, consumed >= chunks[first].count {
      consumed -= chunks[first].count
      chunkedCount -= chunks[first].count
      chunks[first] = []
      first += 1
    }
    if first == chunks.count { (chunks, first) = ([], 0) }
    if isEmpty { reclaim() }
  }

  /// All bytes that still have to go out, which are thereby consumed.
  package mutating func takeAll() -> [UInt8] {
    var all: [UInt8] = []
    while !isEmpty {
      withPending { all.append(contentsOf: $0) }
      consume(withPending(\.count))
    }
    return all
  }

  private mutating func reclaim() {
    guard chunks.isEmpty, consumed > 0, consumed >= buffer.count - consumed else { return }
    if consumed == buffer.count {
      buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
    } else {
      buffer.removeSubrange(..<consumed)
    }
    consumed = 0
  }
}
