internal import CLibrary

/// Cuts a byte stream into messages, in whatever pieces the bytes arrive.
///
/// Two framings are understood, told apart by the first byte of the connection that is not blank: `{` or `[` means
/// one message a line; anything else means a block of headers with `Content-Length` before each body, as in the
/// Language Server Protocol.
///
/// Feed it with ``append(_:)`` and call ``next()`` until it returns nil. Both take time linear in the bytes, however
/// they are cut: no byte is scanned twice, and consumed ones are only moved out once they are half of the buffer.
package struct FrameDecoder {
  /// How messages are told apart.
  package enum Framing: Sendable, Hashable {
    /// `Content-Length` headers, an empty line, the body.
    case headers
    /// One message a line.
    case lines
  }

  /// What was found in the stream.
  package enum Event: Sendable, Hashable {
    /// A whole message; read it with ``FrameDecoder/withBytes(of:_:)`` before the next call to the decoder.
    case frame(Range<Int>)
    /// A line over the limit; it is skipped and the stream goes on.
    case oversizedLine
    /// The stream cannot be followed any further, and why.
    case broken(String)
  }

  /// What a stream may ask for.
  package struct Limits: Sendable, Hashable {
    /// The longest message, in bytes.
    package var maximumFrameBytes = 64 << 20
    /// The longest block of headers, in bytes.
    package var maximumHeaderBytes = 8 << 10

    package init() {}
  }

  let limits: Limits
  /// The framing, once the first byte has told it.
  package private(set) var framing: Framing?
  /// True after ``Event/broken(_:)``; all later bytes are dropped.
  package private(set) var isBroken = false

  private var buffer: [UInt8] = []
  /// Bytes before this one are consumed.
  var start = 0
  /// There is no line feed between `start` and this byte.
  private var scanned = 0
  private var isSkippingLine = false
  var headers = HeaderBlock()
  /// The length of the body that begins at `start`, once its headers are read.
  var bodyLength: Int?

  package init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// Adds bytes to the end of the stream.
  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard !isBroken else { return }
    reclaim()
    // Bytes are bytes: the binding moves nothing, and a typed buffer is appended as one block.
    buffer.append(contentsOf: bytes.bindMemory(to: UInt8.self))
  }

  /// The next event in the bytes so far; nil if more bytes are needed.
  package mutating func next() -> Event? {
    guard !isBroken, let framing = framing ?? detectFraming() else { return nil }
    switch framing {
    case .lines: return nextLine()
    case .headers: return nextBody()
    }
  }

  /// What the stream's end makes of the bytes left over: a last line needs no line feed, a cut body is an error.
  package mutating func finish() -> Event? {
    guard !isBroken, framing != nil else { return nil }
    let rest = start..<buffer.count
    switch framing {
    case .lines where !isSkippingLine:
      start = buffer.count
      return isBlankText(rest) ? nil : .frame(rest)
    case .headers where bodyLength != nil || !headers.isBlank || !isBlankText(rest):
      return fail("the input ended inside a message")
    default: return nil
    }
  }

  /// Calls `body` with the bytes of the frame just returned by ``next()``.
  package func withBytes<Result>(of frame: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    buffer.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[frame])) }
  }

  private mutating func detectFraming() -> Framing? {
    while start < buffer.count, isBlank(buffer[start]) { start += 1 }
    guard start < buffer.count else { return nil }
    scanned = start
    let isValue = buffer[start] == UInt8(ascii: "{") || buffer[start] == UInt8(ascii: "[")
    framing = isValue ? .lines : .headers
    return framing
  }

  private mutating func nextLine() -> Event? {
    while true {
      guard let line = takeLine() else {
        guard isSkippingLine || buffer.count - start > limits.maximumFrameBytes else { return nil }
        start = buffer.count
        scanned = start
        if isSkippingLine { return nil }
        isSkippingLine = true
        return .oversizedLine
      }
      if isSkippingLine {
        isSkippingLine = false
      } else if line.count > limits.maximumFrameBytes {
        return .oversizedLine
      } else if !isBlankText(line) {
        return .frame(line)
      }
    }
  }

  /// Consumes the bytes up to the next line feed and returns those before it; nil if there is none yet.
  mutating func takeLine() -> Range<Int>? {
    let from = max(scanned, start)
    let newline = buffer.withUnsafeBytes { bytes -> Int? in
      guard from < bytes.count, let base = bytes.baseAddress else { return nil }
      // The C library's search looks at many bytes at a time, which shows on lines of megabytes.
      return memchr(base + from, Int32(UInt8(ascii: "\n")), bytes.count - from).map { UnsafeRawPointer($0) - base }
    }
    guard let newline else {
      scanned = buffer.count
      return nil
    }
    defer {
      start = newline + 1
      scanned = start
    }
    return start..<newline
  }

  /// The bytes that are not consumed yet.
  var available: Int { buffer.count - start }

  mutating func fail(_ reason: String) -> Event {
    isBroken = true
    buffer = []
    start = 0
    return .broken(reason)
  }

  /// Frees consumed bytes, moving the rest only if at least as many go as stay: constant work for each byte.
  private mutating func reclaim() {
    guard start > 0, start >= buffer.count - start else { return }
    if start == buffer.count {
      // One huge message must not hold its memory for ever.
      buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
    } else {
      buffer.removeSubrange(..<start)
    }
    scanned = max(scanned - start, 0)
    start = 0
  }

  private func isBlankText(_ range: Range<Int>) -> Bool {
    range.allSatisfy { isBlank(buffer[$0]) }
  }
}
