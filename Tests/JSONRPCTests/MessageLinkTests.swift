import CLibrary
import JSONRPC
import Testing

@Suite struct MessageLinkTests {
  /// What a callback belongs to may be gone after it; messages that came with the first have no receiver then.
  @Test func aLinkThatIsRemovedInACallbackCallsNothingBack() throws {
    let ends = try #require(LocalSocket.pair())
    let (sender, link) = (MessageLink(ends.0), MessageLink(ends.1))
    var received: [String] = []
    link.receive = { [unowned link] bytes in
      received.append(String(decoding: bytes, as: UTF8.self))
      link.removed()
    }
    link.end = { received.append("end") }
    for text in ["1", "2", "3"] { sender.send(Array(text.utf8)) }
    sender.flush()
    #expect(link.events != 0)
    link.ready(Int16(POLLIN))
    link.ready(Int16(POLLIN | POLLHUP))
    #expect(received == ["1"])
    #expect(link.events == 0)
  }
}
