import JSONRPC
import Testing

@Suite struct FramingTests {
  /// Streams and what is in them, to be cut in every way.
  private static let streams: [(stream: String, frames: [String])] = [
    (frame("{}"), ["{}"]),
    (frame("{}") + frame("[1]") + frame(""), ["{}", "[1]", ""]),
    (frame("\"é😀\"") + frame("{\n}"), ["\"é😀\"", "{\n}"]),
    ("content-length:2\r\nX-Other: a:b\r\n\r\n{}", ["{}"]),
    ("  \r\n Content-Type : application/vscode-jsonrpc; charset=utf8 \r\nCONTENT-LENGTH \t: \t2  \r\n\r\n{}", ["{}"]),
    ("Content-Length: 2\n\n{}\r\n\r\nContent-Length: 2\r\nContent-Length: 02\r\n\r\n[]", ["{}", "[]"]),
    ("Content-Type: x\r\n\r\n{}", ["broken: there is no Content-Length header"]),
    ("Content-Length: -1\r\n\r\n{}", ["broken: Content-Length is not a whole number: \"-1\""]),
    ("Content-Length: 2.0\r\n\r\n{}", ["broken: Content-Length is not a whole number: \"2.0\""]),
    ("Content-Length:\r\n\r\n{}", ["broken: Content-Length has no value"]),
    (
      "Content-Length: 1000000000000\r\n\r\n{}",
      ["broken: Content-Length is over the limit of 60 bytes"]
    ),
    ("Content-Length: 61\r\n\r\n{}", ["broken: Content-Length is over the limit of 60 bytes"]),
    (
      "Content-Length: 99999999999999999999\r\n\r\n",
      ["broken: Content-Length is over the limit of 60 bytes"]
    ),
    ("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", ["broken: there are two different Content-Length headers"]),
    ("hello\r\n\r\n", ["broken: a header line has no colon: \"hello\""]),
    (frame("{}") + "Content-Length: 3\r\n\r\n{}", ["{}", "broken: the input ended inside a message"]),
    ("Content-Length: 3\r\n", ["broken: the input ended inside a message"]),
    ("X: \(String(repeating: "x", count: 300))\r\n\r\n", ["broken: the headers are over the limit of 200 bytes"]),
    (String(repeating: "X: x\r\n", count: 40) + "\r\n", ["broken: the headers are over the limit of 200 bytes"]),
    ("{}\n[]\n", ["{}", "[]"]),
    (" \r\n\t{\"a\":1}\r\n\r\n  \n{}", ["{\"a\":1}", "{}"]),
    ("[\"é😀\"]\nhello\n{}\n  ", ["[\"é😀\"]", "hello", "{}"]),
    ("{\(String(repeating: "x", count: 100))\n{}\n", ["oversized", "{}"]),
    ("{}\n{\(String(repeating: "x", count: 100))", ["{}", "oversized"]),
    ("", []), ("  \r\n ", []),
    // A byte order mark before either framing.
    ("\u{FEFF}{}\n[]\n", ["{}", "[]"]), (" \r\n\u{FEFF}" + frame("{}"), ["{}"]),
    // Values without line feeds, also where brackets stand in strings.
    ("{}[1]{\"a\":[{}]}", ["{}", "[1]", "{\"a\":[{}]}"]),
    ("{\"]}\\\"{\":\"\\\\\"}[\"[\"] \t{}", ["{\"]}\\\"{\":\"\\\\\"}", "[\"[\"]", "{}"]),
    // A line feed ends what is not closed, and what comes after a value on its line is a message of its own.
    ("{\"a\":[1\n{}]}\n{}\n", ["{\"a\":[1", "{}", "]}", "{}"]), ("{} x\n[2]", ["{}", "x", "[2]"]),
  ]

  private var limits: FrameDecoder.Limits {
    var limits = FrameDecoder.Limits()
    limits.maximumFrameBytes = 60
    limits.maximumHeaderBytes = 200
    return limits
  }

  @Test(arguments: streams.indices)
  func findsTheSameFramesHoweverCut(index: Int) {
    let (stream, expected) = Self.streams[index]
    let bytes = Array(stream.utf8)
    #expect(frames(in: [bytes], limits: limits) == expected)
    #expect(frames(in: bytes.map { [$0] }, limits: limits) == expected, "byte by byte")
    for cut in 0...bytes.count {
      #expect(
        frames(in: [Array(bytes[..<cut]), Array(bytes[cut...])], limits: limits) == expected, "cut at byte \(cut)")
    }
  }

  @Test func detectsTheFraming() {
    for (first, framing) in [("{", FrameDecoder.Framing.lines), ("[", .lines), ("C", .headers), ("\"", .headers)] {
      var decoder = FrameDecoder()
      Array(" \n\(first)".utf8).withUnsafeBytes { decoder.append($0) }
      _ = decoder.next()
      #expect(decoder.framing == framing)
    }
  }

  @Test func takesBigBodiesInSmallPieces() {
    // 4 MiB in pieces of 1 KiB: work that grows with the square would not finish.
    let body = "[" + String(repeating: "1,", count: 2 << 20) + "1]"
    for stream in [frame(body), body + "\n"] {
      let bytes = Array(stream.utf8)
      let pieces = stride(from: 0, to: bytes.count, by: 1024).map { Array(bytes[$0..<min($0 + 1024, bytes.count)]) }
      let found = frames(in: pieces)
      #expect(found.count == 1 && found[0].utf8.count == body.utf8.count)
    }
  }

  @Test func dropsWhatFollowsABrokenStream() {
    var decoder = FrameDecoder()
    Array("junk\r\n\r\n\(frame("{}"))".utf8).withUnsafeBytes { decoder.append($0) }
    #expect(decoder.next() == .broken("a header line has no colon: \"junk\""))
    Array(frame("{}").utf8).withUnsafeBytes { decoder.append($0) }
    #expect(decoder.next() == nil && decoder.finish() == nil && decoder.isBroken)
  }
}
