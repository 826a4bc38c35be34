import JSON
import JSONRPC
import Testing

/// A request that a server sends.
private struct Question: ServerRequest {
  static let name = "question"
  static let purpose = "Asks something."
  let text: String
  static let fields = Fields<Question> {
    Field("text", "The question.") { $0.text }
  }
}

@Suite struct AskingTests {
  private let peer = makePeer(TestHandler())

  private final class Answers {
    var list: [Result<JSON, RPCError>] = []
  }

  @Test func anAnswerComesToTheRequestThatItNames() throws {
    let (first, second) = (Answers(), Answers())
    peer.ask(Question(text: "1410?")) { first.list.append($0) }
    peer.ask(Question(text: "why?")) { second.list.append($0) }
    let sent = peer.takeMessages()
    #expect(sent.map { $0["method"] } == ["question", "question"])
    #expect(sent[0]["params"]?["text"] == "1410?")
    let ids = try sent.map { try #require($0["id"]) }
    #expect(ids[0] != ids[1])
    peer.receive("{\"jsonrpc\":\"2.0\",\"id\":\(ids[1].text),\"result\":{\"a\":1}}\n")
    peer.receive("{\"jsonrpc\":\"2.0\",\"id\":\(ids[0].text).0,\"error\":{\"code\":-32601,\"message\":\"no\"}}\n")
    #expect(second.list == [.success(["a": 1])])
    #expect(first.list == [.failure(RPCError(.methodNotFound, "no"))])
  }

  /// Some libraries write both members, one of them null.
  @Test(
    arguments: [
      (#""result":null,"error":null"#, .success(.null)), (#""error":null"#, .success(.null)),
      (#""result":7,"error":null"#, .success(7)),
      (#""result":null,"error":{"code":1,"message":"m"}"#, .failure(RPCError(ErrorCode(rawValue: 1), "m"))),
    ] as [(String, Result<JSON, RPCError>)])
  func aNullBesideTheAnswerCountsForNothing(members: String, outcome: Result<JSON, RPCError>) {
    let answers = Answers()
    peer.ask(Question(text: "")) { answers.list.append($0) }
    peer.receive("{\"jsonrpc\":\"2.0\",\"id\":1,\(members)}\n")
    #expect(answers.list == [outcome])
  }

  @Test func aSecondAnswerIsPassedOver() {
    let answers = Answers()
    peer.ask(Question(text: "")) { answers.list.append($0) }
    for _ in 0..<2 { peer.receive("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n") }
    #expect(answers.list.count == 1)
    #expect(peer.takeMessages().count == 1)
  }
}
