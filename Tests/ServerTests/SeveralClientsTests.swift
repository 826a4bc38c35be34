import JSON
import Journal
import TestSupport
import Testing
import Transcripts

/// Several clients of one server: each has its own lifecycle and sessions, and those it shares are the same sessions.
@Suite struct SeveralClientsTests {
  private let first = LocalClient()

  private func joined() -> LocalClient {
    let client = LocalClient(beside: first)
    _ = client.send(#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#)
    return client
  }

  /// The answer to one request; everything else that came with it goes to `met`.
  @discardableResult private func ask(
    _ client: LocalClient, _ method: String, _ params: String, met: (JSON) -> Void = { _ in }
  ) -> JSON {
    var answer = JSON.null
    for line in client.send(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#) {
      let message = (try? JSON.parse(line)) ?? .string(line)
      if message["id"] == 1 { answer = message } else { met(message) }
    }
    return answer
  }

  private func pushes(_ client: LocalClient) -> [JSON?] {
    client.received().map { (try? JSON.parse($0))?["method"] }
  }

  @Test func eachClientHasItsOwnLifecycle() {
    let second = LocalClient(beside: first)
    ask(first, "initialize", "{}")
    #expect(ask(second, "session/list", "{}")["error"]?["code"] == -32002)
    ask(second, "initialize", #"{"unknownFields":"refuse"}"#)
    #expect(ask(first, "session/list", #"{"x":1}"#)["result"]?["warnings"] != nil)
    #expect(ask(second, "session/list", #"{"x":1}"#)["error"]?["code"] == -32602)
    ask(first, "shutdown", "{}")
    #expect(ask(first, "session/list", "{}")["error"]?["data"]?["kind"] == "shutDown")
    #expect(ask(second, "session/list", "{}")["result"] != nil)
  }

  @Test func aSessionIsUsedByThoseThatOpenedIt() {
    ask(first, "initialize", "{}")
    let second = joined()
    #expect(ask(first, "session/open", #"{"session":"s"}"#)["result"]?["resumed"] == false)
    let refusal = ask(second, "gpu/list", #"{"session":"s"}"#)["error"]
    #expect(refusal?["data"]?["kind"] == "unknownSession")
    #expect(ask(second, "session/open", #"{"session":"s"}"#)["result"]?["resumed"] == true)
    ask(second, "gpu/register", #"{"session":"s","gpus":[{"id":"a"}]}"#)
    #expect(ask(first, "gpu/list", #"{"session":"s"}"#)["result"]?["gpus"]?.arrayValue?.count == 1)
  }

  @Test func aNotificationAboutASessionOfOthersIsRefused() {
    ask(first, "initialize", "{}")
    let second = joined()
    ask(first, "session/open", #"{"session":"s"}"#)
    let decided = second.send(
      #"{"jsonrpc":"2.0","method":"trial/update","params":{"session":"s","trial":1,"step":1,"sampleCount":1,"score":1}}"#
    )
    #expect(decided.count == 1 && decided[0].contains("unknownSession"))
    #expect(pushes(first).isEmpty)
  }

  @Test func pushesGoToThoseThatOpenedTheSession() {
    ask(first, "initialize", "{}")
    let (second, third) = (joined(), joined())
    for client in [first, second] { ask(client, "session/open", #"{"session":"s"}"#) }
    ask(third, "session/open", #"{"session":"other"}"#)
    ask(
      first, "pipeline/define",
      #"{"session":"s","pipeline":"p","schedule":"1f1b","stages":1,"microbatches":1,"blockingPowerWatts":10}"#)
    let row = #"{"stage":0,"instruction":"KIND","frequency":1,"timeSeconds":1,"energyJoules":9}"#
    let rows = ["forward", "backward"].map { row.replacing("KIND", with: $0) }.joined(separator: ",")
    ask(first, "profile/submit", #"{"session":"s","pipeline":"p","rows":[\#(rows)]}"#)
    var met: [JSON?] = []
    let answer = ask(first, "frontier/characterize", #"{"session":"s","pipeline":"p"}"#) { met.append($0["method"]) }
    #expect(answer["result"] != nil, "\(answer)")
    #expect(met == ["frontier/changed", "plan/changed"])
    #expect(pushes(second) == ["frontier/changed", "plan/changed"])
    #expect(pushes(third).isEmpty)
    second.disconnect()
    #expect(ask(first, "frontier/characterize", #"{"session":"s","pipeline":"p"}"#)["result"] != nil)
    #expect(pushes(second).isEmpty)
  }

  @Test func aClosedSessionIsClosedForAll() {
    ask(first, "initialize", "{}")
    let second = joined()
    for client in [first, second] { ask(client, "session/open", #"{"session":"s"}"#) }
    second.disconnect()
    let third = joined()
    ask(third, "session/open", #"{"session":"s"}"#)
    let refusal = ask(first, "session/close", #"{"session":"s"}"#)["error"]
    #expect(refusal?["data"]?["kind"] == "sessionShared")
    #expect(ask(third, "gpu/list", #"{"session":"s"}"#)["result"] != nil)
    #expect(ask(first, "session/close", #"{"session":"s","force":true}"#)["result"] != nil)
    // Another session of that name is none that the third client has opened.
    ask(first, "session/open", #"{"session":"s"}"#)
    #expect(ask(third, "gpu/list", #"{"session":"s"}"#)["error"]?["data"]?["kind"] == "unknownSession")
  }

  @Test func theLastClientClosesASessionWithoutForce() {
    ask(first, "initialize", "{}")
    let second = joined()
    for client in [first, second] { ask(client, "session/open", #"{"session":"s"}"#) }
    second.disconnect()
    #expect(ask(first, "session/close", #"{"session":"s"}"#)["result"] != nil)
  }

  /// A client that reads what another changed waits until that is durable, also where it came after the change.
  @Test func noClientSeesWhatIsNotDurable() throws {
    let storage = SimulatedStorage(seed: 1)
    let owner = LocalClient(keepingSessionsIn: try StateDirectory(storage))
    ask(owner, "initialize", "{}")
    ask(owner, "session/open", #"{"session":"s"}"#)
    let joined = LocalClient(beside: owner)
    ask(joined, "initialize", "{}")
    ask(joined, "session/open", #"{"session":"s"}"#)
    storage.fail(at: storage.operationCount, with: 5)
    ask(owner, "gpu/register", #"{"session":"s","gpus":[{"id":"a"}]}"#)
    #expect(ask(joined, "gpu/list", #"{"session":"s"}"#)["error"]?["data"]?["kind"] == "storageFailed")
  }
}
