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
      let text = withBytes(of: line) { String(decoding: $0, as: UTF8.self) }.trimmed
      if let reason = text.isEmpty ? endHeaders() : addHeader(text) { return fail(reason) }
    }
  }

  /// Takes an empty line; returns what is wrong with the block it ends.
  private mutating func endHeaders() -> String? {
    defer { headers = HeaderBlock() }
    guard !headers.isBlank else { return nil }
    guard let length = headers.contentLength else { return "there is no Content-Length header" }
    bodyLength = length
    return nil
  }

  /// Takes one header line; returns what is wrong with it.
  private mutating func addHeader(_ line: Substring) -> String? {
    headers.isBlank = false
    guard let colon = line.firstIndex(of: ":") else { return "a header line has no colon: \(quoted(line))" }
    guard line[..<colon].trimmed.lowercased() == "content-length" else { return nil }
    let digits = line[line.index(after: colon)...].trimmed
    // No sign, no blanks, no other script's digits; 18 digits cannot overflow.
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return "Content-Length is not a whole number: \(quoted(digits))"
    }
    guard digits.utf8.count <= 18, let length = Int(digits), length <= limits.maximumFrameBytes else {
      return "Content-Length \(quoted(digits)) is over the limit of \(limits.maximumFrameBytes) bytes"
    }
    guard headers.contentLength ?? length == length else { return "there are two different Content-Length headers" }
    headers.contentLength = length
    return nil
  }

  private mutating func failLongHeaders() -> Event {
    fail("the headers are over the limit of \(limits.maximumHeaderBytes) bytes")
  }

  private func quoted(_ text: Substring) -> String {
    "\"\(text.prefix(40))\""
  }
}

extension StringProtocol where SubSequence == Substring {
  /// The text without blanks at either end.
  fileprivate var trimmed: Substring {
    let tail = drop(while: \.isWhitespace)
    guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return tail[...last]
  }
}
