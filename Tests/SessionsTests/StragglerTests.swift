import Basics
import EnergyFrontier
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
