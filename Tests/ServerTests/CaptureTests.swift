import Basics
import JSON
import Testing
import Transcripts

/// The format of captures, and how the messages of a replay are compared.
@Suite struct CaptureTests {
  @Test func readsEveryKindOfLine() throws {
    let text = """
      # A comment.

      %mask pid time
      %framing headers
      --> {"id":1}
      <-- @0.25 {"id":1,"result":null}
      editor --> {"method":"a"}
      editor <-- @1e-05 {"method":"b"}
      --> no JSON
      <--! "Content-Length: x\\r\\n\\r\\n"

      """
    let capture = try Capture(text)
    #expect(capture.text == text)
    #expect(capture.masks == ["pid", "time"] && capture.usesHeaders)
    #expect(capture.clients == ["", "editor"])
    #expect(capture.messages.map(\.seconds) == [nil, 0.25, nil, 1e-5, nil, nil])
    #expect(capture.messages.last?.text == "Content-Length: x\r\n\r\n" && capture.messages.last?.json == nil)
    #expect(capture.canonical.messages.allSatisfy { $0.seconds == nil })
  }

  @Test func bytesThatAreNoTextKeepTheirValues() throws {
    let text = """
      -->! ["{\\"name\\":\\"",255,"\\"}\\n"]
      <--! [226,130,"é\\u0000"]
      <--! "plain\\n"

      """
    let capture = try Capture(text)
    let contents: [Capture.Message.Content] = [
      .bytes(Array("{\"name\":\"".utf8) + [255] + Array("\"}\n".utf8)), .bytes([226, 130, 0xC3, 0xA9, 0]),
      .bytes(Array("plain\n".utf8)),
    ]
    #expect(capture.messages.map(\.content) == contents)
    #expect(capture.text == text)
    for wrong in ["-->! [256]", "-->! [-1]", "-->! [1.5]", "-->! [[1]]", "-->! 1"] {
      #expect(throws: Capture.Fault.self) { try Capture(wrong + "\n") }
    }
  }

  @Test func bytesAreComparedAsBytes() throws {
    var expectations = Expectations(try Capture("<--! [255]\n<--! [254]\n"), Comparison())
    #expect(expectations.take(.bytes([255]), from: "") == 0 && expectations.take(.bytes([255]), from: "") == 1)
    #expect(expectations.isEmpty && expectations.findings.map { $0.differences.count } == [0, 1])
    #expect(expectations.take(.bytes([1]), from: "") == nil)
    #expect(expectations.findings.last?.differences.first?.expected == "a JSON message in UTF-8")
  }

  @Test(arguments: [
    "%framing zzz", "%framing", "%framing headers lines", "%ignore all", "%compare closed", "%exit", "%exit 256",
    "%mask",
    "%exit soon",
  ])
  func refusesSettingsThatItDoesNotKnow(_ line: String) throws {
    let error = #expect(throws: Capture.Fault.self) { try Capture("# first\n\(line)\n--> {}\n") }
    #expect(error?.line == 2 && error?.found == line)
  }

  @Test func readsLinesWithCarriageReturnsAndMarks() throws {
    let capture = try Capture("%framing lines\r\n--> {\"id\":1}\r\n<-- {}\r\n--> \u{301}x\n")
    #expect(capture.messages.map(\.text) == ["{\"id\":1}", "{}", "\u{301}x"])
  }

  @Test(arguments: ["-> {}", "-->{}", "a-b --> {}", " --> {}", "<-- @x {}", "-->! {}", "%", "--!> {}", "editor -->"])
  func refusesOtherLines(_ line: String) throws {
    let error = #expect(throws: Capture.Fault.self) { try Capture("# first\n\(line)\n") }
    #expect(error?.line == 2)
  }

  @Test func aBatchIsTakenApart() throws {
    let text = """
      --> {"id":1,"method":"a"}
      <-- {"id":1,"result":1}
      --> [{"id":2,"method":"b"},{"method":"c"},3,{"id":4,"method":"d"}]
      <-- {"method":"push"}
      <-- [{"id":null,"error":{}},{"id":4,"result":4},{"id":2,"result":2}]

      """
    let capture = try Capture(text)
    let requests = Transcript(of: capture, client: "").requests
    #expect(
      requests.map(\.sent.text) == [
        #"{"id":1,"method":"a"}"#, #"{"id":2,"method":"b"}"#, #"{"method":"c"}"#, "3", #"{"id":4,"method":"d"}"#,
      ])
    #expect(requests.map { $0.received.count } == [1, 3, 0, 0, 1])
    #expect(requests[1].received.contains { $0["result"] == 2 } && requests[4].received[0]["result"] == 4)
    #expect(requests.map { $0.whole.sent.arrayValue != nil } == [false, true, true, true, true])
  }

  @Test func everyTextThatIsReadIsWrittenAgain() throws {
    var random = SplitMix64(seed: 1313)
    let texts = ["{}", #"{"a":[1,2.5,"é"]}"#, "no JSON", "\"@1\"", "[]", "{\"x\":\"\\n\"}"]
    for _ in 0..<500 {
      let lines = (0..<Int.random(in: 0...8, using: &random)).map { _ -> Capture.Line in
        switch Int.random(in: 0...4, using: &random) {
        case 0: return .comment(["", "# x", "#"].randomElement(using: &random)!)
        case 1: return .setting("mask", ["a", "b"])
        default:
          var message = Capture.Message(
            Bool.random(using: &random) ? .client : .server, texts.randomElement(using: &random)!,
            client: ["", "a", "b_2"].randomElement(using: &random)!)
          if Bool.random(using: &random) { message.seconds = Double(Int.random(in: 0...5000, using: &random)) / 1000 }
          if Bool.random(using: &random) {
            // Any bytes, text among them.
            let noise = (0..<Int.random(in: 0...6, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            message.content = .bytes(noise + Array("\r\n\"é".utf8) + noise)
          }
          return .message(message)
        }
      }
      // An empty line at the end is that of the file.
      let capture = Capture(lines + [.comment("# end")])
      #expect(try Capture(capture.text).lines == capture.lines)
    }
  }

  @Test func differencesNameThePlace() throws {
    func differences(_ a: String, _ b: String, _ comparison: Comparison = Comparison()) throws -> [String] {
      comparison.differences(try JSON.parse(a), try JSON.parse(b)).map(\.text)
    }
    #expect(try differences(#"{"a":1,"b":[1,{"c":2}]}"#, #"{"b":[1.0,{"c":2e0}],"a":1}"#).isEmpty)
    #expect(
      try differences(#"{"a":{"b":[1,2]}}"#, #"{"a":{"b":[1,3]},"c":true}"#)
        == ["a.b[1]: expected 2, found 3", "c: expected nothing, found true"])
    #expect(try differences("[1,2]", "[1]") == ["the message: expected 2 elements, found 1 elements"])
    #expect(try differences(#"{"a":null}"#, "{}") == ["a: expected null, found nothing"])
    #expect(try differences(#"{"a":"1"}"#, #"{"a":1}"#) == [#"a: expected "1", found 1"#])
    #expect(try differences(#"{"p":1,"q":{"p":2}}"#, #"{"q":{"p":3,"r":4}}"#, Comparison(masks: ["p", "r"])).isEmpty)
    let open = Comparison(isOpen: true)
    #expect(try differences(#"{"a":"%integer","b":"%absent"}"#, #"{"a":1,"c":2}"#, open).isEmpty)
    #expect(try differences(#"{"a":"%integer","b":"%absent"}"#, #"{"a":1.5,"b":2}"#, open).count == 2)
    #expect(try differences(#"{"a":"%any"}"#, "{}", open) == [#"a: expected "%any", found nothing"#])
    #expect(try differences(#"{"a":"%integer"}"#, #"{"a":1}"#).count == 1)
    let either = #"{"a":"%null|%list|%absent"}"#
    for found in ["{}", #"{"a":null}"#, #"{"a":[]}"#] { #expect(try differences(either, found, open).isEmpty) }
    #expect(try differences(either, #"{"a":{}}"#, open) == ["a: expected %null|%list|%absent, found {}"])
    // What names no kind is a text like any other.
    #expect(try differences(#"{"a":"%null|%lost"}"#, #"{"a":null}"#, open).count == 1)
  }

  @Test func messagesThatDoNotDependMayChangePlaces() throws {
    let capture = try Capture(
      """
      --> {"id":1,"method":"a"}
      --> {"id":2,"method":"b"}
      <-- {"id":1,"result":1}
      <-- {"id":2,"result":2}
      <-- {"method":"p","params":{"session":"x","n":1}}
      <-- {"method":"p","params":{"session":"y","n":2}}
      <-- {"method":"p","params":{"session":"x","n":3}}
      <-- {"method":"$/progress","params":{}}
      --> {"id":3,"method":"c"}

      """)
    var expectations = Expectations(capture, Comparison())
    #expect(expectations.hasAll(before: 2) && !expectations.hasAll(before: 8))
    for text in [
      #"{"method":"p","params":{"session":"y","n":2}}"#, #"{"id":2,"result":2}"#, #"{"id":1,"result":1}"#,
      #"{"method":"$/progress","params":{"other":1}}"#, #"{"method":"p","params":{"session":"x","n":1}}"#,
    ] { #expect(expectations.take(text, from: "") != nil || text.contains("progress")) }
    #expect(!expectations.isEmpty && !expectations.hasAll(before: 8))
    expectations.take(#"{"method":"p","params":{"session":"x","n":3}}"#, from: "")
    #expect(expectations.isEmpty && expectations.hasAll(before: 8))
    #expect(expectations.findings.allSatisfy { $0.differences.isEmpty })
    // Neither a second answer nor an order of pushes that differs passes.
    #expect(expectations.take(#"{"id":1,"result":1}"#, from: "") == nil)
    #expect(expectations.findings.last?.differences.count == 1)
  }

  @Test func whatDoesNotComeIsFound() throws {
    let capture = try Capture("--> {\"id\":1}\n<-- {\"id\":1,\"result\":5}\n")
    var expectations = Expectations(capture, Comparison())
    expectations.take(#"{"id":1,"result":6}"#, from: "")
    expectations.finish("nothing")
    #expect(expectations.findings.map { $0.differences.map(\.text) } == [["result: expected 5, found 6"]])
    var silent = Expectations(capture, Comparison())
    silent.finish("the end")
    #expect(silent.findings.first?.line == 1 && silent.findings.first?.differences.first?.found == "the end")
  }

  @Test func redactionIsConsistentAndComplete() throws {
    var redaction = Redaction()
    let first = try JSON.parse(
      #"{"params":{"session":"secret","path":"/home/me/profile.csv","processId":3},"method":"x"}"#)
    let second = try JSON.parse(
      #"{"error":{"message":"no session secret with /home/me/profile.csv"},"params":{"session":"secret"}}"#)
    let texts = [redaction.redacted(first).text, redaction.redacted(second).text]
    #expect(texts.allSatisfy { !$0.contains("secret") && !$0.contains("/home/me") })
    #expect(texts[0] == #"{"params":{"session":"session1","path":"/path/1","processId":3},"method":"x"}"#)
    #expect(texts[1] == #"{"error":{"message":"no session session1 with /path/1"},"params":{"session":"session1"}}"#)
  }

  /// Names that are equal to `String` and not in their bytes.
  private static let composed = "caf\u{E9}"
  private static let decomposed = "cafe\u{301}"

  @Test func redactionTellsNamesApartByTheirBytes() throws {
    var redaction = Redaction()
    let names = [Self.composed, Self.decomposed]
    let redacted = names.map { redaction.redacted(["session": .string($0)])["session"]?.stringValue }
    #expect(redacted == ["session1", "session2"])
    let message: JSON = ["message": .string("no \(Self.decomposed), \(Self.composed)")]
    #expect(redaction.redacted(message)["message"] == "no session2, session1")
  }

  @Test func redactionReplacesTheLongestNameAndNothingThatItPutThere() throws {
    var redaction = Redaction()
    for name in ["se", "session", "job"] { _ = redaction.redacted(["session": .string(ExactString(name))]) }
    let message = redaction.redacted(["message": "session, se and job1"])
    #expect(message["message"] == "session2, session1 and session31")
  }

  @Test func capturesTellNamesApartByTheirBytes() throws {
    let capture = try Capture(
      """
      %mask \(Self.composed)
      \(Self.composed) --> {"id":1,"method":"m"}
      \(Self.decomposed) --> {"id":1,"method":"m"}

      """)
    #expect(capture.clients.count == 2)
    let comparison = Comparison(masks: capture.masks)
    func differences(_ name: String) -> Int {
      comparison.differences(["p": [Self.composed: 1]], ["p": [name: 2]]).count
    }
    #expect(differences(Self.composed) == 0 && differences(Self.decomposed) == 1)
  }
}
