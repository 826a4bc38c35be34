import Basics
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
    #expect(answer[0]?["result"] != nil && answer[1]?["error"]?["data"]?["kind"] == "batchTooLong")
    #expect(answer[1]?["error"]?["code"] == -32803)
  }

  @Test func longBatchIsRefusedWhole() throws {
    let peer = makePeer(handler)
    let member = #"{"jsonrpc":"2.0","id":1,"method":"keep"}"#
    let answers = peer.answers(to: "[" + Array(repeating: member, count: 1001).joined(separator: ",") + "]")
    #expect(answers.count == 1 && answers[0].contains("-32600") && answers[0].contains(#""id":null"#))
    #expect(handler.kept.isEmpty)
    let zeros = peer.answers(to: "[" + Array(repeating: "0", count: 1000).joined(separator: ",") + "]")
    #expect(try JSON.parse(zeros[0]).arrayValue?.count == 1000)
  }

  /// Answers of batches that wait for a computation share one limit.
  @Test func openBatchesShareTheLimit() throws {
    let peer = makePeer(handler) { $0.limits.maximumFrameBytes = 2000 }
    handler.methods["big"] = { $0.answer(.string(String(repeating: "x", count: 600))) }
    for id in 0..<4 {
      peer.receive(
        #"[{"jsonrpc":"2.0","id":"k\#(id)","method":"keep"},{"jsonrpc":"2.0","id":"b\#(id)","method":"big"}]"# + "\n")
    }
    #expect(peer.output.isEmpty && peer.batchedByteCount < 3000)
    for call in handler.kept { call.answer(.null) }
    let answers = peer.takeMessages()
    #expect(answers.map { $0[1]?["result"] != nil } == [true, true, true, false])
    #expect(peer.batchedByteCount == 0)
  }

  /// Notifications that members give rise to count, too: the rest of the batch waits for the client to read.
  @Test func membersWaitWhileTheOutputIsFull() {
    let peer = makePeer(handler) { $0.maximumBacklogBytes = 500 }
    var handled = 0
    handler.methods["tell"] = { [unowned peer] in
      handled += 1
      peer.notify(Mail(number: handled))
      $0.answer(.null)
    }
    let members = (0..<100).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"tell"}"# }
    peer.receive("[" + members.joined(separator: ",") + "]\n")
    #expect(handled < 20 && peer.isHeld)
    var messages: [JSON] = []
    while peer.isHeld {
      messages += peer.takeMessages()
      peer.resume()
    }
    messages += peer.takeMessages()
    #expect(handled == 100 && messages.last?.arrayValue?.count == 100)
  }
}
