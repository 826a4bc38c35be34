import Basics
import Testing

@testable import EnergyFrontier

/// A day of budgets, and the most work for given joules.
@Suite struct PowerSeriesTests {
  /// The least loss over all intervals as a linear program: for each interval and copy a share of each corner.
  private func leastLoss(_ problem: PowerProblem, _ budgets: [PowerBudget], joules: Double) -> Double? {
    var columns: [(interval: Int, job: Int, corner: PowerCurve.Corner)] = []
    for interval in budgets.indices {
      for job in problem.jobs.indices {
        columns += problem.jobClass(job).bound.corners.map { (interval, job, $0) }
      }
    }
    var solver = SimplexSolver(
      minimizing: columns.map {
        -budgets[$0.interval].durationSeconds * problem.worth($0.job) * $0.corner.iterationsPerSecond
      })
    for interval in budgets.indices {
      let here = columns.indices.filter { columns[$0].interval == interval }
      for job in problem.jobs.indices {
        solver.addEquality(
          here.filter { columns[$0].job == job }.map { ($0, 1) }, equals: Double(problem.jobs[job].count))
      }
      let caps = [budgets[interval].budgetWatts] + problem.groups.capsWatts.dropFirst()
      for (group, cap) in caps.enumerated() {
        let inside = here.filter { problem.groups.isWithin(problem.jobs[columns[$0].job].group, group) }
        solver.addRow(inside.map { ($0, columns[$0].corner.powerWatts) }, atMost: cap)
      }
    }
    solver.addRow(
      columns.indices.map { ($0, budgets[columns[$0].interval].durationSeconds * columns[$0].corner.powerWatts) },
      atMost: joules)
    return solver.solve().map { $0 + budgets.reduce(0) { $0 + $1.durationSeconds } * problem.totalRate }
  }

  @Test(arguments: UInt64(0)..<120) func mostWorkForGivenJoulesIsTheLinearPrograms(seed: UInt64) throws {
    let sketch = PowerSketch(seed: seed, countLimit: 2)
    let problem = sketch.problem()
    let allocator = try PowerAllocator(problem)
    var generator = SplitMix64(seed: seed)
    let budgets = (0..<3).map { _ in
      PowerBudget(
        durationSeconds: Double.random(in: 1...3, using: &generator),
        budgetWatts: sketch.budgetWatts(Double.random(in: 0...1.2, using: &generator)))
    }
    let most = budgets.reduce(0) { $0 + $1.durationSeconds * $1.budgetWatts }
    let least = budgets.reduce(0) { $0 + $1.durationSeconds * allocator.leastPowerWatts }
    let joules = least + Double.random(in: 0...1.1, using: &generator) * (most - least) + 1e-9
    let allocations = try allocator.allocations(of: budgets, energyJoules: joules)
    let lost = zip(budgets, allocations).reduce(0) { $0 + $1.0.durationSeconds * $1.1.boundLostRate }
    let linear = try #require(leastLoss(problem, budgets, joules: joules))
    #expect(abs(lost - linear) < 1e-6 * (1 + abs(linear)))
    for (budget, allocation) in zip(budgets, allocations) {
      #expect(allocation.powersWatts[0] <= budget.budgetWatts * (1 + 1e-9))
    }
    let drawn = zip(budgets, allocations).reduce(0) { $0 + $1.0.durationSeconds * $1.1.powersWatts[0] }
    #expect(drawn <= joules * (1 + 1e-9))
  }

  @Test func levelUsesUpTheJoules() {
    let budgets = [(2.0, 10.0), (1, 30), (3, .infinity)].map {
      PowerBudget(durationSeconds: $0.0, budgetWatts: $0.1)
    }
    #expect(PowerAllocator.level(of: budgets, energyJoules: 30) == 5)
    #expect(PowerAllocator.level(of: budgets, energyJoules: 100) == 20)
    #expect(PowerAllocator.level(of: budgets, energyJoules: 350) == 100)
    #expect(PowerAllocator.level(of: Array(budgets.prefix(2)), energyJoules: 51) == .infinity)
  }

  @Test func tooFewJoulesSayHowMany() throws {
    let sketch = PowerSketch(seed: 1)
    let allocator = try PowerAllocator(sketch.problem())
    let hour = [PowerBudget(durationSeconds: 3600, budgetWatts: .infinity)]
    let least = 3600 * allocator.leastPowerWatts
    #expect(throws: PowerShortage.energy(leastEnergyJoules: least)) {
      try allocator.allocations(of: hour, energyJoules: least * 0.99)
    }
    #expect(try allocator.allocations(of: hour, energyJoules: least)[0].powersWatts[0] <= allocator.leastPowerWatts)
  }
}
