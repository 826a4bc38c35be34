import Basics
import EnergyFrontier
import JSON
import Sessions
import Testing

/// Plans whose ranks may change their frequency only so often.
@Suite struct MostSwitchesTests {
  private func session(_ mostSwitches: PerRank<Int>?) throws -> TinySession {
    var session = try TinySession()
    var request = TinySession.request()
    request.switchLatencySeconds = .all(0)
    request.mostSwitches = mostSwitches
    session.state.revision += 1
    _ = try session.state.define(request)
    return session
  }

  /// Changes of each rank in the timelines of all plans.
  private func counts(_ session: TinySession) throws -> [[Int]] {
    let characterized = try session.state.currentFrontier(of: "tiny").characterized
    return characterized.frontier.plans.map {
      IterationTimeline(characterized, $0).ranks.map(\.switches.count)
    }
  }

  /// A number for each rank, and no limit on the second.
  @Test func eachRankKeepsItsOwn() throws {
    var one = try session(.all(0))
    try one.characterize()
    #expect(try counts(one).allSatisfy { $0 == [0, 0] })
    var each = try session(.each([0, Limits.instructionCount]))
    try each.characterize()
    let found = try counts(each)
    #expect(found.allSatisfy { $0[0] == 0 } && found.contains { $0[1] > 2 })
    var free = try session(nil)
    try free.characterize()
    #expect(try counts(free).contains { $0[0] > 2 })
  }

  /// The plan of another client is run, and what it breaks is named.
  @Test func evaluationNamesTheRanks() throws {
    var session = try session(.each([0, 2]))
    try session.characterize()
    let settings = TinySession.rows.filter { [1410, 1395].contains($0.setting) }.map {
      PlanSetting(.table($0.table, microbatch: nil), setting: $0.setting)
    }
    let evaluated = try session.state.evaluate(settings, of: "tiny")
    #expect(evaluated.plan.switchCount == 6 && evaluated.plan.ranksOverLimit == [0, 1])
    let plans = try session.state.currentFrontier(of: "tiny").characterized.frontier.plans
    #expect(plans.allSatisfy { $0.iterationTimeSeconds > evaluated.plan.iterationTimeSeconds })
  }

  /// Earlier plans are no start for new measurements, since they might change too often among new options.
  @Test func plansAreNotCarried() throws {
    var session = try session(.all(0))
    try session.characterize()
    session.state.revision += 1
    _ = try session.state.submit(ProfileSubmission(pipeline: "tiny", rows: [TinySession.rows[0]]))
    let request = CharacterizationRequest(pipeline: "tiny", options: CharacterizationOptions(deadlineCount: 12))
    #expect(try session.state.carriedCharacterization(request) == nil)
  }

  /// Where the instructions of a rank share no frequency, no plan can keep it, which is said and changes nothing.
  @Test func whatNoPlanCanKeepIsRefused() throws {
    var session = try session(.all(0))
    let backward = TableKey(stage: 1, instruction: "backward")
    let shared = [1200, 900].map { ProfileSubmission.Withdrawal(table: backward, setting: .integer($0)) }
    _ = try session.state.submit(ProfileSubmission(pipeline: "tiny", withdrawals: shared, rows: []))
    let error = #expect(throws: RequestError.self) { try session.characterize() }
    #expect(error?.kind == .invalidProfile && error?.expected.contains("rank 1") == true)
    #expect(error?.found == "2 at least" || error?.found == "4 at least")
    #expect(throws: RequestError.self) { try session.state.currentFrontier(of: "tiny") }
  }

  @Test func anotherCountThanTheRanksIsRefused() throws {
    var session = try TinySession()
    var request = TinySession.request()
    request.mostSwitches = .each([0, 0, 0])
    let error = #expect(throws: RequestError.self) { try session.state.define(request) }
    #expect(error?.kind == .invalidPipeline && error?.path == "mostSwitches")
  }
}
