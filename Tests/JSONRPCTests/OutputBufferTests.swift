import JSON
import Testing

@testable import JSONRPC

@Suite struct OutputBufferTests {
  private func message(_ length: Int, insert: Int) -> MessageText {
    var writer = ObjectWriter()
    let members = WrittenFields { $0.field("long", String(repeating: "i", count: insert)) }
    writer.braced {
      $0.field("a", String(repeating: "a", count: length))
      $0.insert(members)
      $0.field("b", true)
    }
    return MessageText(writer.json)
  }

  private func expected(_ length: Int, insert: Int) -> String {
    let (before, inside) = (String(repeating: "a", count: length), String(repeating: "i", count: insert))
    return #"{"a":"\#(before)","long":"\#(inside)","b":true}"#
  }

  /// Long texts are chunks of their own, and all leaves in order, however little is taken at a time.
  @Test(arguments: [FrameDecoder.Framing.headers, .lines], [1, 1000, 70_000, 1 << 20])
  func longAndShortMessagesLeaveInOrder(framing: FrameDecoder.Framing, step: Int) {
    let sizes = [(3, 5), (10, 70_000), (0, 100_000), (200_000, 3), (5, 65_536), (1, 1)]
    var (buffer, wanted, found) = (OutputBuffer(), "", [UInt8]())
    func take(_ limit: Int) {
      let count = min(limit, buffer.withPending(\.count))
      buffer.withPending { found.append(contentsOf: $0[..<count]) }
      buffer.consume(count)
    }
    for (length, insert) in sizes {
      let text = expected(length, insert: insert)
      let made = message(length, insert: insert)
      #expect(made.insert.isEmpty == (insert < 65_000) && made.count == text.utf8.count)
      #expect(String(decoding: made.joined, as: UTF8.self) == text)
      buffer.append(made, framing: framing)
      wanted += framing == .headers ? "Content-Length: \(text.utf8.count)\r\n\r\n\(text)" : text + "\n"
      #expect(buffer.count == wanted.utf8.count - found.count)
      take(step)
    }
    while !buffer.isEmpty { take(max(step, 100)) }
    #expect(buffer.count == 0 && found == Array(wanted.utf8))
    buffer.append(message(1, insert: 100_000), framing: .lines)
    #expect(buffer.takeAll().count == expected(1, insert: 100_000).utf8.count + 1 && buffer.isEmpty)
  }
}
