import Basics
import EnergyFrontier
import JSON
import Sessions
import Testing

@Suite struct PlanEvaluationTests {
  /// Every listed plan, sent back instruction by instruction, is what the frontier says of it.
  @Test(arguments: [0.0, 0.05])
  func aListedPlanIsEvaluatedAsListed(_ latency: Double) throws {
    var session = try TinySession(latencySeconds: latency)
    try session.characterize()
    let characterized = try session.state.currentFrontier(of: "tiny").characterized
    for number in characterized.frontier.plans.indices {
      let details = try session.state.planDetails(PlanReference(.number(number)), of: "tiny", scope: .all)
      let settings = details.stages.flatMap { stage in
        stage.instructions.map {
          PlanSetting(.table($0.instruction.table, microbatch: $0.instruction.microbatch), setting: $0.setting)
        }
      }
      let evaluated = try session.state.evaluate(settings.reversed(), of: "tiny")
      #expect(abs(evaluated.plan.iterationTimeSeconds / details.plan.iterationTimeSeconds - 1) < 1e-12)
      #expect(abs(evaluated.plan.energyJoules / details.plan.energyJoules - 1) < 1e-12)
      #expect(abs(evaluated.plan.gapFraction - details.plan.gapFraction) < 1e-9)
      #expect(evaluated.plan.switchCount == details.plan.switchCount && evaluated.better == nil)
    }
  }

  /// Any plan: the same as a sum by hand, never below the bound, and beaten by a listed plan exactly where one is no
  /// slower and cheaper.
  @Test func anyPlanIsRun() throws {
    var session = try TinySession()
    try session.characterize()
    let plans = try session.state.currentFrontier(of: "tiny").characterized.frontier.plans
    var random = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let rows = Dictionary(grouping: TinySession.rows, by: \.table).mapValues { $0[Int(random.next() % 3)] }
      let settings = rows.map { PlanSetting(.table($0.key, microbatch: nil), setting: $0.value.setting) }
      let evaluated = try session.state.evaluate(settings, of: "tiny")
      let times = rows.mapValues(\.timeSeconds)
      func seconds(_ stage: Int, _ kind: String) -> Double { times[TableKey(stage: stage, instruction: kind)]! }
      // 1F1B on two ranks with two microbatches.
      let (f0, f1, b0, b1) = (
        seconds(0, "forward"), seconds(1, "forward"), seconds(0, "backward"), seconds(1, "backward")
      )
      let first = f0 + f1 + b1
      let second = max(first, 2 * f0) + f1 + b1
      let time = max(max(2 * f0, first) + b0, second) + b0
      let joules = rows.values.reduce(0) { $0 + 2 * ($1.energyJoules - 60 * $1.timeSeconds) } + 120 * time
      #expect(abs(evaluated.plan.iterationTimeSeconds / time - 1) < 1e-12)
      #expect(abs(evaluated.plan.energyJoules / joules - 1) < 1e-12)
      #expect(evaluated.plan.gapFraction >= 0)
      let better = plans.lastIndex { $0.iterationTimeSeconds <= time * (1 + 1e-12) }
      let isBeaten = better.map { plans[$0].energyJoules < joules * (1 - 1e-12) } ?? false
      #expect(evaluated.better?.number == (isBeaten ? better : nil))
      #expect(abs(evaluated.timeline.totals.energyJoules / joules - 1) < 1e-9)
    }
  }

  private static let forward = TableKey(stage: 0, instruction: "forward")

  @Test(arguments: [
    ([PlanSetting(.table(forward, microbatch: nil), setting: 1410)], "settings"),
    ([PlanSetting(.table(forward, microbatch: 0), setting: 1000)], "settings[0].frequency"),
    ([PlanSetting(.table(forward, microbatch: 2), setting: 1410)], "settings[0].microbatch"),
    (
      [PlanSetting(.table(TableKey(stage: 0, instruction: "sideways"), microbatch: 0), setting: 1410)],
      "settings[0].instruction"
    ),
    (
      [PlanSetting(.table(TableKey(stage: 2, instruction: "forward"), microbatch: 0), setting: 1410)],
      "settings[0].stage"
    ),
    ([PlanSetting(.id("F0"), setting: 1410)], "settings[0].id"),
    (
      [
        PlanSetting(.table(forward, microbatch: 0), setting: 1410),
        PlanSetting(.table(forward, microbatch: 0), setting: 900),
      ], "settings[1]"
    ),
  ])
  func aPlanThatCannotBeRunIsRefused(_ settings: [PlanSetting], _ path: String) throws {
    var session = try TinySession()
    try session.characterize()
    let error = #expect(throws: RequestError.self) { try session.state.evaluate(settings, of: "tiny") }
    #expect(error?.kind == .invalidPlan && error?.path == path)
  }
}
