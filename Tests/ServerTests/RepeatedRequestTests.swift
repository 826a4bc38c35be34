import Basics
import JSON
import JSONRPC
import Journal
import Sessions
import TestSupport
import Testing

@testable import TrimtabServer

/// Requests that a joined process sends again to the next owner: what the journal has is answered as it was.
@Suite struct RepeatedRequestTests {
  private let storage = SimulatedStorage(seed: 1)

  /// A joined process, seen from its owner.
  private struct Guest {
    let server: Server
    let client: ClientConnection

    init(of server: Server, called name: String, pending: [Int] = [], owner: String = "") {
      self.server = server
      client = server.connect()
      client.passedFiles = ReceivedFiles()
      let numbers = pending.map(String.init).joined(separator: ",")
      let initialize = pending.isEmpty ? "" : #","initialize":{},"sessions":[]"#
      _ = send(
        100_000, "$/join",
        #"{"version":"\#(Version.program)","client":"\#(name)","owner":"\#(owner)","pending":[\#(numbers)]\#(initialize)}"#
      )
      if pending.isEmpty { _ = send(1, "initialize", "{}") }
    }

    /// The answer's text.
    func send(_ number: Int, _ method: String, _ params: String) -> String {
      let line = #"{"jsonrpc":"2.0","id":\#(number),"method":"\#(method)","params":\#(params)}"# + "\n"
      Array(line.utf8).withUnsafeBytes { client.peer.receive($0) }
      server.handleCommits()
      let lines = String(decoding: client.peer.output.takeAll(), as: UTF8.self).split(separator: "\n")
      return lines.first { $0.contains(#""id":\#(number),"#) }.map(String.init) ?? ""
    }
  }

  private func owner() throws -> Server {
    let server = Server(pool: nil)
    server.keepSessions(in: try StateDirectory(storage))
    return server
  }

  private static let requests: [(number: Int, method: String, params: String)] = [
    (2, "session/open", #"{"session":"s","seed":4}"#),
    (3, "gpu/register", #"{"session":"s","gpus":[{"id":"a"}],"unknown":1}"#),
    (
      4, "pool/submit",
      #"""
      {"session":"s","encoders":[{"id":"a"},{"id":"b"},{"id":"c"}],"languageModels":[{"id":"l"},{"id":"m"}],\#
      "search":{"strategy":"race"},"task":{"name":"t","metric":{"name":"loss","direction":"minimize"},\#
      "alignmentSampleCount":1000}}
      """#
    ),
    // Without a worker each is another trial.
    (5, "trial/next", #"{"session":"s","memoryBytes":1}"#),
    (6, "trial/next", #"{"session":"s","memoryBytes":1}"#),
    (7, "trial/update", #"{"session":"s","trial":1,"step":1,"dataFraction":0.01,"score":2}"#),
    (8, "trial/fail", #"{"session":"s","trial":2,"kind":"lost"}"#),
    (
      9, "pipeline/define",
      #"{"session":"s","pipeline":"p","schedule":"1f1b","stages":1,"microbatches":1,"blockingPowerWatts":10}"#
    ),
    (
      10, "profile/submit",
      #"""
      {"session":"s","pipeline":"p","rows":[\#
      {"stage":0,"instruction":"forward","frequency":1,"timeSeconds":1,"energyJoules":9},\#
      {"stage":0,"instruction":"backward","frequency":1,"timeSeconds":1,"energyJoules":9}]}
      """#
    ),
    (11, "frontier/characterize", #"{"session":"s","pipeline":"p"}"#),
    (12, "search/revise", #"{"session":"s","budget":{"trials":9}}"#),
  ]

  enum Between: CaseIterable {
    case nothing, compaction, manyRecords
  }

  /// Each request that the owner has carried out is answered as it was and not carried out again; the others are.
  @Test(arguments: Between.allCases) func whatIsRecordedIsAnsweredFromTheJournal(_ between: Between) throws {
    let first = try owner()
    let before = Guest(of: first, called: "c")
    let answers = Self.requests.map { before.send($0.number, $0.method, $0.params) }
    #expect(answers.allSatisfy { $0.contains(#""result""#) }, "\(answers)")
    if between == .manyRecords {
      let other = Guest(of: first, called: "d")
      _ = other.send(2, "session/open", #"{"session":"s"}"#)
      for number in 3..<RecordedAnswers.lastRecordCount + 10 {
        _ = other.send(number, "gpu/register", #"{"session":"s","gpus":[{"id":"\#(number)"}]}"#)
      }
    }
    let state = try first.sessions.state("s")
    storage.restart(losesPower: true)
    if between == .compaction { _ = try StateInspection(StateDirectory(storage)).compact("s") }

    let second = try owner()
    let numbers = Self.requests.map(\.number) + [13, 14]
    let after = Guest(of: second, called: "c", pending: numbers)
    for (request, answer) in zip(Self.requests, answers) {
      #expect(after.send(request.number, request.method, request.params) == answer, "\(request.method)")
    }
    let found = try second.sessions.state("s")
    #expect(firstDifference(state, found, comparesObjects: true) == nil)
    // What the journal has not is carried out.
    #expect(after.send(13, "gpu/register", #"{"session":"s","gpus":[{"id":"z"}]}"#).contains(#""result""#))
    #expect(second.sessions.revision(of: "s") == state.revision + 1)
    // Another client's request of the same number is another request.
    let other = Guest(of: second, called: "e", pending: [3])
    _ = other.send(20, "session/open", #"{"session":"s"}"#)
    _ = other.send(3, "gpu/register", #"{"session":"s","gpus":[{"id":"y"}]}"#)
    #expect(second.sessions.revision(of: "s") == state.revision + 2)
  }

  @Test func aSessionWithoutANameIsOpenedOnce() throws {
    let first = try owner()
    let opened = Guest(of: first, called: "c").send(2, "session/open", "{}")
    storage.restart(losesPower: true)
    let second = try owner()
    let again = Guest(of: second, called: "c", pending: [2]).send(2, "session/open", "{}")
    #expect(again == opened)
    #expect(try StateDirectory(storage).storedNames.count == 1)
  }

  @Test func aSessionThatWasClosedIsClosed() throws {
    let first = try owner()
    let guest = Guest(of: first, called: "c")
    _ = guest.send(2, "session/open", #"{"session":"s"}"#)
    let closed = guest.send(3, "session/close", #"{"session":"s"}"#)
    storage.restart(losesPower: true)
    let again = Guest(of: try owner(), called: "c", pending: [3]).send(3, "session/close", #"{"session":"s"}"#)
    #expect(again == closed && again.contains("true"))
  }

  /// A connection that breaks while its owner goes on: what it asked for may still be under way there.
  @Test func theSameOwnerCannotTell() throws {
    let server = try owner()
    let guest = Guest(of: server, called: "c")
    _ = guest.send(2, "session/open", #"{"session":"s"}"#)
    let again = Guest(of: server, called: "c", pending: [3], owner: server.key)
    #expect(again.send(3, "gpu/register", #"{"session":"s","gpus":[]}"#).contains("outcomeUnknown"))
  }
}
