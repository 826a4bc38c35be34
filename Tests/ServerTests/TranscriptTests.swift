import Basics
import JSON
import TestSupport
import Testing
import Transcripts

/// The recorded conversations still go as recorded, byte for byte after canonical formatting.
@Suite struct TranscriptTests {
  static let names = RepositoryFiles.paths(below: "fixtures/transcripts", ending: ".transcript")

  @Test func thereAreTranscripts() { #expect(Self.names.count >= 6) }

  @Test(arguments: names) func replaysAsRecorded(_ name: String) throws {
    let recorded = try transcript(name)
    for finding in try recorded.findings() {
      Issue.record("\(name), line \((finding.line ?? -1) + 1): \(finding.differences.map(\.text))")
    }
    // Here computations run at once, so that the order of all messages is the recorded one as well.
    let replayed = recorded.replayed()
    #expect(replayed.lines.count == recorded.lines.count, "\(name): another number of messages")
    for (now, then) in zip(replayed.lines, recorded.lines) {
      #expect(try canonical(now) == canonical(then), "\(name)")
    }
  }

  @Test(arguments: names) func everyRequestIsAnsweredOnce(_ name: String) throws {
    for (sent, received, _) in try transcript(name).requests {
      // An answer is not answered, and what is no id is answered as null.
      guard sent["result"] == nil, let id = sent["id"], id.stringValue != nil || id.integerValue != nil || id == .null
      else { continue }
      let answers = received.filter { $0["id"] == id && ($0["result"] == nil) != ($0["error"] == nil) }
      #expect(answers.count == 1, "\(name): \(sent.text)")
      // Progress of a computation ends before its answer, and nothing of it comes after.
      let last = received.lastIndex { $0["method"]?.stringValue == "$/progress" } ?? -1
      #expect(last < (received.firstIndex { $0["id"] == id } ?? 0), "\(name): \(sent.text)")
    }
  }

  /// Compares all sessions, with everything they hold, before and after each request that was refused.
  @Test(arguments: names) func aRefusedRequestChangesNothing(_ name: String) throws {
    let client = LocalClient()
    var refused = 0
    for line in try transcript(name).lines {
      guard case .sent(let text) = line else { continue }
      let before = client.sessions
      let received = client.send(text)
      guard received.contains(where: { $0.contains(#""error":{"#) }) else { continue }
      // Where a batch was refused in part, the rest of it may change something.
      let parts = received.compactMap { try? JSON.parse($0) }.flatMap { $0.arrayValue ?? [$0] }
      guard parts.allSatisfy({ $0["result"] == nil }) else { continue }
      refused += 1
      #expect(firstDifference(before, client.sessions) == nil, "\(name): \(text)")
    }
    #expect(name.hasSuffix("/refusals.transcript") ? refused > 30 : true)
  }

  /// The comparison above would notice a change, of whichever part.
  @Test(arguments: [
    ("stragglers", #""method":"straggler/report""#), ("live", #""method":"profile/submit""#),
    ("frontier", #""method":"frontier/characterize""#), ("gpus", #""method":"gpu/register""#),
    ("selection", #""method":"trial/next""#), ("selection", #""method":"trial/update""#),
    ("sessions", #""method":"session/open""#),
  ])
  func anAcceptedRequestIsNoticed(_ name: String, method: String) throws {
    let client = LocalClient()
    var noticed = 0
    for case .sent(let text) in try transcript("fixtures/transcripts/\(name).transcript").lines {
      let before = client.sessions
      _ = client.send(text)
      if text.contains(method), firstDifference(before, client.sessions) != nil { noticed += 1 }
    }
    #expect(noticed > 0)
  }

  private func transcript(_ name: String) throws -> Transcript {
    try #require(Transcript(try RepositoryFiles.text(name)), "\(name): a line is neither comment nor message")
  }

  private func canonical(_ line: Transcript.Line) throws -> String {
    switch line {
    case .comment(let text): text
    // A client may send what is no JSON.
    case .sent(let text): (try? JSON.parse(text).canonicalText) ?? text
    case .received(let text): try JSON.parse(text).canonicalText
    }
  }
}
