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
    let replayed = recorded.replayed()
    #expect(replayed.lines.count == recorded.lines.count, "\(name): another number of messages")
    for (now, then) in zip(replayed.lines, recorded.lines) {
      #expect(try canonical(now) == canonical(then), "\(name)")
    }
  }

  @Test(arguments: names) func everyRequestIsAnsweredOnce(_ name: String) throws {
    for (sent, received) in try transcript(name).exchanges {
      guard let id = sent["id"] else { continue }
      let answers = received.filter { $0["id"] == id && ($0["result"] == nil) != ($0["error"] == nil) }
      #expect(answers.count == 1, "\(name): \(sent.text)")
      // Progress of a computation ends before its answer, and nothing of it comes after.
      let last = received.lastIndex { $0["method"]?.stringValue == "$/progress" } ?? -1
      #expect(last < (received.firstIndex { $0["id"] == id } ?? 0), "\(name): \(sent.text)")
    }
  }

  /// Sends each request again after `session/export`, and expects the export to be the same where it was refused.
  @Test(arguments: names) func aRefusedRequestChangesNothing(_ name: String) throws {
    let client = LocalClient()
    func export() -> [String] {
      client.send(#"{"jsonrpc":"2.0","id":"export","method":"session/export","params":{"session":"s"}}"#)
    }
    var refused = 0
    for line in try transcript(name).lines {
      guard case .sent(let text) = line else { continue }
      let before = export()
      let received = client.send(text)
      guard received.contains(where: { $0.contains(#""error":{"#) }) else { continue }
      refused += 1
      #expect(export() == before, "\(name): \(text)")
    }
    #expect(name.hasSuffix("/refusals.transcript") ? refused > 30 : true)
  }

  private func transcript(_ name: String) throws -> Transcript {
    try #require(Transcript(try RepositoryFiles.text(name)), "\(name): a line is neither comment nor message")
  }

  private func canonical(_ line: Transcript.Line) throws -> String {
    switch line {
    case .comment(let text): text
    case .sent(let text): try JSON.parse(text).canonicalText
    case .received(let text): try JSON.parse(text).canonicalText
    }
  }
}
