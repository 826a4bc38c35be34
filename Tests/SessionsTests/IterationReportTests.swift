import Basics
import EnergyFrontier
import JSON
import Sessions
import TestSupport
import Testing

@Suite struct IterationReportTests {
  /// The machine: the same pipeline with transfers that its model does not have.
  private func machine(transferSeconds: Double) throws -> TinySession {
    var session = try TinySession()
    var request = TinySession.request()
    request.extras.forwardTransferSeconds = .all(transferSeconds)
    _ = try session.state.define(request)
    try session.characterize()
    return session
  }

  private static func plan(_ random: inout SplitMix64) -> [PlanSetting] {
    Dictionary(grouping: TinySession.rows, by: \.table).sorted { $0.key < $1.key }.map { key, rows in
      PlanSetting(.table(key, microbatch: nil), setting: rows[Int(random.next() % 3)].setting)
    }
  }

  private func iterations(of plan: [PlanSetting], on machine: TinySession) throws -> [IterationsReport.Iteration] {
    let evaluated = try machine.state.evaluate(plan, of: "tiny")
    return [0.9995, 1.0004, 1.0001].map { noise in
      var iteration = IterationsReport.Iteration()
      iteration.timeSeconds = evaluated.plan.iterationTimeSeconds * noise
      iteration.energyJoules = evaluated.plan.energyJoules * noise
      iteration.busySeconds = evaluated.timeline.ranks.map { $0.busySeconds * noise }
      return iteration
    }
  }

  /// After a few reports the frontier is that of the machine, plan by plan.
  @Test func theFrontierFollowsTheMachine() throws {
    let machine = try machine(transferSeconds: 0.02)
    var session = try TinySession()
    try session.characterize()
    var random = SplitMix64(seed: 2)
    var last: IterationsSummary?
    for _ in 0..<6 {
      session.state.revision += 1
      let plan = Self.plan(&random)
      last = try session.state.report(
        IterationsReport(
          pipeline: "tiny", plan: .settings(plan), iterations: try iterations(of: plan, on: machine))
      ).answer
    }
    #expect(last?.review.verdict == .corrected && last?.isAdopted == true && last?.iterationCount == 18)
    #expect(last?.review.misfits.map(\.kind) == [.transferLatency])
    #expect(try session.state.currentFrontier(of: "tiny").isStale)
    try session.characterize()
    for _ in 0..<30 {
      let plan = Self.plan(&random)
      let (truth, corrected) = (
        try machine.state.evaluate(plan, of: "tiny").plan, try session.state.evaluate(plan, of: "tiny").plan
      )
      #expect(abs(corrected.iterationTimeSeconds / truth.iterationTimeSeconds - 1) < 2e-3)
      #expect(abs(corrected.energyJoules / truth.energyJoules - 1) < 2e-3)
    }
    let curves = try [machine, session].map {
      try $0.state.currentFrontier(of: "tiny").characterized.frontier.minimumPlanTimeSeconds
    }
    #expect(abs(curves[1] / curves[0] - 1) < 2e-3)
  }

  @Test func correctionsMayBeTakenBackAndForgotten() throws {
    let machine = try machine(transferSeconds: 0.03)
    var session = try TinySession()
    try session.characterize()
    var random = SplitMix64(seed: 4)
    let plan = Self.plan(&random)
    func report(adopts: Bool, forgets: Bool = false) throws -> IterationsSummary {
      session.state.revision += 1
      return try session.state.report(
        IterationsReport(
          pipeline: "tiny", plan: .settings(plan), iterations: try iterations(of: plan, on: machine), adopts: adopts,
          forgets: forgets)
      ).answer
    }
    #expect(try !report(adopts: false).isAdopted && !session.state.currentFrontier(of: "tiny").isStale)
    #expect(try report(adopts: true).isAdopted && session.state.currentFrontier(of: "tiny").isStale)
    #expect(try report(adopts: true, forgets: true).iterationCount == 3)
    #expect(try !report(adopts: false).isAdopted)
    // Iterations of another pipeline say nothing of this one.
    #expect(try session.state.pipeline("tiny").correction == nil)
  }

  /// What runs now, and a trace of it: time and busy times follow from the instructions.
  @Test func aTraceIsAnIteration() throws {
    var session = try TinySession()
    try session.characterize()
    let layout = try session.state.planLayout(PlanReference(.number(0)), of: "tiny")
    var iteration = IterationsReport.Iteration()
    iteration.trace = layout.timeline.ranks.flatMap(\.instructions).map {
      IterationsReport.Span(
        .table($0.instruction.table, microbatch: $0.instruction.microbatch), startSeconds: $0.startSeconds,
        endSeconds: $0.endSeconds)
    }
    let answer = try session.state.report(
      IterationsReport(pipeline: "tiny", plan: .current, iterations: [iteration, iteration, iteration])
    ).answer
    #expect(answer.review.verdict == .holds && !answer.isAdopted)
    #expect(abs(answer.review.time.modelFraction) < 1e-9)
    #expect(answer.review.rankBusyFractions?.allSatisfy { abs($0) < 1e-9 } == true)
    let before = session.state
    iteration.trace?.removeLast()
    let error = #expect(throws: RequestError.self) {
      try session.state.report(IterationsReport(pipeline: "tiny", plan: .current, iterations: [iteration]))
    }
    #expect(error?.kind == .implausibleReport && error?.path == "iterations[0].trace")
    #expect(firstDifference(before, session.state) == nil)
  }
}
