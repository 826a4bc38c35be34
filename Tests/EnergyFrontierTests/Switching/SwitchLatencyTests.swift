import Basics
import Testing

@testable import EnergyFrontier

/// Changes whose time depends on the two settings, by hand and against brute force.
struct SwitchLatencyTests {
  /// Settings of two knobs: (0, 0), (0, 1), (1, 1). The first takes 3 s, whatever else differs 1 s on one rank and 2 s
  /// on another; from the last to the first it is 0.5 s, but not back.
  private static let knobs = try! SwitchLatencies(
    knobSeconds: [3], knobValues: [[0], [0], [1]], rests: [0, 1, 1], pairs: [.init(from: 2, to: 0, seconds: 0.5)])

  @Test func knobsThatDifferAddUpUnlessThePairHasATime() {
    func seconds(_ from: Int, _ to: Int, other: Double = 1) -> Double {
      Self.knobs.seconds(from: from, to: to, other: other)
    }
    #expect(seconds(0, 1) == 1 && seconds(1, 0) == 1)
    #expect(seconds(1, 2) == 3 && seconds(2, 1) == 3)
    #expect(seconds(0, 2) == 4 && seconds(0, 2, other: 2) == 5)
    #expect(seconds(2, 0) == 0.5 && seconds(2, 0, other: 2) == 0.5)
    #expect(Self.knobs.longestSeconds(other: 2) == 5)
  }

  /// One rank runs two instructions; there and back are different pairs.
  @Test func directionsAreApart() throws {
    let graph = try InstructionGraph(count: 2, dependencies: [(0, 1)])
    let table = try OptionTable(
      measurements: (1...3).map { Measurement(timeSeconds: Double($0), energyJoules: 100 / Double($0)) },
      blockingPowerWatts: 10)
    let problem = try IterationProblem(
      graph: graph, tableOfInstruction: [0, 0], tables: [table], waitingPowerWatts: 10,
      switching: Switching(
        ranks: [.init(instructions: [0, 1], cost: SwitchCost(latencySeconds: 1, energyJoules: 0))],
        settings: [[0, 1, 2]], latencies: Self.knobs, graph: graph))
    func seconds(_ plan: [Int]) -> Double { problem.outcome(ofMeasurements: plan).iterationTimeSeconds }
    // 1 s, 4 s up, 3 s, 0.5 s back; the same the other way; 2 s, 3 s, 3 s, 3 s.
    #expect(seconds([0, 2]) == 8.5)
    #expect(seconds([2, 0]) == 8.5)
    #expect(seconds([1, 2]) == 11)
    let run = IterationRun(problem, measurements: [2, 0])
    #expect(run.latencySeconds(before: 1) == 0.5 && run.latencySeconds(atEndOf: 0) == 4)
    // The second may end as late as its change back allows, which is right away.
    #expect(run.slackTicks(problem) == [0, 0] && run.longestPath(problem) == [0, 1])
  }

  @Test func timesAreChecked() {
    for seconds in [-1, .nan, .infinity] {
      #expect(throws: FrontierError.self) {
        try SwitchLatencies(knobSeconds: [seconds], knobValues: [[0], [1]], rests: [0, 0], pairs: [])
      }
      #expect(throws: FrontierError.self) {
        try SwitchLatencies(
          knobSeconds: [], knobValues: [[], []], rests: [0, 1], pairs: [.init(from: 0, to: 1, seconds: seconds)])
      }
    }
  }

  /// Plans are as a simulation of its own runs them, certified, undominated, and where the list is called optimal, all
  /// that brute force finds.
  @Test(arguments: SwitchingTestProblem.Latencies.allCases)
  func plansAreThoseOfBruteForce(_ kind: SwitchingTestProblem.Latencies) throws {
    var settled = 0
    for seed in 100..<180 as Range<UInt64> {
      let small = try SwitchingTestProblem(seed: seed, latencies: kind)
      let frontier = try Frontier(of: small.problem)
      let best = small.paretoFront()
      try small.check(frontier, against: best, "\(kind) \(seed)")
      if frontier.isOptimal { settled += 1 }
    }
    #expect(settled >= 70, "\(settled) of 80")
  }

  /// The searches alone, where enumeration does not end: no plan but real ones, and nearly always the best.
  @Test(arguments: SwitchingTestProblem.Latencies.allCases)
  func searchesAreNearlyOptimal(_ kind: SwitchingTestProblem.Latencies) throws {
    var (optimal, asked) = (0, 0)
    for seed in 200..<230 as Range<UInt64> {
      let small = try SwitchingTestProblem(seed: seed, latencies: kind)
      let plans = try small.searchedPlans()
      for (ticks, joules) in small.paretoFront().map({ small.ticksAndJoules($0) }) {
        asked += 1
        let found = plans.filter { $0.ticks <= ticks }.map(\.joules).min() ?? .infinity
        let ratio = found / joules
        #expect(ratio >= 1 - 1e-9)
        if ratio <= 1 + 1e-9 { optimal += 1 }
      }
    }
    #expect(optimal * 10 >= asked * 9, "\(optimal) of \(asked)")
  }

  /// With pairs the prices still prove a bound for every plan that there is.
  @Test(arguments: SwitchingTestProblem.Latencies.allCases)
  func pricesProveABound(_ kind: SwitchingTestProblem.Latencies) throws {
    for seed in 300..<310 as Range<UInt64> {
      let small = try SwitchingTestProblem(seed: seed, latencies: kind)
      let (space, bound) = try small.spaceAndBound()
      let all = small.allPlans().map { small.ticksAndJoules(small.run($0).outcome) }
      for deadline in bound.deadlines {
        var value = 0.0
        for position in 0..<space.count where space.base.successors(of: position).isEmpty {
          value += deadline.prices.positions[position]
        }
        let prices = try SwitchingPrices(raising: deadline.prices, value: value, in: space, ProgressHandle())
        for (ticks, joules) in all {
          let waiting = space.base.waitingJoulesPerTick * Double(ticks)
          let proven = (prices.boundJoules(ticks) + waiting) * (1 - 1e-9)
          #expect(joules >= proven)
        }
      }
    }
  }

  /// Equal times for all pairs are what one time for the rank is, plans and all.
  @Test func aTimeForEachPairIsTheTimeOfTheRank() throws {
    for seed in 0..<20 as Range<UInt64> {
      let cost = SwitchCost(latencySeconds: 0.3, energyJoules: 2)
      let small = try SwitchingTestProblem(seed: seed, cost: cost)
      let pairs = try SwitchLatencies(
        knobSeconds: [], knobValues: [[], [], []], rests: [0, 1, 2],
        pairs: (0..<3).flatMap { from in
          (0..<3).filter { $0 != from }.map { .init(from: from, to: $0, seconds: cost.latencySeconds) }
        })
      let switching = try Switching(
        ranks: small.switching.ranks, settings: small.switching.settings, latencies: pairs, graph: small.problem.graph)
      #expect(try Frontier(of: small.withSwitching(switching)).plans == Frontier(of: small.problem).plans)
    }
  }

  /// With many settings times are computed when asked for, and not kept; the plans are the same.
  @Test func aLargeTableIsNotKept() throws {
    let small = try SwitchingTestProblem(seed: 107, latencies: .ofKnobsAndAPair)
    let count = 1200
    let latencies = try #require(small.switching.latencies)
    func large(_ setting: Int) -> Int { setting * 400 }
    let spread = try SwitchLatencies(
      knobSeconds: latencies.knobSeconds, knobValues: (0..<count).map { [$0 / 400 == 2 ? 1 : 0] },
      rests: (0..<count).map { $0 / 400 == 0 ? 0 : 1 },
      pairs: [.init(from: large(2), to: large(0), seconds: small.seconds[0][2][0])])
    let switching = try Switching(
      ranks: small.switching.ranks, settings: small.switching.settings.map { $0.map(large) }, latencies: spread,
      graph: small.problem.graph)
    #expect(try Frontier(of: small.withSwitching(switching)).plans == Frontier(of: small.problem).plans)
  }
}
