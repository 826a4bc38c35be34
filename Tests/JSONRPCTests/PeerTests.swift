import Basics
import JSON
import JSONRPC
import Testing

@Suite struct PeerTests {
  private let handler = TestHandler()

  @Test(
    arguments: [
      (#"{"jsonrpc":"2.0","id":1,"method":"echo","params":[1410]}"#, #"{"id":1,"jsonrpc":"2.0","result":[1410]}"#),
      (#"{"jsonrpc":"2.0","id":"a","method":"echo"}"#, #"{"id":"a","jsonrpc":"2.0","result":null}"#),
      (#"{"jsonrpc":"2.0","id":2.0,"method":"echo","params":null}"#, #"{"id":2,"jsonrpc":"2.0","result":null}"#),
      (#"{"jsonrpc":"2.0","id":null,"method":"echo","params":{}}"#, #"{"id":null,"jsonrpc":"2.0","result":{}}"#),
    ] as [(String, String)])
  func answersWithTheIDOfTheRequest(request: String, answer: String) {
    #expect(makePeer(handler).answers(to: request) == [answer])
  }

  @Test(
    arguments: [
      (#"{"jsonrpc":"2.0","id":1.5,"method":"echo"}"#, "null", #""id" must be a string, a whole number or null"#),
      (#"{"jsonrpc":"2.0","id":[],"method":"echo"}"#, "null", #""id" must be a string, a whole number or null"#),
      (#"{"jsonrpc":"1.0","id":7,"method":"echo"}"#, "7", #""jsonrpc" must be "2.0""#),
      (#"{"id":7,"method":"echo"}"#, "7", #""jsonrpc" must be "2.0""#),
      (#"{"jsonrpc":"2.0","id":7}"#, "7", #"there is no "method""#),
      (#"{"jsonrpc":"2.0","id":7,"method":null}"#, "7", #""method" must be a string"#),
      (#"{"jsonrpc":"2.0","id":7,"method":"echo","params":1}"#, "7", #""params" must be an object or an array"#),
    ] as [(String, String, String)])
  func refusesWhatIsNoRequest(request: String, id: String, reason: String) throws {
    let peer = makePeer(handler)
    peer.receive(request + "\n")
    let answer = try #require(peer.takeMessages().first)
    #expect(answer["id"]?.text == id)
    #expect(answer["error"]?["code"] == -32600)
    #expect(answer["error"]?["message"] == .string("Invalid Request: \(reason)"))
  }

  @Test func ignoresResponses() {
    let peer = makePeer(handler)
    #expect(peer.answers(to: #"{"jsonrpc":"2.0","id":1,"result":null}"#) == [])
    #expect(peer.answers(to: #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#) == [])
    #expect(peer.answers(to: #"[{"jsonrpc":"2.0","id":1,"result":null}]"#) == [])
  }

  @Test func refusesAnIDStillInUse() throws {
    let peer = makePeer(handler)
    #expect(peer.answers(to: #"{"jsonrpc":"2.0","id":"x","method":"keep"}"#) == [])
    peer.receive(#"{"jsonrpc":"2.0","id":"x","method":"echo"}"# + "\n")
    let refusal = try #require(peer.takeMessages().first)
    #expect(refusal["id"] == "x")
    #expect(refusal["error"]?["code"] == -32600)
    #expect(refusal["error"]?["message"] == #"Invalid Request: id "x" is that of a request still running"#)
    handler.kept[0].answer(.null)
    #expect(peer.takeMessages().map(\.canonicalText) == [#"{"id":"x","jsonrpc":"2.0","result":null}"#])
    #expect(peer.answers(to: #"{"jsonrpc":"2.0","id":"x","method":"echo"}"#).count == 1)
  }

  @Test func droppedCallAnswersItself() throws {
    let peer = makePeer(handler)
    peer.receive(#"{"jsonrpc":"2.0","id":1,"method":"drop"}"# + "\n")
    peer.receive(#"{"jsonrpc":"2.0","id":2,"method":"keep"}"# + "\n")
    handler.kept = []
    let answers = peer.takeMessages()
    #expect(answers.map { $0["id"] } == [1, 2])
    #expect(answers.allSatisfy { $0["error"]?["code"] == -32603 })
    #expect(peer.runningCallCount == 0)
  }

  @Test func nonFiniteResultIsAnInternalError() throws {
    let peer = makePeer(handler)
    peer.receive(#"{"jsonrpc":"2.0","id":1,"method":"nan"}"# + "\n")
    let answer = try #require(peer.takeMessages().first)
    #expect(answer["error"]?["code"] == -32603 && answer["result"] == nil)
  }

  @Test func invalidFieldTellsPlaceAndRemedy() throws {
    let peer = makePeer(handler)
    peer.receive(#"{"jsonrpc":"2.0","id":1,"method":"invalid"}"# + "\n")
    let error = try #require(peer.takeMessages().first?["error"])
    #expect(error["code"] == -32602)
    #expect(error["message"] == "Invalid params: rows[3] must be x, found y; z")
    #expect(
      error["data"]?.canonicalText
        == #"{"expected":"x","fix":"z","found":"y","kind":"invalidParams","path":"rows[3]"}"#)
  }

  @Test func cancelReachesTheRunningCallOnly() {
    let peer = makePeer(handler)
    var cancelled: [RequestID] = []
    handler.methods["work"] = { [handler] call in
      call.onCancel = { [unowned call] in
        cancelled.append(call.id)
        call.fail(RPCError(.cancelled, "Cancelled"))
      }
      handler.kept.append(call)
    }
    _ = peer.answers(to: #"{"jsonrpc":"2.0","id":1,"method":"work"}"#)
    _ = peer.answers(to: #"{"jsonrpc":"2.0","id":"1","method":"work"}"#)
    for unknown in ["2", "null", "1.5", "[]"] {
      #expect(peer.answers(to: #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(unknown)}}"#) == [])
    }
    #expect(peer.answers(to: #"{"jsonrpc":"2.0","method":"$/cancelRequest"}"#) == [])
    #expect(
      peer.answers(to: #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#)
        == [#"{"error":{"code":-32800,"message":"Cancelled"},"id":1,"jsonrpc":"2.0"}"#])
    #expect(peer.answers(to: #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#) == [])
    #expect(cancelled == [.integer(1)])
    #expect(handler.notifications == [])
  }

  @Test func lateOnCancelRunsAtOnce() {
    let peer = makePeer(handler)
    _ = peer.answers(to: #"{"jsonrpc":"2.0","id":1,"method":"keep"}"#)
    _ = peer.answers(to: #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#)
    var wasCalled = false
    handler.kept[0].onCancel = { wasCalled = true }
    #expect(wasCalled && handler.kept[0].isCancelled)
    handler.kept[0].answer(.null)
    #expect(peer.takeMessages().count == 1)
  }

  @Test func abandonedCallsAreAnsweredOnce() {
    let peer = makePeer(handler)
    _ = peer.answers(to: #"{"jsonrpc":"2.0","id":1,"method":"keep"}"#)
    _ = peer.answers(to: #"{"jsonrpc":"2.0","id":2,"method":"keep"}"#)
    // Cancelling either call drops the other one.
    for call in handler.kept { call.onCancel = { [handler] in handler.kept = [] } }
    let first = handler.kept[0]
    peer.abandonRunningCalls()
    #expect(Set(peer.takeMessages().compactMap { $0["id"] }) == [1, 2])
    first.answer(.null)
    #expect(peer.output.isEmpty && first.isAnswered)
  }

  #if DEBUG
    @Test func secondAnswerTraps() async {
      await #expect(processExitsWith: .failure) {
        let handler = TestHandler()
        handler.methods["twice"] = {
          $0.answer(.null)
          $0.answer(.null)
        }
        _ = makePeer(handler).answers(to: #"{"jsonrpc":"2.0","id":1,"method":"twice"}"#)
      }
    }
  #endif

  @Test func answeredCallDoesNotKeepThePeer() {
    weak var gone: Peer?
    do {
      let peer = makePeer(handler)
      gone = peer
      _ = peer.answers(to: #"{"jsonrpc":"2.0","id":1,"method":"keep"}"#)
      handler.kept[0].answer(.null)
    }
    #expect(gone == nil)
  }

  @Test func answersInTheFramingOfTheInput() {
    let request = #"{"jsonrpc":"2.0","id":1,"method":"echo","params":["é"]}"#
    let answer = #"{"jsonrpc":"2.0","id":1,"result":["é"]}"#
    let lines = makePeer(handler)
    lines.receive(request + "\n")
    #expect(String(decoding: lines.output.takeAll(), as: UTF8.self) == answer + "\n")
    let headers = makePeer(handler)
    headers.receive(frame(request))
    #expect(String(decoding: headers.output.takeAll(), as: UTF8.self) == frame(answer))
  }

  @Test func brokenStreamIsAnsweredAndEnds() {
    let peer = makePeer(handler)
    peer.receive("Content-Length: x\r\n\r\n" + frame(#"{"jsonrpc":"2.0","id":1,"method":"echo"}"#))
    let answers = peer.takeMessages()
    #expect(answers.count == 1 && answers[0]["error"]?["code"] == -32700 && answers[0]["id"] == .null)
    #expect(peer.isBroken)
  }

  @Test func oversizedLineIsAnsweredAndSkipped() {
    let peer = makePeer(handler) { $0.limits.maximumFrameBytes = 100 }
    let answers = peer.answers(
      to: "[" + String(repeating: " ", count: 200) + "]\n" + #"{"jsonrpc":"2.0","id":1,"method":"echo"}"#)
    #expect(answers.count == 2)
    #expect(answers[0].contains("-32600") && answers[1] == #"{"id":1,"jsonrpc":"2.0","result":null}"#)
  }

  @Test func deepNestingIsAParseError() {
    let peer = makePeer(handler)
    #expect(peer.answers(to: String(repeating: "[", count: 100_000))[0].contains("-32700"))
    #expect(peer.answers(to: #"{"jsonrpc":"2.0","id":1,"method":"echo"}"#).count == 1)
  }

  @Test func holdsMessagesWhileTheOutputIsFull() {
    var handled = 0
    handler.methods["big"] = {
      handled += 1
      $0.answer(.string(String(repeating: "x", count: 1000)))
    }
    let peer = makePeer(handler) { $0.maximumBacklogBytes = 5000 }
    peer.receive((1...100).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"big"}"# + "\n" }.joined())
    #expect(peer.isHeld && handled == 5)
    peer.resume()
    #expect(handled == 5)
    peer.output.consume(3000)
    peer.resume()
    #expect(handled == 8 && peer.isHeld)
    while peer.isHeld {
      _ = peer.output.takeAll()
      peer.resume()
    }
    #expect(handled == 100)
  }

  @Test func stopDropsTheRest() {
    let peer = makePeer(handler)
    handler.onNotification = { [unowned peer] (method, _) in if method == "exit" { peer.stop() } }
    let answers = peer.answers(
      to: #"[{"jsonrpc":"2.0","id":1,"method":"echo"},{"jsonrpc":"2.0","method":"exit"},"#
        + #"{"jsonrpc":"2.0","id":2,"method":"echo"}]"# + "\n" + #"{"jsonrpc":"2.0","id":3,"method":"echo"}"#)
    #expect(answers == [#"[{"id":1,"jsonrpc":"2.0","result":null}]"#])
  }

  @Test func tracesRequestsWhenAsked() {
    let peer = makePeer(handler)
    let request = #"{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]}"#
    #expect(peer.answers(to: #"{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"verbose"}}"#) == [])
    peer.receive(request + "\n")
    let traced = peer.takeMessages()
    #expect(traced.map { $0["method"] } == ["$/logTrace", "$/logTrace", nil])
    #expect(traced[0]["params"]?["message"] == "Received request echo (1).")
    #expect(traced[0]["params"]?["verbose"] == "[1]")
    #expect(traced[1]["params"]?["message"] == "Answering request echo (1).")
    _ = peer.answers(to: #"{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"messages"}}"#)
    peer.receive(request + "\n")
    #expect(peer.takeMessages().prefix(2).allSatisfy { $0["params"]?["verbose"] == nil })
    _ = peer.answers(to: #"{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"loud"}}"#)
    #expect(peer.trace == .messages)
    _ = peer.answers(to: #"{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"off"}}"#)
    #expect(peer.answers(to: request).count == 1)
  }

  @Test func recordsResultsForDocuments() {
    let peer = makePeer(handler)
    let recorder = FieldRecorder()
    handler.methods["value"] = { $0.answer(Value(number: 1)) }
    peer.recorderForMethod = { $0 == "value" ? recorder : nil }
    _ = peer.answers(to: #"{"jsonrpc":"2.0","id":1,"method":"value"}"#)
    #expect(recorder.fields == [FieldSchema(name: "number", type: .number, isRequired: false, doc: "")])
  }
}
