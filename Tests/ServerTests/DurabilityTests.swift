import Basics
import JSON
import Journal
import Sessions
import TestSupport
import Testing
import Transcripts

/// Sessions that are kept in a state directory, over a file layer in memory.
@Suite struct DurabilityTests {
  private static let initialize = #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{}}"#

  private func open(_ name: String) -> String {
    JSON.object(
      JSONObject(members: [
        .init(key: "jsonrpc", value: "2.0"), .init(key: "id", value: "o"),
        .init(key: "method", value: "session/open"),
        .init(key: "params", value: .object(JSONObject(members: [.init(key: "session", value: .string(name))]))),
      ])
    ).text
  }

  private func transcript(_ name: String) throws -> Transcript {
    try #require(Transcript(try RepositoryFiles.text(name)))
  }

  private func client(_ storage: SimulatedStorage) throws -> LocalClient {
    LocalClient(keepingSessionsIn: try StateDirectory(storage))
  }

  /// Every conversation there is, with every method: the sessions that a new process recovers are those that the first
  /// one had, in everything they hold.
  @Test(arguments: TranscriptTests.names) func everyTranscriptIsRecovered(_ name: String) throws {
    let storage = SimulatedStorage(seed: 1)
    let first = try client(storage)
    for case .sent(let text) in try transcript(name).lines { _ = first.send(text) }
    storage.restart(losesPower: true)

    let second = try client(storage)
    _ = second.send(Self.initialize)
    for summary in first.sessions.summaries {
      let answers = second.send(open(summary.name))
      #expect(answers.contains { $0.contains(#""resumed":true"#) }, "\(name): \(answers)")
      guard second.sessions.contains(summary.name) else { continue }
      var (before, after) = (try first.sessions.state(summary.name), try second.sessions.state(summary.name))
      // Each process has its own.
      (before.planArchive, after.planArchive) = (nil, nil)
      #expect(firstDifference(before, after, comparesObjects: true) == nil, "\(name)")
    }
    #expect(second.sessions.count == first.sessions.count)
  }

  /// The answers to the rest of a conversation do not tell whether the process was stopped in between.
  @Test(arguments: ["selection", "live", "stragglers", "search-control", "mid-trial", "machine", "gpus", "power"])
  func aConversationContinuesAsIfNothingHadHappened(_ name: String) throws {
    let path = "fixtures/transcripts/\(name).transcript"
    let sent = try transcript(path).lines.compactMap { line in if case .sent(let text) = line { text } else { nil } }
    var random = SplitMix64(seed: 7)
    for _ in 0..<3 {
      let storage = SimulatedStorage(seed: random.next())
      let (undisturbed, stopped) = (LocalClient(), try client(storage))
      let cut = 1 + random.index(below: sent.count - 1)
      for text in sent[..<cut] where !text.contains(#""method":"shutdown""#) {
        _ = (undisturbed.send(text), stopped.send(text))
      }
      storage.restart(losesPower: true)
      let resumed = try client(storage)
      _ = resumed.send(sent[0])
      for summary in undisturbed.sessions.summaries { _ = resumed.send(open(summary.name)) }
      for text in sent[cut...] where !text.contains(#""method":"session/list""#) {
        let (expected, found) = (undisturbed.send(text), resumed.send(text))
        #expect(found == expected.map(durable), "\(name), cut at \(cut): \(text.prefix(200))")
      }
    }
  }

  /// The one difference that is meant.
  private func durable(_ answer: String) -> String {
    answer.replacing(#""durability":"memory""#, with: #""durability":"journal""#)
  }

  /// Plans that took long to find are kept beside the journal. Whatever becomes of the file, the frontier is the same.
  @Test(arguments: [Damage.none, .byte(40), .byte(3000), .lost]) func plansAreKeptBesideTheJournal(
    _ damage: Damage
  ) throws {
    let storage = SimulatedStorage(seed: 1)
    let rows = (0..<8).flatMap { table in
      [(1410, 1.0, 300.0), (1200, 1.2, 240.0), (900, 1.7, 220.0)].map { clock, slower, watts in
        let seconds = 0.1 * slower * (1 + 0.05 * Double(table))
        return #"{"stage":\#(table / 2),"instruction":"\#(table % 2 == 0 ? "forward" : "backward")","#
          + #""frequency":\#(clock),"timeSeconds":\#(seconds),"energyJoules":\#(watts * seconds)}"#
      }
    }
    let first = try client(storage)
    for text in [
      Self.initialize, open("s"),
      Conversation.request(
        "pipeline/define",
        #"{"session":"s","pipeline":"p","schedule":"1f1b","stages":4,"microbatches":32,"blockingPowerWatts":60}"#,
        id: 1),
      Conversation.request(
        "profile/submit", #"{"session":"s","pipeline":"p","rows":[\#(rows.joined(separator: ","))]}"#, id: 2),
      Conversation.request("frontier/characterize", #"{"session":"s","pipeline":"p"}"#, id: 3),
    ] {
      #expect(first.send(text).contains { $0.contains(#""result""#) }, "\(text.prefix(80))")
    }
    let file = try #require(try storage.names(in: KeptFiles.folder).first)
    switch damage {
    case .none: break
    case .byte(let offset): storage.damage("\(KeptFiles.folder)/\(file)", at: offset)
    case .lost: try storage.remove("\(KeptFiles.folder)/\(file)")
    }
    storage.restart(losesPower: false)

    let second = try client(storage)
    _ = second.send(Self.initialize)
    #expect(second.send(open("s")).contains { $0.contains(#""resumed":true"#) })
    var (before, after) = (try first.sessions.state("s"), try second.sessions.state("s"))
    (before.planArchive, after.planArchive) = (nil, nil)
    #expect(firstDifference(before, after, comparesObjects: true) == nil)
    _ = second.send(Conversation.request("session/close", #"{"session":"s"}"#, id: 4))
    #expect(try storage.names(in: KeptFiles.folder).isEmpty)
  }

  /// What becomes of a file of plans.
  enum Damage {
    case none
    case byte(Int)
    case lost
  }

  @Test func aFailedSyncClosesTheSessionAlone() throws {
    let storage = SimulatedStorage(seed: 3)
    let client = try client(storage)
    _ = client.send(Self.initialize)
    _ = client.send(open("a"))
    _ = client.send(open("b"))
    func register(_ id: String, _ session: String) -> [String] {
      client.send(
        #"{"jsonrpc":"2.0","id":2,"method":"gpu/register","params":{"session":"\#(session)","gpus":[{"id":"\#(id)"}]}}"#
      )
    }
    #expect(register("kept", "a")[0].contains(#""gpuCount":1"#))
    storage.fail(at: storage.operationCount + 1, with: 5)
    #expect(register("lost", "a").contains { $0.contains(#""kind":"storageFailed""#) })
    #expect(register("more", "a")[0].contains(#""kind":"storageFailed""#))
    #expect(register("other", "b")[0].contains(#""gpuCount":1"#))
    #expect(client.send(open("a"))[0].contains(#""revision":1,"resumed":true"#))
    #expect(register("again", "a")[0].contains(#""gpuCount":2"#))
  }

  /// At the write or the sync of the last record.
  @Test(arguments: [0, 1]) func aSessionWhoseCloseFailsIsStoredAndGoesOn(_ operation: Int) throws {
    let storage = SimulatedStorage(seed: 3)
    let client = try client(storage)
    _ = client.send(Self.initialize)
    _ = client.send(open("a"))
    _ = client.send(
      #"{"jsonrpc":"2.0","id":1,"method":"gpu/register","params":{"session":"a","gpus":[{"id":"g"}]}}"#)
    storage.fail(at: storage.operationCount + operation, with: 5)
    let closed = client.send(#"{"jsonrpc":"2.0","id":2,"method":"session/close","params":{"session":"a"}}"#)
    #expect(closed.contains { $0.contains(#""kind":"storageFailed""#) }, "\(closed)")
    let list = client.send(#"{"jsonrpc":"2.0","id":3,"method":"session/list","params":{}}"#)
    #expect(list.contains { $0.contains(#""sessions":[],"stored":["a"]"#) }, "\(list)")
    let opened = client.send(open("a"))
    #expect(opened.contains { $0.contains(#""revision":1,"resumed":true"#) }, "\(opened)")
  }

  @Test func aDamagedJournalStopsItsSessionAlone() throws {
    let storage = SimulatedStorage(seed: 4)
    let first = try client(storage)
    _ = first.send(Self.initialize)
    for name in ["a", "b"] {
      _ = first.send(open(name))
      for id in 0..<3 {
        _ = first.send(
          #"{"jsonrpc":"2.0","id":2,"method":"gpu/register","params":{"session":"\#(name)","gpus":[{"id":"\#(id)"}]}}"#)
      }
    }
    storage.damage(StateDirectory.path(of: "a"), at: 140)
    let second = try client(storage)
    _ = second.send(Self.initialize)
    let refusal = second.send(open("a"))[0]
    #expect(refusal.contains(#""kind":"journalUnusable""#) && refusal.contains("record 2"), "\(refusal)")
    #expect(second.send(open("b"))[0].contains(#""revision":3,"resumed":true"#))
  }

  @Test func mintedNamesAreNeverGivenTwice() throws {
    let storage = SimulatedStorage(seed: 5)
    let unnamed = #"{"jsonrpc":"2.0","id":1,"method":"session/open"}"#
    let first = try client(storage)
    _ = first.send(Self.initialize)
    #expect(first.send(unnamed)[0].contains("session-1"))
    #expect(first.send(unnamed)[0].contains("session-2"))
    _ = first.send(#"{"jsonrpc":"2.0","id":1,"method":"session/close","params":{"session":"session-2"}}"#)
    let second = try client(storage)
    _ = second.send(Self.initialize)
    #expect(second.send(unnamed)[0].contains("session-3"))
  }
}
