import Basics
import JSON
import Journal
import Sessions
import TestSupport
import Testing
import Transcripts

@testable import TrimtabServer

/// Journals of which this version can apply a part: their sessions are open as of the request before, and only read.
@Suite struct ReadOnlyTests {
  private static let initialize = #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{}}"#
  private static let open = #"{"jsonrpc":"2.0","id":"o","method":"session/open","params":{"session":"s"}}"#
  private let storage = SimulatedStorage(seed: 1)

  private func client() throws -> LocalClient {
    let client = LocalClient(keepingSessionsIn: try StateDirectory(storage))
    _ = client.send(Self.initialize)
    return client
  }

  private func request(_ method: String, _ params: String) -> String {
    #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{"session":"s",\#(params)}}"#
  }

  /// A session with a search of four candidates, and then records as another version may have written them.
  private func make(then records: [String]) throws -> SessionState {
    let first = try client()
    _ = first.send(Self.open)
    _ = first.send(
      request(
        "pool/submit",
        #"""
        "encoders":[{"id":"a"},{"id":"b"}],"languageModels":[{"id":"c"},{"id":"d"}],"search":{"strategy":"grid"},\#
        "task":{"name":"t","metric":{"name":"loss","direction":"minimize"},"alignmentSampleCount":1000}
        """#))
    #expect(first.send(request("trial/next", #""worker":"w""#))[0].contains(#""trial":1"#))
    var reader = try StateDirectory(storage).reader(of: "s")
    _ = try reader.skipToEnd()
    let file = try JournalFile(continuing: reader, in: storage)
    let committer = Committer(start: { _ in false }, report: { _, _ in })
    for record in records { _ = committer.append(Array(record.utf8), to: file) }
    #expect(file.failure == nil)
    return try first.sessions.state("s")
  }

  @Test(arguments: [
    (#"{"method":"method/ofLater","params":{"session":"s"},"revision":3}"#, "method/ofLater"),
    (#"{"method":"trial/update","params":{"session":"s","trial":9,"step":1,"score":2},"revision":3}"#, "trial/update"),
    (
      #"{"method":"trial/next","params":{"session":"s","worker":"x"},"revision":3,"given":{"trial":9}}"#,
      "as it was given out"
    ),
    (#"{"run":2}"#, "a request"),
    ("nonsense", "nonsense"),
  ])
  func aJournalAppliesUpToTheFirstDifference(_ record: String, _ named: String) throws {
    // What follows is not applied either.
    let later = #"{"method":"gpu/register","params":{"session":"s","gpus":[{"id":"g"}]},"revision":4}"#
    let before = try make(then: [record, later])
    let bytes = storage.contents(of: StateDirectory.path(of: "s"))
    let second = try client()
    let opened = second.send(Self.open)
    let answer = try #require(opened.first { $0.contains(#""id":"o""#) })
    #expect(answer.contains(#""readOnly":"#) && answer.contains("request 4") && answer.contains(named), "\(answer)")
    #expect(opened.contains { $0.contains("can only be read") })
    #expect(firstDifference(before, try second.sessions.state("s"), comparesObjects: true) == nil)

    #expect(second.send(request("suggestion/ranking", #""limit":1"#))[0].contains(#""result""#))
    for (method, params) in [
      ("trial/next", #""worker":"y""#), ("gpu/register", #""gpus":[{"id":"g"}]"#), ("session/close", #""force":true"#),
      ("frontier/characterize", #""pipeline":"p""#),
      ("trial/update", #""trial":1,"step":1,"dataFraction":0.1,"score":2"#),
    ] {
      let answers = second.send(request(method, params))
      #expect(answers.count == 1 && answers[0].contains(#""kind":"journalUnusable""#), "\(method): \(answers)")
    }
    let notified = second.send(
      #"""
      {"jsonrpc":"2.0","method":"trial/update","params":{"session":"s","trial":1,"step":1,"dataFraction":0.1,"score":2}}
      """#)
    #expect(notified.contains { $0.contains("trial/decided") && $0.contains("journalUnusable") })
    #expect(second.send(Self.open)[0].contains(#""resumed":true"#))
    #expect(firstDifference(before, try second.sessions.state("s"), comparesObjects: true) == nil)
    #expect(storage.contents(of: StateDirectory.path(of: "s")) == bytes)
    // Others are as ever.
    let other = #"{"jsonrpc":"2.0","id":1,"method":"session/open","params":{"session":"other"}}"#
    #expect(second.send(other)[0].contains(#""resumed":false"#))
  }

  private static let update =
    #"{"method":"trial/update","params":{"session":"s","trial":1,"step":1,"dataFraction":0.1,"score":2},"revision":"#

  /// Another version gave out another trial, let a trial go on that ends by this one, or counted otherwise: what it
  /// gave out stays, and the session goes on.
  @Test(arguments: [
    (
      [
        #"""
        {"method":"trial/next","params":{"session":"s","worker":"x"},"revision":3,"given":{"trial":2,"toFraction":0.5,\#
        "candidate":{"encoder":"b","languageModel":"d"}}}
        """#
      ], "request 4 (trial/next)", 2
    ),
    (
      [
        #"""
        {"method":"trial/update","params":{"session":"s","trial":1,"step":1,"dataFraction":1,"score":2},"revision":3}
        """#,
        #"""
        {"method":"trial/update","params":{"session":"s","trial":1,"step":2,"dataFraction":1,"score":2},"revision":4}
        """#,
      ], "request 5 (trial/update)", 1
    ),
    ([update + "7}"], "request 4 (trial/update)", 1),
  ])
  func aJournalOfAnotherVersionGoesOn(_ records: [String], _ named: String, _ trialCount: Int) throws {
    _ = try make(then: records)
    let last = try #require(records.last.flatMap { ChangeRecord(Array($0.utf8)) })
    var states: [SessionState] = []
    for _ in 0..<2 {
      let next = try client()
      let opened = next.send(Self.open)
      let answer = try #require(opened.first { $0.contains(#""id":"o""#) })
      #expect(answer.contains(#""difference":"#) && answer.contains(named), "\(answer)")
      #expect(answer.contains(#""revision":\#(last.revision)"#) && !answer.contains(#""readOnly":"#), "\(answer)")
      #expect(opened.contains { $0.contains("goes on as it was") })
      states.append(try next.sessions.state("s"))
      #expect(states[0].search?.trialCount == trialCount)
    }
    #expect(firstDifference(states[0], states[1], comparesObjects: true) == nil)
    // It goes on, and what it then makes is recovered as well.
    let third = try client()
    _ = third.send(Self.open)
    let given = third.send(request("trial/next", #""worker":"y""#))[0]
    #expect(given.contains(#""trial":\#(trialCount + 1)"#), "\(given)")
    let fourth = try client()
    #expect(fourth.send(Self.open).contains { $0.contains(named) })
    let (before, after) = (try third.sessions.state("s"), try fourth.sessions.state("s"))
    #expect(firstDifference(before, after, comparesObjects: true) == nil)
    let list = fourth.send(request("trial/list", #""limit":10"#))[0]
    if trialCount == 2 {
      #expect(list.contains(#""trial":2,"candidate":{"encoder":"b","languageModel":"d"}"#), "\(list)")
      #expect(list.contains(#""toFraction":0.5"#), "\(list)")
    }
  }

  @Test func requestsAfterOneThatWasLeftOutKeepTheirNumbers() throws {
    let update = #"{"method":"trial/update","params":{"session":"s","trial":1,"step":1,"dataFraction":0.1,"score":2}"#
    let leftOut = LeftOut.record(
      of: try #require(ChangeRecord(Array((update + #","revision":3}"#).utf8))), session: "s")
    let last = #"{"method":"gpu/register","params":{"session":"s","gpus":[{"id":"g"}]},"revision":4}"#
    _ = try make(then: [String(decoding: leftOut.bytes, as: UTF8.self), last])
    let second = try client()
    let answer = second.send(Self.open)[0]
    #expect(answer.contains(#""revision":4"#) && !answer.contains("readOnly"), "\(answer)")
    #expect(second.send(request("gpu/register", #""gpus":[{"id":"h"}]"#))[0].contains(#""gpuCount":2"#))
  }
}
