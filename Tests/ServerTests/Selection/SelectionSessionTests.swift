import Basics
import JSON
import ModelSelection
import TestSupport
import Testing
import Transcripts

/// Whole searches through the protocol: many workers, reports in any order, failures, a growing pool.
@Suite struct SelectionSessionTests {
  static let strategies = Strategy.allCases.map(\.rawValue)

  @Test(arguments: strategies) func anExportReplaysToAnEqualSearch(_ strategy: String) throws {
    let original = Driver(strategy: strategy, seed: 5)
    try original.run(events: 400)
    let export = try original.call("session/export", [:])
    let copy = Driver.bare()
    for entry in try #require(export["requests"]?.arrayValue) {
      let method = try #require(entry["method"]?.stringValue?.text)
      let members = try #require(entry["params"]?.objectValue?.members)
      _ = try copy.call(method, Dictionary(uniqueKeysWithValues: members.map { ($0.key.text, $0.value) }))
    }
    #expect(try copy.call("session/export", [:])["requests"] == export["requests"])
    for method in ["suggestion/get", "suggestion/ranking", "trial/next"] {
      let (there, here) = (try original.call(method, [:]), try copy.call(method, [:]))
      #expect(
        there.removing("revision").canonicalText == here.removing("revision").canonicalText, "\(strategy) \(method)")
    }
  }

  @Test(arguments: ["selection", "representations", "selection-energy", "search-control", "search-goals"])
  func anExportedTranscriptReplays(_ name: String) throws {
    let transcript = try #require(Transcript(try RepositoryFiles.text("fixtures/transcripts/\(name).transcript")))
    let (original, copy) = (Driver.bare(), Driver.bare())
    for case .sent(let text) in transcript.lines.dropFirst(3) { original.send(text) }
    let export = try original.call("session/export", [:])
    for entry in try #require(export["requests"]?.arrayValue) {
      let members = try #require(entry["params"]?.objectValue?.members)
      _ = try copy.call(
        try #require(entry["method"]?.stringValue?.text),
        Dictionary(uniqueKeysWithValues: members.map { ($0.key.text, $0.value) })
      )
    }
    #expect(try copy.call("session/export", [:])["requests"] == export["requests"])
    for method in ["suggestion/get", "suggestion/ranking", "pool/clusters", "gpu/list"] {
      let (there, here) = (try original.call(method, [:]), try copy.call(method, [:]))
      #expect(there.removing("revision").canonicalText == here.removing("revision").canonicalText, "\(method)")
    }
  }

  @Test(arguments: strategies) func refusedAndRepeatedRequestsChangeNothing(_ strategy: String) throws {
    let (calm, noisy) = (Driver(strategy: strategy, seed: 9), Driver(strategy: strategy, seed: 9))
    noisy.isNoisy = true
    try calm.run(events: 300)
    try noisy.run(events: 300)
    #expect(noisy.noiseCount > 100)
    for method in ["session/export", "suggestion/get", "suggestion/ranking"] {
      #expect(
        try calm.call(method, [:]).canonicalText == noisy.call(method, [:]).canonicalText, "\(strategy) \(method)")
    }
  }

  /// A request that changes the leader pushes it: the last push names the candidate that suggestion/get suggests.
  @Test(arguments: strategies) func leaderChangesAreAnnounced(_ strategy: String) throws {
    var (leaderCount, leaderCountInTrials) = (0, 0)
    for seed in 13..<17 as Range<UInt64> {
      let driver = Driver(strategy: strategy, seed: seed)
      driver.checksLeader = true
      try driver.run(events: 100)
      leaderCount += driver.leaderCount
      leaderCountInTrials += driver.leaderCountInTrials
      #expect(driver.conflicts == [], "seed \(seed)")
    }
    // More than the first leader of each search.
    #expect(leaderCount > 4, "\(leaderCount) leaders")
    #expect(leaderCountInTrials >= 1)
  }

  /// A device never works for two trials, nor for one that it is too small for; a worker that asks while a device is
  /// idle waits only when nothing that is left fits, or everything is being trained.
  @Test(arguments: strategies) func devicesAreGivenOutOnce(_ strategy: String) throws {
    let driver = Driver(strategy: strategy, seed: 21)
    try driver.run(events: 600)
    #expect(driver.givenOut >= 10)
    #expect(driver.conflicts == [])
  }
}

/// A launcher with a random fleet, the same for the same seed.
private final class Driver {
  private let client = LocalClient()
  private var generator: SplitMix64
  private var noise = SplitMix64(seed: 77)
  var isNoisy = false
  private(set) var noiseCount = 0
  private(set) var givenOut = 0
  private(set) var conflicts: [String] = []
  /// Whether to ask after every request whether the leader that was told last leads.
  var checksLeader = false
  private(set) var leaderCount = 0
  /// Those told with a report that did not end its trial.
  private(set) var leaderCountInTrials = 0
  private var toldLeader: JSON?
  private var open: [(trial: Int, gpus: [String], step: Int, from: Double, to: Double, candidate: JSON)] = []
  private var closed: [Int] = []
  private var gpus = ["g0": 80, "g1": 40, "g2": 24, "g3": 24]
  private var grown = 0

  static func bare() -> Driver { Driver() }

  private init() {
    generator = SplitMix64(seed: 0)
    _ = client.send(#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#)
  }

  convenience init(strategy: String, seed: UInt64) {
    self.init()
    generator = SplitMix64(seed: seed)
    _ = try? call("session/open", ["seed": .integer(Int64(seed))])
    for (id, memory) in gpus.sorted(by: { $0.key < $1.key }) { register(id, memory) }
    _ = try? call(
      "pool/submit",
      [
        "encoders": .array((0..<4).map { part("e", $0, memory: 4, family: "f\($0 / 2)") }),
        "languageModels": .array((0..<4).map { part("l", $0, memory: [8, 16, 30, 60][$0], family: nil) }),
        "task": [
          "name": "t", "metric": ["name": "accuracy", "direction": "maximize"], "alignmentSampleCount": 10000,
        ],
        "search": ["strategy": .string(strategy), "budget": ["trials": 200]],
      ])
  }

  private func part(_ prefix: String, _ index: Int, memory: Int, family: String?) -> JSON {
    var part: JSON = [
      "id": .string("\(prefix)\(index)"), "parameterCount": .integer(Int64(memory) << 27),
      "memoryBytes": .integer(Int64(memory) << 30),
    ]
    if index == 3, case .object(var object) = part {
      object.members.append(.init(key: "tags", value: ["heavy"]))
      part = .object(object)
    }
    if let family, case .object(var object) = part {
      object.members.append(.init(key: "family", value: .string(family)))
      part = .object(object)
    }
    return part
  }

  private func register(_ id: String, _ memory: Int) {
    _ = try? call("gpu/register", ["gpus": [["id": .string(id), "memoryBytes": .integer(Int64(memory) << 30)]]])
  }

  func send(_ text: String) { _ = client.send(text) }

  func call(_ method: String, _ params: [String: JSON]) throws -> JSON {
    let answer = try answer(method, params)
    return try #require(answer["result"], "\(method): \(answer.text)")
  }

  private func answer(_ method: String, _ params: [String: JSON]) throws -> JSON {
    var members = params.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: $0.value) }
    if params["session"] == nil { members.append(.init(key: "session", value: "s")) }
    let message: JSON = [
      "jsonrpc": "2.0", "id": "r", "method": .string(method), "params": .object(JSONObject(members: members)),
    ]
    let answers = try client.send(message.text).map { try JSON.parse($0) }
    let answer = try #require(answers.first { $0["id"] == "r" })
    for push in answers where push["method"] == "suggestion/changed" {
      toldLeader = push["params"]?["candidate"]
      leaderCount += 1
      if answer["result"]?["decision"] == "continue" { leaderCountInTrials += 1 }
    }
    if checksLeader, method != "suggestion/get", method != "session/open", method != "gpu/register" {
      let leader = try call("suggestion/get", [:])["suggestion"]?["candidate"]
      if leader != toldLeader { conflicts.append("\(method): \(String(describing: leader)) leads untold") }
    }
    return answer
  }

  func run(events: Int) throws {
    for _ in 0..<events {
      if isNoisy { try makeNoise() }
      switch Int.random(in: 0..<100, using: &generator) {
      case 0..<30: try ask()
      case 30..<85: try report()
      case 85..<92: try fail()
      case 92..<96: try changeFleet()
      case 96..<98: try grow()
      case 98: try direct()
      default: _ = try call("suggestion/get", [:])
      }
    }
  }

  private func ask() throws {
    let offer = try call("trial/next", [:])
    guard let trial = offer["trial"]?.integerValue else {
      let busy = open.reduce(0) { $0 + $1.gpus.count }
      if busy < gpus.count, offer["wait"]?["reason"]?.stringValue?.text == "noIdleGPU" {
        conflicts.append("idle GPU unused")
      }
      return
    }
    givenOut += 1
    let taken = try #require(offer["gpus"]?.arrayValue).compactMap(\.stringValue?.text)
    for gpu in taken where gpus[gpu] == nil || open.contains(where: { $0.gpus.contains(gpu) }) {
      conflicts.append("\(gpu) given twice or gone")
    }
    let candidate = try #require(offer["candidate"])
    let model = Int(candidate["languageModel"]?.stringValue?.text.dropFirst() ?? "") ?? 0
    if taken.contains(where: { (gpus[$0] ?? 0) < 4 + [8, 16, 30, 60][model % 4] }) {
      conflicts.append("\(taken) too small for l\(model)")
    }
    let (from, to) = (offer["fromFraction"]?.doubleValue ?? 0, offer["toFraction"]?.doubleValue ?? 1)
    open.append((trial, taken, 0, from, to, candidate))
  }

  private func report() throws {
    guard !open.isEmpty else { return }
    let index = Int.random(in: 0..<open.count, using: &generator)
    open[index].step += 1
    let trial = open[index]
    let reached = min(1, Double(trial.step) / 4)
    let fraction = reached == 1 ? trial.to : trial.from + (trial.to - trial.from) * reached
    let diverges = Int.random(in: 0..<60, using: &generator) == 0
    var params: [String: JSON] = [
      "trial": .integer(Int64(trial.trial)), "step": .integer(Int64(trial.step)), "dataFraction": .number(fraction),
      "score": diverges ? "NaN" : .number(score(trial.candidate, fraction)),
      "gpuSeconds": .number(Double(trial.step) * 10), "energyJoules": .number(Double(trial.step) * 4000),
    ]
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: params["standardError"] = .number(0.01)
    case 1: params["exampleCount"] = 400
    default: break
    }
    if Bool.random(using: &generator) { params["checkpoint"] = .string("/\(trial.trial)-\(trial.step)") }
    if trial.step == 3, Int.random(in: 0..<4, using: &generator) == 0 { params["last"] = true }
    let decision = try call("trial/update", params)
    if isNoisy {
      noiseCount += 1
      let again = try call("trial/update", params)
      if again["decision"] != decision["decision"] { conflicts.append("another decision on the same step") }
    }
    if decision["decision"]?.stringValue?.text != "continue" {
      closed.append(trial.trial)
      open.remove(at: index)
    }
  }

  private func score(_ candidate: JSON, _ fraction: Double) -> Double {
    let encoder = Double(candidate["encoder"]?.stringValue?.text.dropFirst() ?? "") ?? 0
    let model = Double(candidate["languageModel"]?.stringValue?.text.dropFirst() ?? "") ?? 0
    return 1 - (0.3 + 0.03 * encoder + 0.02 * model) / (1 + 3 * fraction)
  }

  private func fail() throws {
    guard !open.isEmpty else { return }
    let trial = open.remove(at: Int.random(in: 0..<open.count, using: &generator))
    let kind = ["failed", "lost", "outOfMemory", "paused"].randomElement(using: &generator)!
    _ = try call("trial/fail", ["trial": .integer(Int64(trial.trial)), "kind": .string(kind)])
    closed.append(trial.trial)
  }

  private func changeFleet() throws {
    if gpus.count > 2, Bool.random(using: &generator) {
      let id = gpus.keys.sorted().randomElement(using: &generator)!
      gpus[id] = nil
      let lost = try call("gpu/retire", ["ids": [.string(id)]])["lostTrials"]?.arrayValue ?? []
      open.removeAll { trial in lost.contains { $0.integerValue == trial.trial } }
      closed += lost.compactMap(\.integerValue)
    } else {
      let id = "g\(Int.random(in: 0..<9, using: &generator))"
      guard gpus[id] == nil else { return }
      gpus[id] = [24, 40, 80].randomElement(using: &generator)!
      register(id, gpus[id]!)
    }
  }

  private func grow() throws {
    guard grown < 3 else { return }
    grown += 1
    _ = try call("pool/submit", ["encoders": [part("e", 3 + grown, memory: 4, family: "f\(grown)")]])
  }

  /// A person's decision about a candidate, or another budget.
  private func direct() throws {
    let name: [String: JSON] = [
      "encoder": .string("e\(Int.random(in: 0..<4, using: &generator))"),
      "languageModel": .string("l\(Int.random(in: 0..<4, using: &generator))"),
    ]
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: _ = try call("candidate/pin", name)
    case 1: _ = try call("candidate/ban", name)
    case 2: _ = try call("candidate/ban", name.merging(["banned": false]) { $1 })
    case 3:
      let isRepeat = JSON.bool(Bool.random(using: &generator))
      _ = try answer("candidate/advance", name.merging(["toFraction": 0.5, "repeat": isRepeat]) { $1 })
    case 4:
      let ended = try call("candidate/withdraw", name)["trial"]?.integerValue
      open.removeAll { $0.trial == ended }
      if let ended { closed.append(ended) }
    default:
      _ = try call(
        "search/revise",
        [
          "budget": ["trials": 200],
          "constraints": [
            "deniedTags": Bool.random(using: &generator) ? ["heavy"] : [], "maximumMemoryBytes": 1_000_000_000_000,
          ],
        ])
    }
  }

  /// Requests that must be refused.
  private func makeNoise() throws {
    noiseCount += 1
    let bad: [(String, [String: JSON])] = [
      ("trial/update", ["trial": 100_000, "step": 1, "dataFraction": 0.5, "score": 0.5]),
      ("trial/next", ["gpus": ["nowhere"]]),
      ("pool/submit", ["languageModels": [["id": "l0", "parameterCount": 5]]]),
      ("gpu/retire", ["ids": ["nowhere"]]),
      ("trial/fail", ["trial": 100_000, "kind": "lost"]),
      ("candidate/pin", ["encoder": "nobody", "languageModel": "l0"]),
      ("search/revise", ["constraints": ["allowedLicences": ["none"]]]),
      ("search/revise", ["budget": ["trials": 3], "constraints": ["allowedLicences": ["none"]]]),
    ]
    var (method, params) = bad.randomElement(using: &noise)!
    if let late = closed.randomElement(using: &noise), Bool.random(using: &noise) {
      (method, params) = ("trial/fail", ["trial": .integer(Int64(late)), "kind": "lost"])
    } else if let trial = open.randomElement(using: &noise), Bool.random(using: &noise) {
      (method, params) = (
        "trial/update", ["trial": .integer(Int64(trial.trial)), "step": 1000, "dataFraction": 0.5, "score": 1.5]
      )
    }
    let answer = try answer(method, params)
    if answer["error"] == nil { conflicts.append("\(method) was not refused") }
  }
}

extension JSON {
  fileprivate func removing(_ key: String) -> JSON {
    guard case .object(var object) = self else { return self }
    object.members.removeAll { $0.key.text == key }
    return .object(object)
  }
}
