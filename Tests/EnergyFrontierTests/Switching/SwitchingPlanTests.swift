import Basics
import Testing

@testable import EnergyFrontier

/// Plans with switches against brute force and against what is promised of them.
struct SwitchingPlanTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func plansAreRealParetoAndNeverBetterThanTheBest(seed: UInt64) throws {
    let small = try SwitchingTestProblem(seed: seed)
    let frontier = try Frontier(of: small.problem)
    let all = small.allPlans().map(small.run)
    #expect(!frontier.plans.isEmpty)
    for plan in frontier.plans {
      let real = small.run(small.measurements(of: plan))
      #expect(isClose(real.outcome.iterationTimeSeconds, plan.iterationTimeSeconds))
      #expect(isClose(real.outcome.energyJoules, plan.energyJoules))
      #expect(real.switchCount == plan.switchCount)
      #expect(plan.energyJoules >= cheapest(all, within: plan.iterationTimeSeconds) * (1 - 1e-9))
      #expect(plan.gapFraction >= -1e-9)
      let certificate = PlanCertificate(of: plan, problem: small.problem, curve: frontier.curve)
      #expect(certificate.holds, "\(String(describing: certificate.failure))")
    }
    for (faster, slower) in zip(frontier.plans, frontier.plans.dropFirst()) {
      #expect(faster.iterationTimeSeconds < slower.iterationTimeSeconds)
      #expect(faster.energyJoules > slower.energyJoules)
    }
  }

  /// At each of the times that some plan takes, the cheapest there is is found, nearly always exactly.
  @Test func plansAreNearlyOptimal() throws {
    var (optimal, asked, worst) = (0, 0, 1.0)
    for seed in 0..<20 as Range<UInt64> {
      let small = try SwitchingTestProblem(seed: seed)
      let frontier = try Frontier(of: small.problem)
      let all = small.allPlans().map(small.run)
      let least = all.map(\.outcome.iterationTimeSeconds).min()!
      let cheapestTime = all.min { $0.outcome.energyJoules < $1.outcome.energyJoules }!.outcome.iterationTimeSeconds
      for step in 0...8 {
        let deadline = (least + (cheapestTime - least) * Double(step) / 8) * (1 + 1e-12)
        let best = cheapest(all, within: deadline)
        let index = try #require(frontier.planIndex(within: deadline), "seed \(seed): no plan within \(deadline) s")
        let ratio = frontier.plans[index].energyJoules / best
        asked += 1
        if ratio < 1 + 1e-9 { optimal += 1 }
        worst = max(worst, ratio)
      }
    }
    #expect(worst <= Self.worstRatio)
    #expect(optimal >= asked * Self.optimalPercent / 100, "\(optimal) of \(asked)")
  }

  private static let worstRatio = 1.05
  private static let optimalPercent = 95

  /// Where changes cost nothing, knowing the settings changes no plan.
  @Test func freeSwitchesChangeNothing() throws {
    for seed in 0..<20 as Range<UInt64> {
      let small = try SwitchingTestProblem(seed: seed, cost: .free)
      let unaware = try Frontier(of: small.withSwitching(nil))
      let aware = try Frontier(of: small.problem)
      #expect(aware.curve == unaware.curve)
      #expect(aware.plans.map(\.choices) == unaware.plans.map(\.choices))
      #expect(aware.plans.map(\.energyJoules) == unaware.plans.map(\.energyJoules))
      #expect(aware.plans.map(\.iterationTimeSeconds) == unaware.plans.map(\.iterationTimeSeconds))
    }
  }

  /// A plan made as if changes were free is never better than what is delivered, once its changes are charged.
  @Test func knowingOfSwitchesNeverLoses() throws {
    for seed in 0..<20 as Range<UInt64> {
      let small = try SwitchingTestProblem(seed: seed)
      let frontier = try Frontier(of: small.problem)
      for naive in try Frontier(of: small.withSwitching(nil)).plans {
        let outcome = small.problem.outcome(ofMeasurements: small.measurements(of: naive))
        let within = outcome.iterationTimeSeconds * (1 + 1e-12)
        let index = try #require(frontier.planIndex(within: within))
        #expect(frontier.plans[index].energyJoules <= outcome.energyJoules * (1 + 1e-12))
      }
    }
  }

  /// The bound that knows of switches is one: no plan that keeps the deadline is below it.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func pricesProveABound(seed: UInt64) throws {
    let small = try SwitchingTestProblem(seed: seed)
    let problem = small.problem
    let scaled = ScaledProblem(problem)
    let base = PlanSpace(problem, scaled: scaled)
    let space = SwitchingSpace(problem, small.switching, base: base)
    let all = small.allPlans().map(small.run)
    var tracer = CurveTracer(problem, scaled: scaled)
    var deadlines = DeadlineGrid(
      problem, fastTicks: problem.fastestTicks, unitsPerWatt: scaled.unitsPerWatt, count: 5)
    _ = try tracer.trace(ProgressHandle()) { (segment) throws(FrontierError) in
      for ticks in deadlines.take(in: segment) {
        let flow = BoundPrices(segment, lasting: ticks, space: base, scaled: scaled)
        let value = (0..<base.count).reduce(0) { $0 + (base.successors(of: $1).isEmpty ? flow.positions[$1] : 0) }
        let prices = try SwitchingPrices(raising: flow, value: value, in: space, ProgressHandle())
        for result in all {
          let seconds = result.outcome.iterationTimeSeconds
          let bound = prices.boundJoules(Int64((seconds * scaled.ticksPerSecond).rounded(.up)))
          let energy = Double(problem.deviceMultiplicity) * (bound + problem.waitingPowerWatts * seconds)
          #expect(result.outcome.energyJoules >= energy - 1e-9 * result.outcome.energyJoules)
        }
      }
    }
  }

  /// An instruction that takes the same at every setting follows the others, though all its options but one are
  /// dominated.
  @Test func dominatedOptionsSpareChanges() throws {
    let graph = try InstructionGraph(count: 2, dependencies: [(0, 1)])
    let loading = try OptionTable(
      measurements: Array(repeating: Measurement(timeSeconds: 1, energyJoules: 20), count: 2), blockingPowerWatts: 10)
    let work = try OptionTable(
      measurements: [
        Measurement(timeSeconds: 1, energyJoules: 100), Measurement(timeSeconds: 2, energyJoules: 60),
      ], blockingPowerWatts: 10)
    let problem = try IterationProblem(
      graph: graph, tableOfInstruction: [0, 1], tables: [loading, work], waitingPowerWatts: 10,
      switching: Switching(
        ranks: [.init(instructions: [0, 1], cost: SwitchCost(latencySeconds: 0.5, energyJoules: 3))],
        settings: [[1410, 900], [1410, 900]], graph: graph))
    let plans = try Frontier(of: problem).plans
    #expect(plans.map(\.iterationTimeSeconds) == [2, 3])
    #expect(plans.map(\.energyJoules) == [120, 80])
    #expect(plans.map(\.switchCount) == [0, 0])
  }

  @Test func sameInputGivesSamePlans() throws {
    for seed in 0..<5 as Range<UInt64> {
      let small = try SwitchingTestProblem(seed: seed)
      #expect(try Frontier(of: small.problem).plans == Frontier(of: small.problem).plans)
    }
  }

  private func cheapest(_ results: [SwitchingTestProblem.Result], within seconds: Double) -> Double {
    results.filter { $0.outcome.iterationTimeSeconds <= seconds * (1 + 1e-12) }.map(\.outcome.energyJoules).min()
      ?? .infinity
  }

  private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(abs(a), abs(b)) }
}
