import Basics
import Testing

@testable import EnergyFrontier

/// Plans that change settings only so often, against brute force.
struct RestrictedSwitchTests {
  /// For each rank 0 to 3 changes, or any number on the second.
  private static func mostSwitches(_ seed: UInt64) -> [Int?] {
    let most = Int(seed % 4)
    return [most, seed % 3 == 0 ? nil : Int(seed / 4 % 4)]
  }

  /// The problem, or nil where brute force finds that no plan keeps the restriction, as the engine must say, too.
  private static func problem(
    _ seed: UInt64, _ kind: SwitchingTestProblem.Latencies, cost: SwitchCost? = nil
  ) throws -> SwitchingTestProblem? {
    let most = mostSwitches(seed)
    do {
      let small = try SwitchingTestProblem(seed: seed, cost: cost, latencies: kind, mostSwitches: most)
      #expect(small.allPlans().contains { small.allows(small.run($0)) }, "\(seed)")
      return small
    } catch FrontierError.tooFewSwitches(let rank, let needed, let most) {
      let free = try SwitchingTestProblem(seed: seed, cost: cost, latencies: kind)
      let least = free.allPlans().map { free.run($0).rankSwitchCounts[rank] }.min()
      #expect(least == needed && needed > most, "\(seed)")
      return nil
    }
  }

  /// No plan changes more often than it may, each is as a simulation of its own runs it, and a list that is called
  /// optimal is all that brute force finds.
  @Test(arguments: SwitchingTestProblem.Latencies.allCases)
  func plansAreThoseOfBruteForce(_ kind: SwitchingTestProblem.Latencies) throws {
    var (stated, refused, settled) = (0, 0, 0)
    for seed in 1000..<1150 as Range<UInt64> {
      guard let small = try Self.problem(seed, kind) else {
        refused += 1
        continue
      }
      stated += 1
      let frontier = try Frontier(of: small.problem)
      try small.check(frontier, against: small.paretoFront(), "\(kind) \(seed)")
      if frontier.isOptimal { settled += 1 }
    }
    #expect(refused > 0 && settled * 20 >= stated * 19, "\(settled) of \(stated), \(refused) refused")
  }

  /// Restricted changes that cost nothing are restricted all the same.
  @Test func freeChangesAreRestrictedToo() throws {
    for seed in 1200..<1240 as Range<UInt64> {
      guard let small = try Self.problem(seed, .ofRank, cost: .free) else { continue }
      try small.check(try Frontier(of: small.problem), against: small.paretoFront(), "\(seed)")
    }
  }

  /// The searches alone, where enumeration does not end.
  @Test(arguments: SwitchingTestProblem.Latencies.allCases)
  func searchesAreNearlyOptimal(_ kind: SwitchingTestProblem.Latencies) throws {
    var (optimal, asked) = (0, 0)
    for seed in 1300..<1340 as Range<UInt64> {
      guard let small = try Self.problem(seed, kind) else { continue }
      let plans = try small.searchedPlans()
      for (ticks, joules) in small.paretoFront().map({ small.ticksAndJoules($0) }) {
        asked += 1
        let ratio = (plans.filter { $0.ticks <= ticks }.map(\.joules).min() ?? .infinity) / joules
        #expect(ratio >= 1 - 1e-9)
        if ratio <= 1 + 1e-9 { optimal += 1 }
      }
    }
    #expect(optimal * 10 >= asked * 9, "\(optimal) of \(asked)")
  }

  /// A restriction that every plan keeps changes no plan of a settled problem.
  @Test func aLooseRestrictionChangesNothing() throws {
    for seed in 1400..<1420 as Range<UInt64> {
      let free = try Frontier(of: SwitchingTestProblem(seed: seed).problem)
      let loose = try Frontier(of: SwitchingTestProblem(seed: seed, mostSwitches: [8, 8]).problem)
      guard free.isOptimal, loose.isOptimal else { continue }
      #expect(free.plans.map(\.iterationTimeSeconds) == loose.plans.map(\.iterationTimeSeconds))
    }
  }

  /// A pipeline that is not enumerated: twelve microbatches on four ranks with six clocks.
  @Test(arguments: [0, 1, 2, 3])
  func longPipelinesKeepIt(_ most: Int) throws {
    let schedule = try ExpandedSchedule(.oneForwardOneBackward, stageCount: 4, microbatchCount: 12)
    let tables = try (0..<8).map { table in
      try OptionTable(
        measurements: (0..<6).map { step in
          let time = (1 + 0.1 * Double(table / 2)) * (table % 2 == 0 ? 1 : 2) / (1 - 0.08 * Double(step))
          return Measurement(timeSeconds: time, energyJoules: 100 * (1 + 1 / (time * time)))
        }, blockingPowerWatts: 20)
    }
    let orders = (0..<4).map { rank in
      schedule.graph.topologicalOrder.filter { schedule.instructions[$0].stage == rank }
    }
    let problem = try IterationProblem(
      graph: schedule.graph,
      tableOfInstruction: schedule.instructions.map { 2 * $0.stage + ($0.kind == .forward ? 0 : 1) }, tables: tables,
      waitingPowerWatts: 80,
      switching: Switching(
        ranks: orders.map {
          .init(
            instructions: $0, cost: SwitchCost(latencySeconds: 0.01, energyJoules: 0.1), mostSwitches: most)
        }, settings: tables.map { _ in Array(0..<6) }, graph: schedule.graph))
    let options = CharacterizationOptions(deadlineCount: 12, effort: PlanEffort(level: .quick))
    let frontier = try Frontier(of: problem, options: options)
    #expect(frontier.plans.count > 8, "\(frontier.plans.count)")
    for plan in frontier.plans {
      #expect(PlanCertificate(of: plan, problem: problem, curve: frontier.curve).holds)
      #expect(plan.switchCount <= 4 * (most == 1 ? 0 : most))
    }
    #expect(try frontier.plans == Frontier(of: problem, options: options).plans)
  }

  /// A certificate finds a rank that changes too often, whatever else is right.
  @Test func theCertificateCountsChanges() throws {
    var checked = 0
    for seed in 0..<10 as Range<UInt64> {
      let free = try SwitchingTestProblem(seed: seed, cost: .free)
      let frontier = try Frontier(of: free.problem)
      guard let plan = frontier.plans.first(where: { $0.switchCount > 0 }) else { continue }
      let counts = free.run(free.measurements(of: plan)).rankSwitchCounts
      let rank = try #require(counts.firstIndex { $0 > 0 })
      let restricted = try Switching(
        ranks: free.switching.ranks.enumerated().map {
          .init(instructions: $1.instructions, cost: $1.cost, mostSwitches: $0 == rank ? counts[rank] - 1 : nil)
        }, settings: free.switching.settings, graph: free.problem.graph)
      // Some cannot do with less.
      guard let problem = try? free.withSwitching(restricted) else { continue }
      let certificate = PlanCertificate(of: plan, problem: problem, curve: frontier.curve)
      #expect(certificate.failure == .tooManySwitches(rank: rank))
      checked += 1
    }
    #expect(checked > 0)
  }
}
