import Basics
import EnergyFrontier
import Testing

/// Power among jobs: the bound against a linear program, plans against every combination of plans, and what holds of
/// both.
@Suite struct PowerAllocatorTests {
  /// The least lost rate as a linear program: for each copy a share of each corner of its curve.
  private func leastLostRate(_ problem: PowerProblem, budgetWatts: Double) -> Double? {
    var columns: [(job: Int, corner: PowerCurve.Corner, worth: Double)] = []
    for (index, job) in problem.jobs.enumerated() {
      let curve = problem.classes[job.jobClass].bound
      let worth = job.weight / curve.fastest.iterationsPerSecond
      columns += curve.corners.map { (index, $0, worth) }
    }
    var solver = SimplexSolver(minimizing: columns.map { -$0.worth * $0.corner.iterationsPerSecond })
    for (index, job) in problem.jobs.enumerated() {
      solver.addEquality(
        columns.indices.filter { columns[$0].job == index }.map { ($0, 1) }, equals: Double(job.count))
    }
    let caps = [budgetWatts] + problem.groups.capsWatts.dropFirst()
    for (group, cap) in caps.enumerated() where cap < .infinity {
      solver.addRow(
        columns.indices.filter { problem.groups.isWithin(problem.jobs[columns[$0].job].group, group) }.map {
          ($0, columns[$0].corner.powerWatts)
        }, atMost: cap)
    }
    return solver.solve().map { problem.totalRate + $0 }
  }

  @Test(arguments: UInt64(0)..<300) func boundIsTheLinearPrograms(seed: UInt64) throws {
    let sketch = PowerSketch(seed: seed)
    let problem = sketch.problem()
    for share in [0, 0.2, 0.6, 1.1] {
      let budget = sketch.budgetWatts(share)
      let allocation = try PowerAllocator(problem).allocation(ofBudgetWatts: budget)
      let least = try #require(leastLostRate(problem, budgetWatts: budget))
      #expect(abs(allocation.boundLostRate - least) < 1e-7 * (1 + abs(least)))
    }
  }

  /// What the choices draw and lose, from their definition.
  private func check(_ allocation: PowerAllocation, _ problem: PowerProblem, budgetWatts: Double) {
    let caps = [budgetWatts] + problem.groups.capsWatts.dropFirst()
    var (loads, lost) = (caps.map { _ in 0.0 }, 0.0)
    for (job, choices) in zip(problem.jobs, allocation.choices) {
      #expect(choices.reduce(0) { $0 + $1.count } == job.count)
      for choice in choices {
        for group in caps.indices where problem.groups.isWithin(job.group, group) {
          loads[group] += Double(choice.count) * choice.pace.powerWatts
        }
        let fastest = 1 / problem.classes[job.jobClass].bound.fastest.iterationsPerSecond
        lost += Double(choice.count) * job.weight * (1 - fastest / choice.pace.iterationTimeSeconds)
      }
    }
    for (load, cap) in zip(loads, caps) { #expect(load <= cap * (1 + 1e-9)) }
    for (load, said) in zip(loads, allocation.powersWatts) { #expect(abs(load - said) < 1e-9 * (1 + load)) }
    #expect(abs(lost - allocation.lostRate) < 1e-9 * (1 + lost))
    #expect(allocation.lostRate >= allocation.boundLostRate - 1e-9)
  }

  @Test(arguments: UInt64(0)..<300) func plansKeepEveryCap(seed: UInt64) throws {
    let sketch = PowerSketch(seed: seed, countLimit: 40)
    let problem = sketch.problem()
    let allocator = try PowerAllocator(problem)
    for share in [0, 0.1, 0.5, 0.9, 1.1] {
      let budget = sketch.budgetWatts(share)
      check(try allocator.allocation(ofBudgetWatts: budget), problem, budgetWatts: budget)
    }
  }

  @Test(arguments: UInt64(0)..<200) func moreBudgetLosesNoMore(seed: UInt64) throws {
    let sketch = PowerSketch(seed: seed)
    let allocator = try PowerAllocator(sketch.problem())
    let lost = try (0...20).map { step in
      try allocator.allocation(ofBudgetWatts: sketch.budgetWatts(Double(step) / 20)).boundLostRate
    }
    for (less, more) in zip(lost, lost.dropFirst()) { #expect(more <= less + 1e-9) }
    // Each further watt gains less than the one before.
    for step in 1..<20 { #expect(lost[step] <= (lost[step - 1] + lost[step + 1]) / 2 + 1e-9) }
  }

  @Test(arguments: UInt64(0)..<200) func countedCopiesAreExpandedOnes(seed: UInt64) throws {
    let sketch = PowerSketch(seed: seed, countLimit: 6)
    let budget = sketch.budgetWatts(Double(seed % 10) / 10)
    let counted = try PowerAllocator(sketch.problem()).allocation(ofBudgetWatts: budget)
    let expanded = try PowerAllocator(sketch.problem(expanded: true)).allocation(ofBudgetWatts: budget)
    #expect(abs(counted.boundLostRate - expanded.boundLostRate) < 1e-9)
    check(expanded, sketch.problem(expanded: true), budgetWatts: budget)
  }

  /// The least that any choice of one pace without waits for each copy loses.
  private func leastByEnumeration(_ problem: PowerProblem, budgetWatts: Double) -> Double {
    let caps = [budgetWatts] + problem.groups.capsWatts.dropFirst()
    var best = Double.infinity
    func choose(_ job: Int, _ loads: [Double], _ lost: Double) {
      guard lost < best else { return }
      guard job < problem.jobs.count else {
        best = lost
        return
      }
      let (ladder, described) = (problem.classes[problem.jobs[job].jobClass].ladder, problem.jobs[job])
      let fastest = 1 / problem.classes[described.jobClass].bound.fastest.iterationsPerSecond
      for pace in ladder.steps.indices.map(ladder.pace(ofStep:)) {
        var loads = loads
        for group in caps.indices where problem.groups.isWithin(described.group, group) {
          loads[group] += pace.powerWatts
        }
        guard zip(loads, caps).allSatisfy({ $0 <= $1 * (1 + 1e-12) }) else { continue }
        choose(job + 1, loads, lost + described.weight * (1 - fastest / pace.iterationTimeSeconds))
      }
    }
    choose(0, caps.map { _ in 0 }, 0)
    return best
  }

  @Test func plansAreNearTheBestOfAllCombinations() throws {
    var (excess, count, optimal) = (0.0, 0, 0)
    for seed in UInt64(0)..<300 {
      let sketch = PowerSketch(seed: seed, countLimit: 1)
      if sketch.mayPause { continue }
      let problem = sketch.problem()
      for share in [0.25, 0.5, 0.75] {
        let budget = sketch.budgetWatts(share)
        let allocation = try PowerAllocator(problem).allocation(ofBudgetWatts: budget)
        let best = leastByEnumeration(problem, budgetWatts: budget)
        #expect(allocation.lostRate >= best - 1e-9)
        #expect(best >= allocation.boundLostRate - 1e-9)
        excess += (allocation.lostRate - best) / problem.totalRate
        count += 1
        optimal += allocation.lostRate < best + 1e-9 ? 1 : 0
      }
    }
    #expect(excess / Double(count) < 0.002)
    #expect(Double(optimal) > 0.9 * Double(count))
  }

  @Test func tooLittlePowerNamesTheGroup() throws {
    let plans = [PlanPower(iterationTimeSeconds: 1, energyJoules: 10, peakPowerWatts: 12)]
    let pipelines = [PaceLadder.Pipelines(plans: plans, waitingPowerWatts: 1, count: 1)]
    let ladder = PaceLadder(pipelines, mayWait: false)
    let (groups, numbers) = PowerGroups.numbered(capsWatts: [9], within: [nil])!
    let jobs = [PowerProblem.JobEntry(jobClass: 0, weight: 1, group: numbers[0])]
    let classes = [PowerProblem.JobClass(bound: ladder.hull, ladder: ladder)]
    #expect(throws: PowerShortage.group(1, leastPowerWatts: 10)) {
      try PowerAllocator(PowerProblem(classes: classes, jobs: jobs, groups: groups))
    }
    let free = PowerProblem(classes: classes, jobs: [.init(jobClass: 0, weight: 1, count: 3)])
    #expect(throws: PowerShortage.budget(leastPowerWatts: 30)) {
      try PowerAllocator(free).allocation(ofBudgetWatts: 29)
    }
  }

  @Test func groupsAreWithinOneAnother() {
    #expect(PowerGroups.numbered(capsWatts: [1, 1], within: [1, 0]) == nil)
    #expect(PowerGroups.numbered(capsWatts: [1], within: [0]) == nil)
    let deep = PowerGroups.greatestDepth
    #expect(PowerGroups.numbered(capsWatts: (0...deep).map(Double.init), within: [nil] + (0..<deep).map { $0 }) == nil)
    // Room 0 holds racks 2 and 3; node 4 is in rack 2; group 1 is apart.
    let (groups, numbers) = PowerGroups.numbered(capsWatts: [0, 1, 2, 3, 4], within: [nil, nil, 0, 0, 2])!
    #expect(numbers.map { groups.capsWatts[$0] } == [0, 1, 2, 3, 4])
    #expect(groups.isWithin(numbers[4], numbers[0]) && groups.isWithin(numbers[4], numbers[2]))
    #expect(!groups.isWithin(numbers[4], numbers[3]) && !groups.isWithin(numbers[1], numbers[0]))
    #expect(groups.smallest(containing: [numbers[4], numbers[3]]) == numbers[0])
    #expect(groups.smallest(containing: [numbers[4], numbers[1]]) == 0)
  }
}
