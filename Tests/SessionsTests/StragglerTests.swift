import Basics
import EnergyFrontier
import JSON
import Sessions
import TestSupport
import Testing

@Suite struct StragglerTests {
  private func report(_ slowness: SlownessReport.Slowness, of pipeline: String = "tiny") -> SlownessReport {
    SlownessReport(pipeline: pipeline, subject: .replica(nil, rank: nil), slowness: slowness)
  }

  /// After any reports each pipeline runs its cheapest plan that ends by T', by a search through all plans.
  @Test func everyPipelineRunsTheCheapestPlanThatEndsInTime() throws {
    var session = try TinySession()
    try session.characterize()
    _ = try session.state.replicate("tiny", as: ["a", "b", "c"])
    let plans = try session.state.currentFrontier(of: "tiny").characterized.frontier.plans
    var random = SplitMix64(seed: 3)
    for _ in 0..<100 {
      let slow = Double(random.next() % 40) / 100
      let pipeline = ["tiny", "a", "b"][Int(random.next() % 3)]
      _ = try session.state.report(report(.slowdownFraction(slow), of: pipeline))
      let job = try session.state.job("tiny")
      let stragglers = Dictionary(
        uniqueKeysWithValues: job.stragglers.map { ($0.report.pipeline, $0.report.slowdownFraction) })
      let slowest = plans[0].iterationTimeSeconds * (1 + (stragglers.values.max() ?? 0))
      #expect(abs((job.slowestTimeSeconds ?? 0) / slowest - 1) < 1e-12)
      for entry in job.pipelines {
        let factor = 1 + (stragglers[entry.name] ?? 0)
        let inTime = plans.indices.filter { plans[$0].iterationTimeSeconds * factor <= slowest * (1 + 1e-9) }
        #expect(entry.plan?.choice.plan == inTime.min { plans[$0].energyJoules < plans[$1].energyJoules } ?? 0)
      }
    }
  }

  @Test func aRepeatedReportChangesNoPlan() throws {
    var session = try TinySession()
    try session.characterize()
    _ = try session.state.report(report(.slowdownFraction(0.2)))
    let before = session.state
    #expect(try session.state.report(report(.slowdownFraction(0.2))).answer.changeCount == 0)
    #expect(firstDifference(before, session.state) == nil)
    #expect(try session.state.report(report(.ended)).answer.stragglerCount == 0)
  }

  /// What is stored can be reported again, as an export does.
  @Test func busyTimesOutOfAllProportionStayInRange() throws {
    var session = try TinySession()
    try session.characterize()
    _ = try session.state.report(
      report(.busyTimesSeconds([1e30, 0], plan: nil, toleranceFraction: 0.02)))
    let slow = try session.state.job("tiny").stragglers[0].ranks.map(\.slowdownFraction)
    #expect(slow == [Straggler.largestSlowdownFraction])
  }

  /// The only replica is the whole pipeline: no other waits for it, so nothing of it runs another plan.
  @Test func aSlowRankOfTheOnlyPipelineMovesNoPlan() throws {
    var session = try TinySession()
    try session.characterize()
    let before = try session.state.job("tiny").pipelines[0].plan?.choice
    for (replica, rank) in [(0, 0), (0, 1), (0, nil), (nil, 1)] as [(Int?, Int?)] {
      let subject = SlownessReport.Subject.replica(replica, rank: rank)
      let slow = SlownessReport(pipeline: "tiny", subject: subject, slowness: .slowdownFraction(0.3))
      let answer = try session.state.report(slow).answer
      #expect(answer.changeCount == 0 && answer.stragglerCount == 1)
      #expect(try session.state.job("tiny").pipelines[0].plan?.choice == before)
      #expect(try session.state.job("tiny").stragglers.map(\.report.replica) == [nil])
      let ended = SlownessReport(pipeline: "tiny", subject: .replica(replica, rank: nil), slowness: .ended)
      #expect(try session.state.report(ended).answer.stragglerCount == 0)
    }
  }

  /// Where every rank reports the same time and it is as long as the iteration, each measured its waiting, too.
  @Test(arguments: [1.0, 1.08, 1.6])
  func anIterationTimeIsNoBusyTime(_ factor: Double) throws {
    var session = try TinySession()
    try session.characterize()
    let plan = try session.state.currentFrontier(of: "tiny").characterized.frontier.plans[0]
    let seconds = factor * plan.iterationTimeSeconds
    let before = session.state
    let error = #expect(throws: RequestError.self) {
      try session.state.report(
        report(.busyTimesSeconds([seconds, seconds * 1.004], plan: 0, toleranceFraction: 0.02)))
    }
    #expect(error?.kind == .implausibleReport && error?.path == "busyTimesSeconds")
    #expect(firstDifference(before, session.state) == nil)
    // Slowness of the work itself is in proportion to what is planned.
    let busy = try session.state.currentFrontier(of: "tiny").characterized.busySeconds(of: plan)
    let slow = try session.state.report(
      report(.busyTimesSeconds(busy.map { 1.6 * $0 }, plan: 0, toleranceFraction: 0.02))
    ).answer.ranks
    #expect(slow?.map(\.isSlow) == [true, true])
  }

  /// A stage without instructions is a rank that only waits.
  @Test func aRankWithoutInstructionsIsNeverSlow() throws {
    var session = SessionState(name: "s", seed: 0)
    let table = TableKey(stage: 0, instruction: "forward")
    var request = PipelineRequest(
      "p",
      source: .graph(
        GraphSchedule(
          stageCount: 2, instructions: [.init(id: "a", table: table, microbatch: nil)], dependencies: [])))
    request.blockingPowerWatts = .all(60)
    _ = try session.define(request)
    _ = try session.submit(
      ProfileSubmission(
        pipeline: "p", rows: [ProfileRow(table: table, setting: 1, timeSeconds: 1, energyJoules: 100)]))
    let characterization = CharacterizationRequest(pipeline: "p", options: CharacterizationOptions())
    _ = try session.publish(try session.characterization(characterization)(ProgressHandle()), characterization)
    let ranks = try session.report(
      report(.busyTimesSeconds([1.5, 0.25], plan: 0, toleranceFraction: 0.02), of: "p")
    ).answer.ranks
    #expect(ranks?.map(\.isSlow) == [true, false] && ranks?.map(\.slowdownFraction) == [0.5, 0])
  }

  @Test(arguments: [
    SlownessReport(pipeline: "none", subject: .replica(nil, rank: nil), slowness: .ended),
    SlownessReport(pipeline: "tiny", subject: .replica(1, rank: nil), slowness: .ended),
    SlownessReport(pipeline: "tiny", subject: .replica(nil, rank: 2), slowness: .slowdownFraction(0.1)),
    SlownessReport(pipeline: "tiny", subject: .globalRank(2), slowness: .slowdownFraction(0.1)),
    SlownessReport(
      pipeline: "tiny", subject: .replica(nil, rank: nil), slowness: .rankSlowdownFractions([0.1, 0.2, 0.3])),
    SlownessReport(
      pipeline: "tiny", subject: .replica(nil, rank: nil),
      slowness: .busyTimesSeconds([1, 1], plan: 99, toleranceFraction: 0)),
    SlownessReport(pipeline: "tiny", subject: .replica(nil, rank: nil), slowness: .ended, generation: 7),
  ])
  func aRefusedReportChangesNothing(_ report: SlownessReport) throws {
    var session = try TinySession()
    try session.characterize()
    let before = session.state
    #expect(throws: RequestError.self) { try session.state.report(report) }
    #expect(firstDifference(before, session.state) == nil)
  }
}
