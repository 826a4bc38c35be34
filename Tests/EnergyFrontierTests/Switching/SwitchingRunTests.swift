import Testing

@testable import EnergyFrontier

/// What a change of setting costs, by hand.
struct SwitchingRunTests {
  /// Two ranks, one microbatch: F0 -> F1 -> B1 -> B0, each 1 s or 2 s; a change takes 0.5 s and 3 J.
  private func problem(_ cost: SwitchCost = SwitchCost(latencySeconds: 0.5, energyJoules: 3)) throws -> IterationProblem
  {
    let graph = try InstructionGraph(count: 4, dependencies: [(0, 2), (2, 3), (3, 1), (0, 1)])
    let table = try OptionTable(
      measurements: [
        Measurement(timeSeconds: 1, energyJoules: 100), Measurement(timeSeconds: 2, energyJoules: 60),
      ], blockingPowerWatts: 10)
    return try IterationProblem(
      graph: graph, tableOfInstruction: [0, 0, 0, 0], tables: [table], waitingPowerWatts: 20,
      switching: Switching(
        ranks: [.init(instructions: [0, 1], cost: cost), .init(instructions: [2, 3], cost: cost)],
        settings: [[1410, 900]], graph: graph))
  }

  @Test func steadyPlansPayNothing() throws {
    let run = IterationRun(try problem(), measurements: [0, 0, 1, 1])
    #expect(run.switchCount == 0)
    #expect(Double(run.iterationTicks) / run.ticksPerSecond == 6)
  }

  /// F1 fast, B1 slow: the change between them delays B1, and the one back happens while rank 0 still works.
  @Test func aChangeOnTheWayTakesTime() throws {
    let problem = try problem()
    let run = IterationRun(problem, measurements: [0, 0, 0, 1])
    #expect(run.switchCount == 2)
    #expect(run.switchesBefore == [false, false, false, true])
    #expect(run.switchesAtEnd == [false, true])
    #expect(Double(run.startTicks[3]) / run.ticksPerSecond == 2.5)
    // 1 + 1 + 0.5 + 2 + 1
    let outcome = problem.outcome(ofMeasurements: [0, 0, 0, 1])
    #expect(outcome.iterationTimeSeconds == 5.5)
    // 360 J measured, 2 x 3 J of changes, and 10 W over the 2 x 5.5 s in which 5 s are busy.
    #expect(outcome.energyJoules == 360 + 6 + 60)
  }

  /// Rank 0 waits 2 s between F0 and B0, so that its change takes no time there; the one back does, at the iteration's
  /// end.
  @Test func aChangeHidesInAWaitButNotAtTheEnd() throws {
    let problem = try problem()
    let run = IterationRun(problem, measurements: [0, 1, 0, 0])
    #expect(Double(run.startTicks[1]) / run.ticksPerSecond == 3)
    #expect(problem.outcome(ofMeasurements: [0, 1, 0, 0]).iterationTimeSeconds == 5.5)
    // All of rank 1 is critical, and B0 may not end later: the change behind it would.
    #expect(run.slackTicks(problem) == [0, 0, 0, 0])
  }

  @Test func slackKnowsOfChanges() throws {
    let problem = try problem(SwitchCost(latencySeconds: 2.5, energyJoules: 0))
    let run = IterationRun(problem, measurements: [0, 1, 0, 0])
    // F0 1 s, change 2.5 s, B0 2 s, change back 2.5 s; rank 1 is done between.
    #expect(Double(run.iterationTicks) / run.ticksPerSecond == 8)
    let slack = run.slackTicks(problem).map { Double($0) / run.ticksPerSecond }
    #expect(slack == [0, 0, 0.5, 0.5])
  }

  /// The path begins at 0, ends with the iteration, waits nowhere, and has no slack.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func longestPathsHaveNoSlack(seed: UInt64) throws {
    let small = try SwitchingTestProblem(seed: seed)
    for measurements in small.allPlans().prefix(50) {
      let run = IterationRun(small.problem, measurements: measurements)
      let path = run.longestPath(small.problem)
      let slack = run.slackTicks(small.problem)
      #expect(path.allSatisfy { slack[$0] == 0 })
      #expect(run.startTicks[try #require(path.first)] == 0)
      let last = try #require(path.last)
      let rank = small.switching.rankOfInstruction[last]
      let back = run.switchesAtEnd[rank] && small.switching.ranks[rank].instructions.last == last
      let ends = [run.endTicks[last], run.endTicks[last] + (back ? run.latencyTicks(small.problem, atEndOf: rank) : 0)]
      #expect(ends.contains(run.iterationTicks))
      for (before, after) in zip(path, path.dropFirst()) {
        let predecessors = Array(small.problem.graph.predecessors(of: after))
        let position = try #require(predecessors.firstIndex(of: before))
        let lags = Array(small.problem.graph.lagsSeconds(before: after)).map(small.problem.lagTicks)
        let waits = [lags[position], run.latencyTicks(small.problem, before: after)]
        #expect(waits.contains(run.startTicks[after] - run.endTicks[before]))
      }
    }
  }

  @Test func costsAreChecked() throws {
    for cost in [SwitchCost(latencySeconds: -1, energyJoules: 0), SwitchCost(latencySeconds: 0, energyJoules: .nan)] {
      #expect(throws: FrontierError.self) { try problem(cost) }
    }
    let graph = try InstructionGraph(count: 2, dependencies: [])
    #expect(throws: FrontierError.unorderedRank(before: 0, after: 1)) {
      try Switching(ranks: [.init(instructions: [0, 1], cost: .free)], settings: [[0]], graph: graph)
    }
  }

  /// More costly changes never make a plan faster or cheaper.
  @Test func costsAddUp() throws {
    for seed in 0..<20 as Range<UInt64> {
      let costs = [0, 0.1, 0.3].map { SwitchCost(latencySeconds: $0, energyJoules: 20 * $0) }
      let problems = try costs.map { try SwitchingTestProblem(seed: seed, cost: $0) }
      for plan in problems[0].allPlans() {
        let outcomes = problems.map { $0.problem.outcome(ofMeasurements: plan) }
        for (less, more) in zip(outcomes, outcomes.dropFirst()) {
          #expect(less.iterationTimeSeconds <= more.iterationTimeSeconds)
          #expect(less.energyJoules <= more.energyJoules * (1 + 1e-12))
        }
      }
    }
  }
}
