import JSON
import JSONRPC
import Testing

@Suite struct BatchTests {
  private let handler = TestHandler()

  @Test func waitsForTheLastAnswerAndKeepsTheOrder() {
    let peer = makePeer(handler)
    let batch = #"""
      [{"jsonrpc":"2.0","id":1,"method":"keep"},{"jsonrpc":"2.0","id":2,"method":"echo"},
      {"jsonrpc":"2.0","id":3,"method":"keep"}]
      """#
    peer.receive(frame(batch))
    #expect(peer.output.isEmpty)
    handler.kept[1].answer(["late"])
    #expect(peer.output.isEmpty)
    peer.receive(frame(#"{"jsonrpc":"2.0","id":4,"method":"echo"}"#))
    #expect(peer.takeMessages().map { $0["id"] } == [4])
    handler.kept[0].fail(RPCError(.requestFailed, "no"))
    #expect(
      peer.takeMessages().map(\.canonicalText) == [
        #"[{"error":{"code":-32803,"message":"no"},"id":1,"jsonrpc":"2.0"},{"id":2,"jsonrpc":"2.0","result":null},"#
          + #"{"id":3,"jsonrpc":"2.0","result":["late"]}]"#
      ])
  }

  @Test func memberMayBeCancelledOrDropped() {
    let peer = makePeer(handler)
    handler.methods["work"] = { [handler] call in
      call.onCancel = { [unowned call] in call.fail(RPCError(.cancelled, "Cancelled")) }
      handler.kept.append(call)
    }
    let answers = peer.answers(
      to: #"[{"jsonrpc":"2.0","id":1,"method":"work"},{"jsonrpc":"2.0","id":2,"method":"drop"},"#
        + #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}]"#)
    #expect(answers.count == 1)
    #expect(answers[0].contains("-32800") && answers[0].contains("-32603"))
  }

  @Test func duplicateIDsInsideABatch() throws {
    let peer = makePeer(handler)
    peer.receive(
      #"[{"jsonrpc":"2.0","id":1,"method":"keep"},{"jsonrpc":"2.0","id":1,"method":"keep"}]"# + "\n")
    #expect(handler.kept.count == 1)
    handler.kept[0].answer(.null)
    let answer = try #require(peer.takeMessages().first)
    #expect(answer[0]?["result"] == .null && answer[1]?["error"]?["code"] == -32600)
  }

  @Test func nestedBatchIsInvalid() {
    #expect(makePeer(handler).answers(to: "[[]]")[0].contains("-32600"))
  }

  @Test func answerIsBounded() throws {
    let peer = makePeer(handler) { $0.limits.maximumFrameBytes = 1000 }
    handler.methods["big"] = { $0.answer(.string(String(repeating: "x", count: 600))) }
    peer.receive(
      #"[{"jsonrpc":"2.0","id":1,"method":"big"},{"jsonrpc":"2.0","id":2,"method":"big"}]"# + "\n")
    let answer = try #require(peer.takeMessages().first)
    #expect(answer[0]?["result"] != nil && answer[1]?["error"]?["code"] == -32603)
  }
}
