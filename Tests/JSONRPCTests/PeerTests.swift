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
      (
        #"{"jsonrpc":"2.0","id":1.5,"method":"echo"}"#, "null",
        #""id" must be a string, null or a whole number from -2^63 to 2^63 - 1"#
      ),
      (
        #"{"jsonrpc":"2.0","id":[],"method":"echo"}"#, "null",
        #""id" must be a string, null or a whole number from -2^63 to 2^63 - 1"#
      ),
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
    peer.abandonRequests()
    #expect(Set(peer.takeMessages().compactMap { $0["id"] }) == [1, 2])
    first.answer(.null)
    #expect(peer.output.isEmpty && first.isAnswered)
  }

  @Test func endOfTheServerAnswersWhatIsNotDone() {
    let peer = makePeer(handler) { $0.maximumBacklogBytes = 100 }
    handler.methods["big"] = { $0.answer(.string(String(repeating: "x", count: 1000))) }
    peer.receive(
      #"""
      {"jsonrpc":"2.0","id":1,"method":"keep"}
      [{"jsonrpc":"2.0","id":2,"method":"big"},{"jsonrpc":"2.0","id":3,"method":"big"}]
      {"jsonrpc":"2.0","id":4,"method":"big"}
      {"jsonrpc":"2.0","id":5,"method":"big"}
      {"jsonrpc":"2.0","id":6,"met
      """#)
    #expect(peer.isHeld)
    peer.abandonRequests()
    let answers = peer.takeMessages().flatMap { message in message.arrayValue.map(Array.init) ?? [message] }
    #expect(Set(answers.map { $0["id"] }) == [1, 2, 3, 4, 5])
    for answer in answers where answer["result"] == nil {
      #expect(answer["error"]?["code"] == -32800)
      #expect(answer["error"]?["message"]?.stringValue?.text.contains("may be sent again") == true)
    }
    #expect(answers.count { $0["result"] == nil } >= 2)
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

  /// What waits goes out before later messages of the same read are handled.
  @Test func pausesWhenItsOwnerWantsTo() {
    var handled = 0
    handler.methods["count"] = {
      handled += 1
      $0.answer(.null)
    }
    let peer = makePeer(handler)
    peer.shouldPause = { handled % 3 == 0 }
    peer.receive((1...7).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"count"}"# + "\n" }.joined())
    #expect(handled == 3 && peer.isPaused && !peer.isHeld)
    peer.resume()
    #expect(handled == 6 && peer.isPaused)
    peer.resume()
    #expect(handled == 7 && !peer.isPaused)
  }

  @Test func longMessagesAreParsedBesideInTheirOrder() throws {
    for framing in ["lines", "headers"] {
      let peer = makePeer(handler) { $0.limits.longFrameBytes = 100 }
      var parse: (@Sendable () -> ParsedMessage)?
      peer.parseBeside = { parse = $0 }
      let long = #"{"jsonrpc":"2.0","id":1,"method":"echo","params":["\#(String(repeating: "x", count: 200))"]}"#
      let short = #"{"jsonrpc":"2.0","id":2,"method":"echo"}"#
      // On one line, the second message is behind the first one, which is too long to be looked through.
      peer.receive(framing == "lines" ? "\(long)\(short)\n" : frame(long) + frame(short))
      #expect(peer.isHeld && peer.output.isEmpty)
      let first = try #require(parse)
      peer.finishParsing(first())
      #expect(!peer.isHeld && peer.takeMessages().map { $0["id"] } == [1, 2])
      let broken = String(long.dropLast())
      peer.receive(framing == "lines" ? "\(broken)\n\(short)\n" : frame(broken) + frame(short))
      let second = try #require(parse)
      peer.finishParsing(second())
      let offsets = peer.takeMessages().map { $0["error"]?["data"]?["offset"]?.integerValue }
      #expect(offsets == [broken.utf8.count, nil])
    }
  }

  /// Comparing or hashing such a name by Unicode equivalence would take minutes.
  @Test(.timeLimit(.minutes(1))) func hostileNamesCostLittleAndAreNotRepeated() throws {
    let marks = String(repeating: "\u{301}\u{323}", count: 100_000)
    let peer = makePeer(handler)
    // A call under way whose id shares all marks, so that the cancellation below has something to be compared with.
    peer.receive(#"{"jsonrpc":"2.0","id":"\#(marks)x","method":"keep"}"# + "\n")
    for message in [
      #"{"jsonrpc":"2.0","id":1,"method":"\#(marks)"}"#, #"{"jsonrpc":"2.0","id":2,"method":"echo","\#(marks)":1}"#,
      #"{"jsonrpc":"\#(marks)","id":3,"method":"echo"}"#,
      #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"\#(marks)"}}"#,
    ] {
      peer.receive(message + "\n")
      let size = peer.output.count
      #expect(size < 1000)
      _ = peer.takeMessages()
    }
    #expect(handler.kept.count == 1)
    for call in handler.kept { call.answer(.null) }
  }

  @Test func idsAreComparedByTheirBytesAndComeBackAsSent() throws {
    let peer = makePeer(handler)
    peer.receive(#"{"jsonrpc":"2.0","id":"caf\u00e9","method":"keep"}"# + "\n")
    peer.receive(#"{"jsonrpc":"2.0","id":"cafe\u0301","method":"keep"}"# + "\n")
    #expect(handler.kept.count == 2)
    for call in handler.kept { call.answer(.null) }
    _ = peer.takeMessages()
    peer.receive(#"{"jsonrpc":"2.0","id":1.0,"method":"echo"}"# + "\n")
    #expect(String(decoding: peer.output.takeAll(), as: UTF8.self).contains(#""id":1.0,"#))
    for id in ["9223372036854775808", "1e300", "1.5", "-9223372036854775809"] {
      let answer = try #require(peer.answers(to: #"{"jsonrpc":"2.0","id":\#(id),"method":"echo"}"#).first)
      #expect(answer.contains("a whole number from -2^63 to 2^63 - 1") && answer.contains(#""id":null"#))
    }
  }

  @Test(arguments: [
    ("[]", "[]"), ("[null]", "null"), ("[{}]", "{}"), (#"[{"a":1}]"#, #"{"a":1}"#), ("[1]", "[1]"),
    ("[{},{}]", "[{},{}]"), ("[[]]", "[[]]"), ("null", "null"),
  ])
  func oneObjectInAListCountsAsThatObject(params: String, seen: String) throws {
    let answer = try #require(
      makePeer(handler).answers(to: #"{"jsonrpc":"2.0","id":1,"method":"echo","params":\#(params)}"#).first)
    #expect(answer == #"{"id":1,"jsonrpc":"2.0","result":\#(seen)}"#)
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
}
