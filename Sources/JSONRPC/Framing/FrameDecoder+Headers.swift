/// The headers read so far of one message.
struct HeaderBlock {
  /// Bytes of the block, line ends included.
  var byteCount = 0
  var contentLength: Int?
  /// True until a line has text.
  var isBlank = true
}

extension FrameDecoder {
  /// The next whole body. Tolerates what peers are known to do: any case and order, blanks anywhere around names and
  /// values, bare line feeds, empty lines between messages, unknown headers, any `Content-Type`.
  mutating func nextBody() -> Event? {
    while true {
      if let length = bodyLength {
        guard available >= length else { return nil }
        bodyLength = nil
        defer { start += length }
        return .frame(start..<start + length)
      }
      let lineStart = start
      guard let line = takeLine() else {
        return headers.byteCount + available > limits.maximumHeaderBytes ? failLongHeaders() : nil
      }
      headers.byteCount += start - lineStart
      guard headers.byteCount <= limits.maximumHeaderBytes else { return failLongHeaders() }
      switch withBytes(of: line, { HeaderLine($0[...]) }) {
      case .blank:
        if headers.isBlank { break }
        guard let length = headers.contentLength else { return fail("there is no Content-Length header") }
        expectBody(length)
        headers = HeaderBlock()
      case .other: headers.isBlank = false
      case .contentLength(let length):
        guard length <= limits.maximumFrameBytes else {
          return fail("Content-Length is over the limit of \(limits.maximumFrameBytes) bytes")
        }
        guard headers.contentLength ?? length == length else {
          return fail("there are two different Content-Length headers")
        }
        headers.isBlank = false
        headers.contentLength = length
      case .wrong(let reason): return fail(reason)
      }
    }
  }

  private mutating func failLongHeaders() -> Event {
    fail("the headers are over the limit of \(limits.maximumHeaderBytes) bytes")
  }
}

/// What one line of a header block says. Works on bytes, as it is on the path of every message.
private enum HeaderLine {
  case blank
  /// A header that the decoder does not need.
  case other
  case contentLength(Int)
  case wrong(String)

  init(_ line: Slice<UnsafeBufferPointer<UInt8>>) {
    let line = trimmed(line)
    guard !line.isEmpty else {
      self = .blank
      return
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      self = .wrong("a header line has no colon: \(quoted(line))")
      return
    }
    guard isContentLength(trimmed(line[..<colon])) else {
      self = .other
      return
    }
    // No sign, no fraction, no blanks between. What overflows is over any limit, as the largest value is.
    let digits = trimmed(line[(colon + 1)...])
    var value = 0
    for byte in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
        self = .wrong("Content-Length is not a whole number: \(quoted(digits))")
        return
      }
      value = value > Int.max / 10 - 1 ? .max : value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    self = digits.isEmpty ? .wrong("Content-Length has no value") : .contentLength(value)
  }
}

private func isContentLength(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
  let wanted: StaticString = "content-length"
  // Setting bit 5 makes letters lower case and leaves the hyphen as it is.
  return name.count == wanted.utf8CodeUnitCount
    && zip(name, UnsafeBufferPointer(start: wanted.utf8Start, count: wanted.utf8CodeUnitCount)).allSatisfy {
      $0 | 0x20 == $1
    }
}

private func trimmed(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Slice<UnsafeBufferPointer<UInt8>> {
  var text = text
  while let first = text.first, isBlank(first) { text = text.dropFirst() }
  while let last = text.last, isBlank(last) { text = text.dropLast() }
  return text
}

private func quoted(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> String {
  "\"\(String(decoding: text.prefix(40), as: UTF8.self))\""
}

/// True for a space and the ASCII controls from tab to carriage return.
func isBlank(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
}
