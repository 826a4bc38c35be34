import Basics
import JSON
import Journal
import Sessions
import TestSupport
import Testing
import Transcripts

@testable import TrimtabServer

/// A compacted journal says what it said before, in fewer bytes.
@Suite struct CompactionTests {
  private static let initialize = #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{}}"#
  private static let open = #"{"jsonrpc":"2.0","id":"o","method":"session/open","params":{"session":"s"}}"#

  private func client(_ storage: SimulatedStorage) throws -> LocalClient {
    let client = LocalClient(keepingSessionsIn: try StateDirectory(storage))
    _ = client.send(Self.initialize)
    return client
  }

  private func dump(_ name: ExactString, _ storage: SimulatedStorage) throws -> [String] {
    var lines: [String] = []
    try StateInspection(try StateDirectory(storage)).dump(name) { lines.append($0) }
    return lines
  }

  /// Conversations with every method.
  @Test(arguments: TranscriptTests.names) func everyTranscriptIsRecoveredFromCompactedJournals(_ name: String) throws {
    let storage = SimulatedStorage(seed: 1)
    let first = try client(storage)
    for case .sent(let text) in try #require(Transcript(try RepositoryFiles.text(name))).lines { _ = first.send(text) }
    storage.restart(losesPower: true)
    for summary in first.sessions.summaries {
      let before = try dump(ExactString(summary.name), storage)
      _ = try StateInspection(try StateDirectory(storage)).compact(ExactString(summary.name))
      storage.restart(losesPower: true)
      #expect(try dump(ExactString(summary.name), storage) == before, "\(name), \(summary.name)")
      let second = try client(storage)
      _ = second.send(Self.open.replacing(#""session":"s""#, with: "\"session\":\(JSON.string(summary.name).text)"))
      let (expected, found) = (try first.sessions.state(summary.name), try second.sessions.state(summary.name))
      #expect(firstDifference(expected, found, comparesObjects: true) == nil, "\(name), \(summary.name)")
    }
  }

  /// Updates of several trials in turn, with fields that come and go.
  private func updates(_ count: Int, seed: UInt64, _ client: LocalClient) {
    var random = SplitMix64(seed: seed)
    _ = client.send(Self.open)
    _ = client.send(
      #"""
      {"jsonrpc":"2.0","id":1,"method":"pool/submit","params":{"session":"s","encoders":[{"id":"a"},{"id":"b"}],\#
      "languageModels":[{"id":"c"},{"id":"d"}],"search":{"strategy":"grid"},\#
      "task":{"name":"t","metric":{"name":"loss","direction":"minimize"},"alignmentSampleCount":1000000}}}
      """#)
    for worker in 0..<4 {
      _ = client.send(
        #"{"jsonrpc":"2.0","id":1,"method":"trial/next","params":{"session":"s","worker":"\#(worker)"}}"#)
    }
    for step in 1...count {
      let isPlain = random.index(below: 40) > 0
      let extra = [#","checkpoint":{"path":"w\#(step)","none":null}"#, #","gpuSeconds":\#(step)"#, #","note":"x""#]
      let (trial, fraction, score) = (1 + step % 4, 1e-7 * Double(step), 2 + random.unitFraction())
      let more = isPlain ? "" : extra[random.index(below: 3)]
      let answers = client.send(
        #"""
        {"jsonrpc":"2.0","id":1,"method":"trial/update","params":{"session":"s","trial":\#(trial),"step":\#(step),\#
        "dataFraction":\#(fraction),"score":\#(score)\#(more)}}
        """#)
      #expect(answers.first?.contains(#""decision":"continue""#) ?? false, "\(answers)")
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func runsOfUpdatesAreShortAndSayTheSame(_ seed: UInt64) throws {
    let storage = SimulatedStorage(seed: seed)
    let first = try client(storage)
    updates(2500, seed: seed, first)
    storage.restart(losesPower: true)
    let before = try dump("s", storage)
    #expect(before.count == 2506)
    let directory = try StateDirectory(storage)
    _ = try StateInspection(directory).compact("s")
    let byteCount = try #require(try reading(directory)).byteCount
    #expect(byteCount <= 80 * 2500, "\(Double(byteCount) / 2500) bytes an update")
    #expect(try dump("s", storage) == before)
    // Once more, now from runs and with records after them.
    let second = try client(storage)
    #expect(second.send(Self.open)[0].contains(#""revision":2505,"resumed":true"#))
    let expected = try first.sessions.state("s")
    #expect(firstDifference(expected, try second.sessions.state("s"), comparesObjects: true) == nil)
  }

  private func reading(_ directory: StateDirectory) throws -> (byteCount: Int, count: Int)? {
    var reader = try directory.reader(of: "s")
    guard try reader.skipToEnd() == .whole else { return nil }
    return (reader.offset, reader.count)
  }

  @Test func aServerCompactsAJournalThatGrows() throws {
    let storage = SimulatedStorage(seed: 4)
    let first = try client(storage)
    updates(32_000, seed: 4, first)
    let (byteCount, count) = try #require(try reading(try StateDirectory(storage)))
    // 4 MiB of plain records were compacted, and the rest is as it was appended.
    #expect(byteCount < 32_000 * 90 && count < 12_000, "\(byteCount) bytes, \(count) records")
    storage.restart(losesPower: true)
    let second = try client(storage)
    #expect(second.send(Self.open)[0].contains(#""revision":32005,"resumed":true"#))
    #expect(
      firstDifference(try first.sessions.state("s"), try second.sessions.state("s"), comparesObjects: true) == nil)
  }

  @Test func aRunThatIsNoneIsRefused() {
    for text in [
      #"{"run":2,"method":"trial/update","firstRevision":1,"params":{"step":{"each":[1]}}}"#,
      #"{"run":0,"method":"trial/update","firstRevision":1,"params":{}}"#,
      #"{"run":9223372036854775807,"method":"trial/update","firstRevision":1,"params":{}}"#,
      #"{"run":2,"method":"trial/update","firstRevision":9223372036854775807,"params":{}}"#,
      #"{"run":2,"method":"trial/update","firstRevision":1,"params":{"step":3}}"#,
      #"{"run":2}"#,
    ] {
      #expect(RecordRun(Array(text.utf8)) == nil, "\(text)")
    }
  }
}
