import EnergyFrontier
import Sessions
import Testing

@Suite struct PlanOperationTests {
  /// A slowdown means the same deadline wherever it is asked, also where changes of clock cost time and the fastest
  /// plan is slower than the curve.
  @Test func aSlowdownIsOneDeadline() throws {
    var session = try TinySession(latencySeconds: 0.05)
    try session.characterize()
    let frontier = try session.state.currentFrontier(of: "tiny").characterized
    #expect(frontier.frontier.minimumPlanTimeSeconds > frontier.frontier.curve.minimumTimeSeconds)
    let point = try session.state.frontierPoint(of: "tiny", for: .slowdownFraction(0))
    let (number, deadline) = try frontier.plan(PlanReference(.target(.slowdownFraction(0))))
    #expect(deadline == point.deadlineSeconds && deadline == frontier.frontier.minimumPlanTimeSeconds)
    #expect(number == point.plan.number && point.plan.iterationTimeSeconds <= deadline ?? 0)
  }

  @Test(arguments: [
    FrontierTarget.deadlineSeconds(0.9), .slowdownFraction(0.1), .stragglerTimeSeconds(1.2), .energyBudgetJoules(400),
    // The fastest plan draws 443 W and is also the cheapest: slower plans tie with it in energy and need not be listed.
    .averagePowerWatts(450), .averageDevicePowerWatts(250), .objective(.cheapest), .objective(.energyDelayProduct),
  ])
  func aPointIsThePlanThatIsShown(_ target: FrontierTarget) throws {
    var session = try TinySession()
    try session.characterize()
    let point = try session.state.frontierPoint(of: "tiny", for: target)
    let details = try session.state.planDetails(PlanReference(.target(target)), of: "tiny", scope: .all)
    let layout = try session.state.planLayout(PlanReference(.number(point.plan.number)), of: "tiny")
    #expect(details.plan == point.plan && layout.plan == point.plan)
    #expect(point.excessFraction >= -1e-12 && point.plan.gapFraction >= -1e-12)
    // The listed instructions and the waiting between them are all of the energy.
    #expect(abs(layout.timeline.totals.energyJoules / point.plan.energyJoules - 1) < 1e-9)
    #expect(details.stages.flatMap(\.instructions).count == 8)
  }

  @Test func aStaleFrontierSaysSo() throws {
    var session = try TinySession()
    try session.characterize()
    #expect(try !session.state.currentFrontier(of: "tiny").isStale)
    session.state.revision += 1
    _ = try session.state.submit(ProfileSubmission(pipeline: "tiny", rows: [TinySession.rows[0].slower]))
    #expect(try session.state.currentFrontier(of: "tiny").isStale)
    #expect(try session.characterize().answer.generation == 2)
    #expect(try !session.state.currentFrontier(of: "tiny").isStale)
  }

  @Test func plansOfAnotherGenerationAreRefused() throws {
    var session = try TinySession()
    #expect(throws: RequestError.self) { try session.state.currentFrontier(of: "tiny") }
    try session.characterize()
    let error = #expect(throws: RequestError.self) {
      try session.state.planLayout(PlanReference(.number(0), generation: 2), of: "tiny")
    }
    #expect(error?.kind == .unknownPlan && error?.path == "generation")
  }
}

extension ProfileRow {
  fileprivate var slower: ProfileRow {
    ProfileRow(table: table, setting: setting, timeSeconds: 2 * timeSeconds, energyJoules: energyJoules)
  }
}
