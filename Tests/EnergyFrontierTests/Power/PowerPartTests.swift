import Basics
import EnergyFrontier
import Testing

/// Caps of groups that hold only part of a job.
@Suite struct PowerPartTests {
  private static let plans = (0..<5).map { step in
    PlanPower(
      iterationTimeSeconds: 1 + 0.2 * Double(step), energyJoules: 100 - 8 * Double(step), peakPowerWatts: 130)
  }

  /// A job of 8 alike pipelines, some of them in each rack.
  private func problem(racks: [(pipelines: Int, capWatts: Double)], jobCount: Int = 1) throws -> PowerProblem {
    let one = PaceLadder([.init(plans: Self.plans, waitingPowerWatts: 5, count: 1)], mayWait: true)
    let all = PaceLadder([.init(plans: Self.plans, waitingPowerWatts: 5, count: 8)], mayWait: true)
    let (groups, numbers) = try #require(
      PowerGroups.numbered(capsWatts: racks.map(\.capWatts), within: racks.map { _ in nil }))
    let parts = zip(racks, numbers).map { rack, number in
      let share = Double(rack.pipelines) / 8
      return PowerProblem.Part(
        group: number, bound: PowerCurve(lockstep: [(one.hull, Double(rack.pipelines))])
      ) { all.steps[$0].draw.times(share) }
    }
    return PowerProblem(
      classes: [.init(bound: all.hull, ladder: all)],
      jobs: (0..<jobCount).map { _ in .init(jobClass: 0, weight: 1, parts: parts) }, groups: groups)
  }

  /// The tightest rack sets the pace of the whole job, and the bound knows.
  @Test func lockstepFollowsTheTightestRack() throws {
    for cap in [40.0, 100, 150, 170, 190, 250] {
      let problem = try problem(racks: [(2, cap), (6, 1000)])
      let allocation = try PowerAllocator(problem).allocation(ofBudgetWatts: 1000)
      let pace = try #require(problem.classes[0].ladder.pace(withinWatts: min(4 * cap, 1000)))
      #expect(allocation.choices.map { $0.map(\.pace) } == [[pace]])
      #expect(abs(allocation.powersWatts[1] - pace.powerWatts / 4) < 1e-9)
      #expect(allocation.lostRate >= allocation.boundLostRate - 1e-12)
      let hull = problem.classes[0].bound
      let rate = try #require(hull.iterationsPerSecond(withinWatts: min(4 * cap, 1000)))
      #expect(abs(allocation.boundLostRate - (1 - rate / hull.fastest.iterationsPerSecond)) < 1e-12)
    }
  }

  @Test func jobsThatShareRacksKeepTheirCaps() throws {
    for (budget, cap) in [(1e6, 250.0), (1e6, 330), (900, 400), (1000, 320)] {
      let problem = try problem(racks: [(2, cap), (6, 3 * cap)], jobCount: 2)
      let allocation = try PowerAllocator(problem).allocation(ofBudgetWatts: budget)
      var loads = [0.0, 0, 0]
      for choice in allocation.choices.flatMap({ $0 }) {
        for (group, share) in [1, 0.25, 0.75].enumerated() { loads[group] += share * choice.pace.powerWatts }
      }
      for (load, said) in zip(loads, allocation.powersWatts) { #expect(abs(load - said) < 1e-9 * load) }
      #expect(loads[0] <= budget * (1 + 1e-9) && loads[1] <= cap * (1 + 1e-9) && loads[2] <= 3 * cap * (1 + 1e-9))
      // No pair of paces without waits is better: all caps are of one shape, so the tightest is all that counts.
      let ladder = problem.classes[0].ladder
      let paces = ladder.steps.indices.map(ladder.pace(ofStep:))
      let pairs = paces.flatMap { first in paces.map { (first, $0) } }
      let fitting = pairs.filter { $0.powerWatts + $1.powerWatts <= min(budget, 4 * cap) }
      let best = fitting.map { 2 - 1 / $0.iterationTimeSeconds - 1 / $1.iterationTimeSeconds }.min() ?? 2
      #expect(allocation.lostRate <= best + 1e-12 && allocation.lostRate >= allocation.boundLostRate)
    }
  }

  /// Single ranks: their caps hold for plans, and the bound leaves them out.
  @Test func ranksKeepTheirCap() throws {
    let ladder = PaceLadder([.init(plans: Self.plans, waitingPowerWatts: 5, count: 1)], mayWait: false)
    let (groups, numbers) = try #require(PowerGroups.numbered(capsWatts: [30], within: [nil]))
    // This rank draws more in slower plans but the last: the cap leaves only that one.
    let powers: [Double] = [31, 33, 34, 35, 29]
    let part = PowerProblem.Part(group: numbers[0], bound: nil) { PowerDraw(watts: powers[$0], joules: 0) }
    let problem = PowerProblem(
      classes: [.init(bound: ladder.hull, ladder: ladder)],
      jobs: [.init(jobClass: 0, weight: 1, count: 1, parts: [part])], groups: groups)
    let allocation = try PowerAllocator(problem).allocation(ofBudgetWatts: 1000)
    #expect(allocation.choices[0].map(\.pace) == [ladder.slowest])
    #expect(allocation.powersWatts[1] == 29 && allocation.boundLostRate == 0)
  }
}
