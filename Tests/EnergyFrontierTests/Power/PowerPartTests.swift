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

  /// Jobs of alike pipelines over three racks, which all of them share.
  private struct SpreadJobs {
    let problem: PowerProblem
    /// For each job the share of its power in each rack.
    let shares: [[Double]]
    let budgetWatts: Double

    init(seed: UInt64) {
      var generator = SplitMix64(seed: seed)
      var (classes, jobs) = ([PowerProblem.JobClass](), [PowerProblem.JobEntry]())
      var shares: [[Double]] = []
      let numbers = 1...3
      for index in 0..<Int.random(in: 2...6, using: &generator) {
        var (time, energy) = (
          Double.random(in: 1...2, using: &generator), Double.random(in: 40...90, using: &generator)
        )
        let plans = (0..<6).map { _ in
          defer {
            time += Double.random(in: 0.02...0.2, using: &generator)
            energy *= Double.random(in: 0.9...0.99, using: &generator)
          }
          return PlanPower(iterationTimeSeconds: time, energyJoules: energy, peakPowerWatts: 100)
        }
        let ladder = PaceLadder([.init(plans: plans, waitingPowerWatts: 5, count: 8)], mayWait: true)
        // Every third is in one rack as a whole.
        let home = index % 3 == 2 ? Int.random(in: numbers, using: &generator) : nil
        let weights = numbers.map { number in
          home.map { $0 == number ? 1 : 0 } ?? Double.random(in: 0...1, using: &generator)
        }
        let ofJob = weights.map { $0 / weights.reduce(0, +) }
        classes.append(.init(bound: ladder.hull, ladder: ladder))
        shares.append(ofJob)
        jobs.append(
          .init(
            jobClass: index, weight: Double.random(in: 0.5...2, using: &generator), group: home ?? 0,
            parts: home != nil
              ? []
              : zip(numbers, ofJob).map { number, share in
                .init(group: number, bound: PowerCurve(lockstep: [(ladder.hull, share)]), share: share) {
                  ladder.steps[$0].draw.times(share)
                }
              }))
      }
      let most = numbers.map { rack in
        zip(classes, shares).reduce(0) { $0 + $1.1[rack - 1] * $1.0.ladder.fastest.powerWatts }
      }
      let caps = most.map { $0 * Double.random(in: 0.4...1, using: &generator) }
      self.shares = shares
      budgetWatts = caps.reduce(0, +) * Double.random(in: 0.8...1.2, using: &generator)
      problem = PowerProblem(
        classes: classes, jobs: jobs,
        groups: PowerGroups.numbered(capsWatts: caps, within: [nil, nil, nil])!.groups)
    }

    /// The least lost rate as a linear program.
    func leastLostRate() -> Double? {
      let columns = problem.jobs.indices.flatMap { job in
        problem.classes[job].bound.corners.map { (job: job, corner: $0) }
      }
      var solver = SimplexSolver(
        minimizing: columns.map {
          -problem.jobs[$0.job].weight * $0.corner.iterationsPerSecond
            / problem.classes[$0.job].bound.fastest.iterationsPerSecond
        })
      for job in problem.jobs.indices {
        solver.addEquality(columns.indices.filter { columns[$0].job == job }.map { ($0, 1) }, equals: 1)
      }
      for group in 0..<4 {
        solver.addRow(
          columns.enumerated().map { ($0, $1.corner.powerWatts * (group == 0 ? 1 : shares[$1.job][group - 1])) },
          atMost: group == 0 ? budgetWatts : problem.groups.capsWatts[group])
      }
      return solver.solve().map { problem.totalRate + $0 }
    }
  }

  /// Racks that jobs share: the bound holds and is near the best one, and plans are near both.
  @Test func pricesOfSharedRacksProveABound() throws {
    var (slack, gap, count) = (0.0, 0.0, 0.0)
    for seed in UInt64(0)..<200 {
      let jobs = SpreadJobs(seed: seed)
      let allocation = try PowerAllocator(jobs.problem).allocation(ofBudgetWatts: jobs.budgetWatts)
      let least = try #require(jobs.leastLostRate())
      #expect(allocation.boundLostRate <= least + 1e-9)
      #expect(allocation.lostRate >= least - 1e-9)
      for group in 1..<4 {
        let load = zip(jobs.shares, allocation.choices).reduce(0) { $0 + $1.0[group - 1] * $1.1[0].pace.powerWatts }
        #expect(load <= jobs.problem.groups.capsWatts[group] * (1 + 1e-9))
      }
      slack += (least - allocation.boundLostRate) / jobs.problem.totalRate
      gap += (allocation.lostRate - least) / jobs.problem.totalRate
      count += 1
    }
    #expect(slack / count < 0.001)
    #expect(gap / count < 0.01)
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
