import Basics
import EnergyFrontier
import JSON
import Sessions
import Testing

/// Settings of several knobs.
@Suite struct KnobTests {
  private static let header = "stage,instruction,frequency,attention,time,mlp,energy\n"

  @Test func columnsBesideTheClockMakeTheSettingAnObject() throws {
    let rows = try ProfileCSV.parse(Self.header + "0,forward,1410,a,0.1,6,20\n0,forward,1410,b,0.2,,18\n")
    #expect(rows.map(\.timeSeconds) == [0.1, 0.2] && rows.map(\.energyJoules) == [20, 18])
    #expect(rows[0].setting == ["frequency": 1410, "attention": "a", "mlp": 6])
    #expect(rows[1].setting == ["frequency": 1410, "attention": "b", "mlp": nil])
    // Each is an option of its own.
    var profile = Profile()
    try profile.merge(rows)
    #expect(profile.rowCount == 2 && profile.sampleCount == 2)
  }

  @Test func aClientSaysWhichColumnsAreKnobs() throws {
    let text = Self.header + "0,forward,1410,a,0.1,6,20\n"
    #expect(try ProfileCSV.parse(text, knobColumns: []).map(\.setting) == [1410])
    #expect(try ProfileCSV.parse(text, knobColumns: ["mlp"]).map(\.setting) == [["frequency": 1410, "mlp": 6]])
    let error = #expect(throws: RequestError.self) { try ProfileCSV.parse(text, knobColumns: ["mpl"]) }
    #expect(error?.kind == .invalidProfile && error?.found.contains("mlp") == true)
  }

  @Test func rowNumbersAndNotesOfAMeasurementAreNoKnobs() throws {
    let rows = try ProfileCSV.parse(
      ",stage,instruction,frequency,time,energy,samplingIntervalSeconds,sensorPowerWatts\n"
        + "0,0,forward,1410,0.1,20,0.01,250\n1,0,forward,1410,0.1,20,,\n")
    #expect(rows.map(\.setting) == [1410, 1410])
    #expect(rows[0].samplingIntervalSeconds == 0.01 && rows[0].sensorPowerWatts == 250)
    #expect(rows[1].samplingIntervalSeconds == nil && rows[1].sensorPowerWatts == nil)
  }

  @Test func aColumnTwiceIsRefused() {
    let error = #expect(throws: RequestError.self) {
      try ProfileCSV.parse("stage,instruction,frequency,a,a,time,energy\n0,forward,1,2,3,4,5\n")
    }
    #expect(error?.kind == .invalidProfile && error?.path == "line 1")
  }

  /// The members of an object have no order, at any depth, and 1 is 1.0.
  @Test func settingsAreEqualWhateverTheOrderOfTheirKeys() throws {
    let table = TableKey(stage: 0, instruction: "forward")
    func row(_ setting: JSON, _ seconds: Double) -> ProfileRow {
      ProfileRow(table: table, setting: setting, timeSeconds: seconds, energyJoules: 1)
    }
    let (first, second): (JSON, JSON) = (
      ["frequency": 1410, "overlap": ["sms": 6, "kind": ["a"]]],
      ["overlap": ["kind": ["a"], "sms": 6.0], "frequency": 1410]
    )
    var profile = Profile()
    try profile.merge([row(first, 1), row(second, 3), row(["frequency": 1410, "overlap": nil], 5)])
    #expect(profile.rows[table]?.map(\.timeSeconds) == [2, 5], "two samples of one setting, one of another")
    #expect(profile.withdraw([(table, second)]) == nil)
    #expect(profile.rowCount == 1)
  }

  /// Plans survive new measurements whose settings are written in another order.
  @Test func plansAreCarriedAcrossTheOrderOfKeys() throws {
    func rows(_ setting: (Int) -> JSON) -> [ProfileRow] {
      TinySession.rows.map {
        ProfileRow(
          table: $0.table, setting: setting($0.setting.integerValue ?? 0), timeSeconds: $0.timeSeconds,
          energyJoules: $0.energyJoules)
      }
    }
    var session = try TinySession()
    let settings = Set(TinySession.rows.map(\.table)).map { ProfileSubmission.Withdrawal(table: $0, setting: nil) }
    _ = try session.state.submit(
      ProfileSubmission(
        pipeline: "tiny", withdrawals: settings, rows: rows { ["frequency": .integer(Int64($0)), "mode": "x"] }))
    try session.characterize()
    session.state.revision += 1
    _ = try session.state.submit(
      ProfileSubmission(pipeline: "tiny", rows: rows { ["mode": "x", "frequency": .number(Double($0))] }))
    let request = CharacterizationRequest(pipeline: "tiny", options: CharacterizationOptions(deadlineCount: 12))
    #expect(try session.state.carriedCharacterization(request) != nil)
    // The comparison runs at the highest clock, which is one of the knobs.
    let (tables, highest) = try {
      let inputs = try session.state.currentFrontier(of: "tiny").characterized.inputs
      return (inputs.settings, inputs.highestMeasurements)
    }()
    #expect(tables.allSatisfy { $0.count == 3 } && highest.allSatisfy { $0 == 0 })
  }

  /// A plan with changes of setting says that they count as free only where no latency was given.
  @Test func anUnsetSwitchLatencyIsReported() throws {
    func isReported(_ latency: PerRank<Double>?) throws -> Bool {
      var session = try TinySession()
      var request = TinySession.request()
      request.switchLatencySeconds = latency
      _ = try session.state.define(request)
      try session.characterize()
      let plan = try session.state.frontierPoint(of: "tiny", for: .objective(.fastest)).plan
      #expect(plan.switchCount > 1)
      return plan.assumesFreeSwitches
    }
    #expect(try isReported(nil))
    #expect(try !isReported(.all(0)) && !isReported(.all(1e-6)))
  }
}
