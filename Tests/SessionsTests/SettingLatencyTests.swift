import Basics
import EnergyFrontier
import JSON
import Sessions
import Testing

/// Changes of setting that take what their knobs, or the two settings, say.
@Suite struct SettingLatencyTests {
  /// The settings of the tiny session as a setting that is a number, and as an object with another knob.
  private static let forms: [@Sendable (Int) -> JSON] = [
    { .integer(Int64($0)) },
    { ["mode": .string($0 > 1300 ? "high" : "low"), "frequency": .number(Double($0))] },
  ]

  /// A frontier whose changes take 20 ms on rank 0 and 30 ms on rank 1, and what `latencies` says.
  private func session(
    _ latencies: SettingLatencies, _ form: (Int) -> JSON
  ) throws -> (session: TinySession, characterized: CharacterizedFrontier) {
    var session = try TinySession()
    var request = TinySession.request()
    request.switchLatencySeconds = .each([0.02, 0.03])
    request.settingLatencies = latencies
    session.state.revision += 1
    _ = try session.state.define(request)
    let everything = Set(TinySession.rows.map(\.table)).map { ProfileSubmission.Withdrawal(table: $0, setting: nil) }
    let rows = TinySession.rows.map {
      ProfileRow(
        table: $0.table, setting: form($0.setting.integerValue ?? 0), timeSeconds: $0.timeSeconds,
        energyJoules: $0.energyJoules)
    }
    _ = try session.state.submit(ProfileSubmission(pipeline: "tiny", withdrawals: everything, rows: rows))
    try session.characterize()
    return (session, try session.state.currentFrontier(of: "tiny").characterized)
  }

  /// Seconds of each change in all plans' timelines, by rank and the two clocks.
  private func changes(_ characterized: CharacterizedFrontier) -> [[Double]: Set<Double>] {
    var found: [[Double]: Set<Double>] = [:]
    for plan in characterized.frontier.plans {
      let timeline = IterationTimeline(characterized, plan)
      for (rank, layout) in timeline.ranks.enumerated() {
        for change in layout.switches {
          let clocks = [change.from, change.to].map { ($0["frequency"] ?? $0).doubleValue ?? 0 }
          let milliseconds = ((change.endSeconds - change.startSeconds) * 1e6).rounded() / 1e3
          found[[Double(rank)] + clocks, default: []].insert(milliseconds)
        }
      }
      // Ranks are not slow, and then the iteration lasts as planned.
      #expect(
        characterized.iterationTimeSeconds(of: plan, rankFactors: [1, 1]) <= plan.iterationTimeSeconds * (1 + 1e-12))
    }
    return found
  }

  @Test(arguments: 0..<2)
  func knobsAddUpAndPairsOverrideThem(_ form: Int) throws {
    var latencies = SettingLatencies()
    latencies.knobSeconds = ["frequency": 0.001, "power": 5]
    let setting = Self.forms[form]
    latencies.pairs = [
      .init(from: setting(1410), to: setting(1200), seconds: 0.0005),
      .init(from: setting(1410), to: setting(1), seconds: 7),
    ]
    let found = changes(try session(latencies, setting).characterized)
    #expect(!found.isEmpty)
    for (change, milliseconds) in found {
      let (rank, from, to) = (change[0], change[1], change[2])
      // The mode is a knob that is not named, and a number has none.
      let other = form == 1 && (from > 1300) != (to > 1300) ? (rank == 0 ? 20.0 : 30) : 0
      #expect(milliseconds == (from == 1410 && to == 1200 ? [0.5] : [1 + other]), "\(change)")
    }
  }

  /// Without a time for its pair a change takes what the rank says.
  @Test func otherPairsTakeTheTimeOfTheRank() throws {
    var latencies = SettingLatencies()
    latencies.pairs = [.init(from: 1395, to: 1410, seconds: 0.001)]
    let found = changes(try session(latencies, Self.forms[0]).characterized)
    #expect(!found.isEmpty)
    for (change, milliseconds) in found {
      #expect(milliseconds == (change[1...] == [1395, 1410] ? [1] : change[0] == 0 ? [20] : [30]), "\(change)")
    }
  }

  @Test func aPairTwiceAndAPairThatIsNoneAreRefused() throws {
    for (second, path): (SettingLatencies.Pair, String) in [
      (.init(from: 900.0, to: 1410, seconds: 2), "pairSwitchLatencies[1]"),
      (.init(from: 900.0, to: 900, seconds: 0), "pairSwitchLatencies[1].toFrequency"),
    ] {
      var session = try TinySession()
      let before = session.state.revision
      var request = TinySession.request()
      request.settingLatencies.pairs = [.init(from: 900, to: 1410, seconds: 1), second]
      let error = #expect(throws: RequestError.self) { try session.state.define(request) }
      #expect(error?.kind == .invalidPipeline && error?.path == path)
      #expect(session.state.revision == before)
    }
  }

  /// Any of the fields says what a change takes.
  @Test func aLatencyOfKnobsOrPairsIsALatency() throws {
    var (knobs, pairs) = (SettingLatencies(), SettingLatencies())
    knobs.knobSeconds = ["frequency": 0]
    pairs.pairs = [.init(from: 1410, to: 900, seconds: 0)]
    for latencies in [knobs, pairs] {
      var session = try TinySession()
      var request = TinySession.request()
      request.settingLatencies = latencies
      _ = try session.state.define(request)
      try session.characterize()
      #expect(try !session.state.frontierPoint(of: "tiny", for: .objective(.fastest)).plan.assumesFreeSwitches)
    }
  }
}
