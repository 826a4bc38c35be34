import Basics
import JSON
import JSONRPC
import Journal
import TestSupport
import Testing
import Transcripts

@testable import TrimtabServer

/// Clients that choose among the pushes about a session, and what they get of the time when they were away.
@Suite struct WatchTests {
  private let storage = SimulatedStorage(seed: 1)

  private func owner(isKept: Bool) throws -> LocalClient {
    let client = LocalClient(keepingSessionsIn: isKept ? try StateDirectory(storage) : nil)
    ask(client, "initialize", "{}")
    return client
  }

  private func joined(_ other: LocalClient) -> LocalClient {
    let client = LocalClient(beside: other)
    ask(client, "initialize", "{}")
    ask(client, "session/open", #"{"session":"s"}"#)
    return client
  }

  @discardableResult private func ask(_ client: LocalClient, _ method: String, _ params: String) -> JSON {
    send(client, method, params).answer
  }

  /// The answer to a request, and the notifications that came with it, in order.
  private func send(_ client: LocalClient, _ method: String, _ params: String) -> (answer: JSON, pushes: [JSON]) {
    let lines = client.send(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#)
    let messages = lines.map { (try? JSON.parse($0)) ?? .string($0) }
    return (messages.first { $0["id"] != nil } ?? .null, messages.filter { $0["method"] != nil })
  }

  private func pushes(_ client: LocalClient) -> [JSON] {
    client.received().compactMap { try? JSON.parse($0) }.filter { $0["method"] != nil }
  }

  /// What a client that has everything up to a revision gets, and then at each further request until it is up to date.
  private func missed(_ client: LocalClient, _ groups: String, from revision: Int) -> [JSON] {
    let params = #"{"session":"s","pushes":\#(groups),"fromRevision":\#(revision)}"#
    var (answer, found) = send(client, "session/watch", params)
    #expect(answer["result"] != nil, "\(answer)")
    while case let more = send(client, "session/list", "{}").pushes, !more.isEmpty { found += more }
    return found
  }

  private static let allGroups = #"["suggestion","trials","search","cost","frontier","plans"]"#

  /// A search and a job that both change, by random requests.
  private func act(_ client: LocalClient, _ random: inout SplitMix64, count: Int) {
    if ask(client, "session/open", #"{"session":"s","seed":3}"#)["result"]?["resumed"] == false {
      ask(
        client, "pool/submit",
        #"""
        {"session":"s","encoders":[{"id":"a"},{"id":"b"},{"id":"c"}],"languageModels":[{"id":"l"},{"id":"m"}],\#
        "search":{"strategy":"race","leaseSeconds":50,"budget":{"trials":40}},"task":{"name":"t",\#
        "metric":{"name":"loss","direction":"minimize"},"alignmentSampleCount":1000}}
        """#)
      ask(
        client, "pipeline/define",
        #"{"session":"s","pipeline":"p","schedule":"1f1b","stages":1,"microbatches":1,"blockingPowerWatts":10}"#)
      ask(client, "pipeline/replicate", #"{"session":"s","pipeline":"p","replicas":["q","r"]}"#)
    }
    var trial = 0
    for step in 1...count {
      switch random.index(below: 8) {
      case 0...1:
        let worker = random.index(below: 3)
        let answer = ask(
          client, "trial/next", #"{"session":"s","worker":"w\#(worker)","elapsedSeconds":\#(step)}"#)
        trial = answer["result"]?["trial"]?.integerValue ?? trial
      case 2...4 where trial > 0:
        let (fraction, score) = (Double(1 + random.index(below: 100)) / 100, 1 + Double(random.index(below: 90)) / 100)
        ask(
          client, "trial/update",
          #"""
          {"session":"s","trial":\#(1 + random.index(below: trial)),"step":\#(step),"dataFraction":\#(fraction),\#
          "score":\#(score),"gpuSeconds":\#(fraction * 100)}
          """#)
      case 5 where trial > 0: ask(client, "trial/fail", #"{"session":"s","trial":\#(trial),"kind":"lost"}"#)
      case 6:
        let rows = ["forward", "backward"].flatMap { kind in
          (1...3).map { clock in
            #"{"stage":0,"instruction":"\#(kind)","frequency":\#(clock),"timeSeconds":\#(4 - clock),"#
              + #""energyJoules":\#(20 * clock + random.index(below: 3))}"#
          }
        }
        ask(client, "profile/submit", #"{"session":"s","pipeline":"p","rows":[\#(rows.joined(separator: ","))]}"#)
        ask(client, "frontier/characterize", #"{"session":"s","pipeline":"p"}"#)
      default:
        let slowdown = Double(random.index(below: 4)) / 2
        ask(client, "straggler/report", #"{"session":"s","pipeline":"q","slowdownFraction":\#(slowdown)}"#)
      }
    }
  }

  private func revision(_ push: JSON) -> Int { push["params"]?["revision"]?.integerValue ?? -1 }

  /// What a client is sent that was away since any revision is what it would have been sent then: from memory, and from
  /// the journal by the next process.
  @Test(arguments: [false, true]) func aReaderThatWasAwayMissesNothing(_ isKept: Bool) throws {
    for seed in 0..<6 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let first = try owner(isKept: isKept)
      ask(first, "session/open", #"{"session":"s","seed":3}"#)
      let watcher = joined(first)
      ask(watcher, "session/watch", #"{"session":"s"}"#)
      ask(first, "session/close", #"{"session":"s","force":true}"#)
      // Opened again, the session begins a new history, and the client has to open it again too.
      #expect(ask(watcher, "session/watch", #"{"session":"s"}"#)["error"]?["data"]?["kind"] == "unknownSession")
      act(first, &random, count: 1)
      ask(watcher, "session/open", #"{"session":"s"}"#)
      var live = missed(watcher, Self.allGroups, from: 0)
      act(first, &random, count: 60)
      live += pushes(watcher)
      #expect(Set(live.compactMap { $0["method"]?.stringValue?.text }).count >= 5, "\(seed): \(live.count)")
      #expect(live.map(revision) == live.map(revision).sorted())
      let last = live.last.map(revision) ?? 0
      var readers = [first]
      if isKept {
        storage.restart(losesPower: true)
        readers.append(try owner(isKept: true))
        ask(readers[1], "session/open", #"{"session":"s"}"#)
      }
      for reader in readers {
        for from in [0, 1, last / 3, last - 1, last] where from >= 0 {
          let found = missed(joined(reader), Self.allGroups, from: from)
          #expect(found == live.filter { revision($0) > from }, "seed \(seed) from \(from)")
          let trials = found.filter { $0["method"]?.stringValue?.text.hasPrefix("trial/") ?? false }
          #expect(missed(joined(reader), #"["trials"]"#, from: from) == trials)
        }
      }
    }
  }

  /// A client goes on where it was with another server, also in the middle of a revision.
  @Test func aPositionLeadsToWhatFollowsIt() throws {
    var random = SplitMix64(seed: 9)
    let first = try owner(isKept: true)
    act(first, &random, count: 40)
    let all = missed(joined(first), Self.allGroups, from: 0)
    storage.restart(losesPower: false)
    for got in all.indices {
      var position = PushPosition(revision: 1)
      for push in all[..<got] { position.pass(revision(push)) }
      let server = Server(pool: nil)
      server.keepSessions(in: try StateDirectory(storage))
      let client = server.connect()
      let held = HeldSession(name: "s", choice: PushChoice(PushGroup.allCases), position: position)
      client.resume(["roots": []], sessions: [try #require(HeldSession(held.json))], hasShutDown: false)
      server.handleCommits()
      let text = String(decoding: client.peer.output.takeAll(), as: UTF8.self)
      let found = text.split(separator: "\r\n\r\n").flatMap { $0.split(separator: "Content-Length") }
        .filter { $0.hasPrefix("{") }.compactMap { try? JSON.parse(String($0)) }
      #expect(found == Array(all[got...]), "\(got)")
    }
  }

  /// What memory has forgotten comes from the journal; without one the client is refused, and learns from where it may
  /// go on.
  @Test(arguments: [false, true]) func whatIsForgotten(_ isKept: Bool) throws {
    let first = try owner(isKept: isKept)
    ask(first, "session/open", #"{"session":"s"}"#)
    let watcher = joined(first)
    ask(watcher, "session/watch", #"{"session":"s","pushes":["trials"]}"#)
    ask(
      first, "pool/submit",
      #"""
      {"session":"s","encoders":[{"id":"a"}],"languageModels":[{"id":"l"}],"search":{"strategy":"grid"},\#
      "task":{"name":"t","metric":{"name":"loss","direction":"minimize"},"alignmentSampleCount":1000}}
      """#)
    for trial in 1...(PushHistory.limit / 2 + 100) {
      ask(first, "trial/next", #"{"session":"s","worker":"w"}"#)
      ask(first, "trial/fail", #"{"session":"s","trial":\#(trial),"kind":"paused"}"#)
    }
    let live = pushes(watcher)
    #expect(live.count == PushHistory.limit + 200)
    if isKept {
      #expect(missed(joined(first), #"["trials"]"#, from: 0) == live)
    } else {
      let refused = ask(joined(first), "session/watch", #"{"session":"s","pushes":["trials"],"fromRevision":0}"#)
      #expect(refused["error"]?["data"]?["kind"] == "revisionTooOld")
      let oldest = try #require(refused["error"]?["data"]?["revision"]?.integerValue)
      #expect(oldest > 0)
      #expect(missed(joined(first), #"["trials"]"#, from: oldest) == live.filter { revision($0) > oldest })
      #expect(
        ask(joined(first), "session/watch", #"{"session":"s","pushes":["trials"],"fromRevision":\#(oldest - 1)}"#)[
          "error"]?["data"]?["kind"] == "revisionTooOld")
    }
    // Frequent pushes do not displace rare ones.
    #expect(missed(joined(first), #"["search"]"#, from: 0).isEmpty)
  }

  /// A client that has chosen nothing gets what it always got.
  @Test func openingGivesTheEarlierPushesOnly() throws {
    var random = SplitMix64(seed: 2)
    let first = try owner(isKept: false)
    ask(first, "session/open", #"{"session":"s","seed":3}"#)
    let other = joined(first)
    act(first, &random, count: 60)
    let methods = Set(pushes(other).compactMap { $0["method"]?.stringValue?.text })
    #expect(methods.isSubset(of: ["suggestion/changed", "frontier/changed", "plan/changed"]))
  }
}
