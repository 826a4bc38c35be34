import Basics
import JSON
import TestSupport
import Testing
import Transcripts

/// What session/export gives makes an equal session elsewhere.
@Suite struct ExportTests {
  @Test(arguments: [
    ("frontier", "tiny", 8, false, "measured"), ("schedules", "own", 2, false, "measured"),
    ("live", "live", 8, true, "measured"), ("stragglers", "gpt", 8, false, "measured"),
    ("parallel", "gpt", 8, false, "measured"), ("noise", "noisy", 4, false, "smoothed"),
  ])
  func replayingAnExportMakesAnEqualSession(
    name: String, pipeline: String, planCount: Int, follow: Bool, estimate: String
  ) throws {
    let transcript = try #require(Transcript(try RepositoryFiles.text("fixtures/transcripts/\(name).transcript")))
    let pipeline = JSON.string(pipeline)
    let original = LocalClient()
    for case .sent(let text) in transcript.lines { _ = original.send(text) }
    // The transcript ends with a stale frontier, which an export computes again: bring the original up to date too.
    _ = try request(
      original, "frontier/characterize",
      [
        "pipeline": pipeline, "planCount": .integer(Int64(planCount)), "follow": .bool(follow), "roundCount": 1,
        "estimate": .string(ExactString(estimate)),
      ])
    let export = try request(original, "session/export", [:])

    let copy = LocalClient()
    _ = copy.send(#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#)
    let requests = try #require(export["requests"]?.arrayValue)
    #expect(requests.count >= (name == "noise" ? 4 : 5))
    for entry in requests {
      let members = try #require(entry["params"]?.objectValue?.members)
      _ = try request(
        copy, try #require(entry["method"]?.stringValue?.text),
        Dictionary(uniqueKeysWithValues: members.map { ($0.key.text, $0.value) }))
    }
    #expect(try request(copy, "session/export", [:])["requests"] == export["requests"])
    for method in ["frontier/curve", "gpu/list", "pipeline/get"] {
      var (there, here) = (
        try request(original, method, ["pipeline": pipeline]), try request(copy, method, ["pipeline": pipeline])
      )
      // The copy has computed fewer frontiers; nothing else may differ.
      (there, here) = (without("generation", there), without("generation", here))
      #expect(there.canonicalText == here.canonicalText)
    }
  }

  private func request(_ client: LocalClient, _ method: String, _ params: [String: JSON]) throws -> JSON {
    var members = params.map { JSONObject.Member(key: $0.key, value: $0.value) }
    if params["session"] == nil { members.append(.init(key: "session", value: "s")) }
    let message: JSON = [
      "jsonrpc": "2.0", "id": "r", "method": .string(method), "params": .object(JSONObject(members: members)),
    ]
    let answers = try client.send(message.text).map { try JSON.parse($0) }
    let answer = try #require(answers.first { $0["id"] == "r" })
    return try #require(answer["result"], "\(answer.text)")
  }

  private func without(_ key: String, _ json: JSON) -> JSON {
    guard case .object(var object) = json else { return json }
    object.members.removeAll { $0.key.text == key }
    return .object(object)
  }
}
