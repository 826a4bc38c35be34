import Basics
import Testing

@testable import EnergyFrontier

/// Small problems are solved exactly: every plan that no other dominates, against brute force.
struct ParetoEnumerationTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func allOptimalPlansAreFound(seed: UInt64) throws {
    let small = try PlanTestProblem(seed: seed)
    let frontier = try Frontier(of: small.problem)
    #expect(frontier.isOptimal)
    try expectAll(small.allOutcomes(), in: frontier.plans)
  }

  /// With changes of setting, too; most of these problems are settled within the budget, or this would say little.
  @Test func allOptimalPlansWithSwitchesAreFound() throws {
    var settled = 0
    for seed in 0..<10 as Range<UInt64> {
      let small = try SwitchingTestProblem(seed: seed)
      let frontier = try Frontier(of: small.problem)
      guard frontier.isOptimal else { continue }
      settled += 1
      try expectAll(small.allPlans().map { small.run($0).outcome }, in: frontier.plans)
    }
    #expect(settled >= 8, "\(settled) of 10")
  }

  /// A long pipeline is beyond the budget, and then nothing is claimed.
  @Test func largeProblemsAreNotCalledOptimal() throws {
    let table = try OptionTable(
      measurements: (1...10).map { Measurement(timeSeconds: Double($0), energyJoules: 100 / Double($0)) },
      blockingPowerWatts: 1)
    let schedule = try ExpandedSchedule(.oneForwardOneBackward, stageCount: 4, microbatchCount: 12)
    let problem = try IterationProblem(
      graph: schedule.graph, tableOfInstruction: schedule.instructions.map { _ in 0 }, tables: [table],
      waitingPowerWatts: 4)
    let options = CharacterizationOptions(effort: PlanEffort(level: .quick))
    #expect(try !Frontier(of: problem, options: options).isOptimal)
  }

  /// The measured times of one stage, whose sum is no multiple of 63 ticks: the last deadline must not be rounded below
  /// it.
  @Test func theCheapestPlanIsNotLostToRounding() throws {
    let forward = try OptionTable(
      measurements: [
        Measurement(timeSeconds: 0.08055860030090865, energyJoules: 40),
        Measurement(timeSeconds: 0.2720427812232303, energyJoules: 20),
      ], blockingPowerWatts: 50)
    let backward = try OptionTable(
      measurements: [Measurement(timeSeconds: 0.1, energyJoules: 30)], blockingPowerWatts: 50)
    let problem = try IterationProblem(
      graph: InstructionGraph(count: 2, dependencies: [(0, 1)]), tableOfInstruction: [0, 1],
      tables: [forward, backward],
      waitingPowerWatts: 50)
    let space = PlanSpace(problem, scaled: ScaledProblem(problem))
    let options = CharacterizationOptions()
    let bound = try BoundTrace(problem, options, in: space, ProgressHandle())
    // The search itself finds it, without enumeration.
    let found = try PlanSearch.run(
      bound, options, in: space, enumerates: false, .serial, ProgressHandle(), mayContinue: { _ in true })
    let cheapest = try #require(found.drafts.last)
    #expect(abs(cheapest.joules(waitingJoulesPerTick: space.waitingJoulesPerTick) - 50) < 1e-9)
    #expect(bound.deadlines[0].ticks == cheapest.ticks)
  }

  /// The cheapest plan may lie beyond the cheapest time of the bound.
  @Test func searchesReachTheCheapestPlan() throws {
    var (reached, beyond) = (0, 0)
    let seeds = 0..<40 as Range<UInt64>
    for seed in seeds {
      let small = try PlanTestProblem(seed: seed)
      let options = CharacterizationOptions(deadlineCount: 16, effort: PlanEffort(level: .quick))
      let bound = try BoundTrace(small.problem, options, in: small.space, ProgressHandle())
      let found = try PlanSearch.run(
        bound, options, in: small.space, enumerates: false, .serial, ProgressHandle(), mayContinue: { _ in true })
      let best = try #require(small.allOutcomes().min { $0.energyJoules < $1.energyJoules })
      let cheapest = try #require(found.drafts.last).joules(waitingJoulesPerTick: small.space.waitingJoulesPerTick)
      if cheapest * Double(small.problem.deviceMultiplicity) <= best.energyJoules * (1 + 1e-9) { reached += 1 }
      if best.iterationTimeSeconds > bound.curve.cheapestTimeSeconds * (1 + 1e-9) { beyond += 1 }
    }
    #expect(beyond > 0)
    #expect(reached == seeds.count)
  }

  private func expectAll(_ outcomes: [IterationOutcome], in plans: [Plan]) throws {
    var previous: IterationOutcome?
    for best in outcomes.paretoFront(by: { ($0.iterationTimeSeconds, $0.energyJoules) }) {
      // Sums of doubles in another order: what differs by rounding is one plan.
      if let previous, best.energyJoules > previous.energyJoules * (1 - 1e-11) { continue }
      previous = best
      let plan = plans.last { $0.iterationTimeSeconds <= best.iterationTimeSeconds * (1 + 1e-12) }
      #expect(try #require(plan).energyJoules <= best.energyJoules * (1 + 1e-11))
    }
  }
}
