internal import CLibrary
internal import JSON

/// Cuts a byte stream into messages, in whatever pieces the bytes arrive.
///
/// Two framings are understood, told apart by the first byte of the connection that is neither blank nor part of a
/// byte order mark: `{` or `[` means one message a line; anything else means a block of headers with `Content-Length`
/// before each body, as in the Language Server Protocol. With lines, a list or object that closes is a message also
/// without a line feed behind it, so a client that writes one object after the other is answered as each ends.
///
/// Feed it with ``append(_:)`` and call ``next()`` until it returns nil. Both take time linear in the bytes, however
/// they are cut: no byte is scanned twice, and consumed ones are only moved out once they are half of the buffer.
package struct FrameDecoder: ~Copyable {
  /// How messages are separated.
  package enum Framing: Sendable, Hashable {
    /// `Content-Length` headers, an empty line, the body.
    case headers
    /// One message a line, or one list or object after the other.
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
    /// A message above this many bytes is long: it is taken out with ``FrameDecoder/take(_:)`` and parsed elsewhere.
    package var longFrameBytes = 1 << 20

    package init() {}
  }

  let limits: Limits
  /// The framing, once the first byte has told it.
  package private(set) var framing: Framing?
  /// True after ``Event/broken(_:)``; all later bytes are dropped.
  package private(set) var isBroken = false

  private var buffer = GrowingBuffer<UInt8>()
  /// Bytes before this one are consumed.
  var start = 0
  /// There is no line feed between `start` and this byte.
  private var scanned = 0
  /// The line feed that ends the line which `start` is in, once it has been found.
  private var lineEnd: Int?
  private var isSkippingLine = false
  /// How far the list or object at `start` has been followed.
  private var value = BracketScanner()
  var headers = HeaderBlock()
  /// The length of the body that begins at `start`, once its headers are read.
  var bodyLength: Int?

  package init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// Adds bytes to the end of the stream.
  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    append(atMost: bytes.count) {
      $0.copyMemory(from: bytes)
      return bytes.count
    }
  }

  /// Has `body` write at most `count` bytes to the end of the stream and say how many it has written.
  package mutating func append(atMost count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) {
    reclaim()
    buffer.reserve(count + 1)
    buffer.append { isBroken ? 0 : body(UnsafeMutableRawBufferPointer(start: $0.baseAddress, count: count)) }
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

  /// Calls `body` with the bytes of the frame just returned by ``next()``; a zero stands behind them meanwhile.
  package mutating func withBytes<Result>(
    of frame: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    buffer.reserve(1)
    // The byte behind the frame may be the first of the next one.
    let next = buffer.base[frame.upperBound]
    buffer.base[frame.upperBound] = 0
    defer { buffer.base[frame.upperBound] = next }
    return body(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(start: buffer.base, count: frame.upperBound)[frame]))
  }

  /// Takes the frame just returned by ``next()`` out, without a copy of its bytes.
  mutating func take(_ frame: Range<Int>) -> JSONText {
    var rest = GrowingBuffer<UInt8>()
    rest.append(contentsOf: UnsafeBufferPointer(rebasing: buffer.elements[frame.upperBound...]))
    swap(&rest, &buffer)
    rest.truncate(to: frame.upperBound)
    start -= frame.upperBound
    scanned = max(scanned - frame.upperBound, 0)
    lineEnd = lineEnd.map { $0 - frame.upperBound }
    return JSONText(rest, from: frame.lowerBound)
  }

  /// Puts text of a line back that was taken out and has not been read.
  mutating func putBack(_ text: UnsafeBufferPointer<UInt8>) {
    var joined = GrowingBuffer<UInt8>(minimumCapacity: text.count + available + 1)
    joined.append(contentsOf: text)
    joined.append(contentsOf: UnsafeBufferPointer(rebasing: buffer.elements[start...]))
    lineEnd = lineEnd.map { $0 - start + text.count }
    scanned = 0
    start = 0
    swap(&buffer, &joined)
  }

  private mutating func detectFraming() -> Framing? {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    while start < buffer.count, isBlank(buffer[start]) { start += 1 }
    let beginning = buffer.elements[start...].prefix(mark.count)
    guard let first = beginning.first else { return nil }
    if first == mark[0], mark.starts(with: beginning) {
      guard beginning.count == mark.count else { return nil }
      start += mark.count
      // The mark stands at the beginning or not at all, so this goes no deeper.
      return detectFraming()
    }
    scanned = start
    framing = BracketScanner.opens(first) ? .lines : .headers
    return framing
  }

  private mutating func nextLine() -> Event? {
    while true {
      if lineEnd == nil { lineEnd = findLineFeed() }
      let end = lineEnd ?? buffer.count
      if !isSkippingLine {
        while start < end, isBlank(buffer[start]) { start += 1 }
        if start < end, let event = message(before: end) { return event }
      }
      guard lineEnd != nil else {
        if isSkippingLine { start = buffer.count }
        return nil
      }
      isSkippingLine = false
      start = end + 1
      lineEnd = nil
    }
  }

  /// The message at `start`, in a line or a piece of one that goes to `end`.
  private mutating func message(before end: Int) -> Event? {
    if let valueEnd = closedValue(before: end) {
      defer { start = valueEnd }
      return .frame(start..<valueEnd)
    }
    let isOversized = end - start > limits.maximumFrameBytes
    guard isOversized || lineEnd != nil else { return nil }
    value = BracketScanner()
    guard isOversized else {
      defer { start = end }
      return .frame(start..<end)
    }
    isSkippingLine = lineEnd == nil
    start = end
    return .oversizedLine
  }

  /// Where the list or object at `start` ends, if it does before `end`.
  ///
  /// Of a long one only the beginning is followed, as the parser finds its end anyway, unless the stream pauses where
  /// it may have ended: behind a closing bracket.
  private mutating func closedValue(before end: Int) -> Int? {
    guard BracketScanner.opens(buffer[start]) else { return nil }
    let mayPauseHere = lineEnd == nil && BracketScanner.closes(buffer[end - 1])
    value.advance(in: buffer.elements, from: start, to: mayPauseHere ? end : min(end, start + limits.longFrameBytes))
    guard let valueEnd = value.end else { return nil }
    value = BracketScanner()
    return valueEnd - start > limits.maximumFrameBytes ? nil : valueEnd
  }

  private mutating func findLineFeed() -> Int? {
    let from = max(scanned, start)
    guard from < buffer.count else { return nil }
    // The C library's search looks at many bytes at a time, which shows on lines of megabytes.
    let found = memchr(buffer.base + from, Int32(UInt8(ascii: "\n")), buffer.count - from)
    let position = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(buffer.base) }
    scanned = position ?? buffer.count
    return position
  }

  /// Consumes the bytes up to the next line feed and returns those before it; nil if there is none yet.
  mutating func takeLine() -> Range<Int>? {
    guard let end = findLineFeed() else { return nil }
    defer {
      start = end + 1
      scanned = start
    }
    return start..<end
  }

  /// The bytes that are not consumed yet.
  var available: Int { buffer.count - start }

  /// Makes room for a body of `length` bytes that begins at `start`, so that it grows no more on its way in.
  mutating func expectBody(_ length: Int) {
    bodyLength = length
    if length > limits.longFrameBytes { buffer.reserve(length - available + limits.longFrameBytes) }
  }

  mutating func fail(_ reason: String) -> Event {
    isBroken = true
    buffer = GrowingBuffer()
    start = 0
    return .broken(reason)
  }

  /// Frees consumed bytes, moving the rest only if at least as many go as stay: constant work for each byte.
  private mutating func reclaim() {
    guard start > 0, start >= buffer.count - start else { return }
    let removed = min(start, buffer.count)
    if removed == buffer.count, buffer.capacity > 2 * limits.longFrameBytes {
      // One huge message must not hold its memory for ever.
      buffer = GrowingBuffer()
    } else {
      buffer.removeFirst(removed)
    }
    scanned = max(scanned - removed, 0)
    lineEnd = lineEnd.map { $0 - removed }
    value.move(by: removed)
    start -= removed
  }

  private func isBlankText(_ range: Range<Int>) -> Bool {
    range.allSatisfy { isBlank(buffer[$0]) }
  }
}
