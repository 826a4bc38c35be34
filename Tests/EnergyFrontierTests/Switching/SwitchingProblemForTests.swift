import Basics

@testable import EnergyFrontier

/// A small pipeline whose changes of setting cost something, the same for the same seed, and every plan it has.
struct SwitchingTestProblem {
  let problem: IterationProblem
  let switching: Switching

  /// Two ranks, one or two microbatches, up to three settings of which each table knows some.
  ///
  /// - Parameter cost: nil for a random one.
  init(seed: UInt64, cost: SwitchCost? = nil) throws {
    var random = SplitMix64(seed: seed &* 0x9E37_79B9 &+ 3)
    let microbatches = 1 + random.index(below: 2)
    let schedule = try ExpandedSchedule(
      random.index(below: 2) == 0 ? .oneForwardOneBackward : .gpipe, stageCount: 2, microbatchCount: microbatches)
    let graph = try Self.withLags(schedule.graph, &random)
    var settings: [[Int]] = []
    var tables: [OptionTable] = []
    for _ in 0..<4 {
      let known = [0, 1, 2].filter { _ in random.index(below: 5) > 0 }
      settings.append(known.isEmpty ? [1] : known)
      tables.append(
        try OptionTable(
          measurements: settings.last!.map { _ in
            Measurement(timeSeconds: 1 + 2 * random.unitFraction(), energyJoules: 40 + 100 * random.unitFraction())
          }, blockingPowerWatts: 10))
    }
    let costs = (0..<2).map { _ in
      SwitchCost(
        latencySeconds: random.unitFraction(),
        energyJoules: random.index(below: 2) == 0 ? 0 : 15 * random.unitFraction())
    }
    let count = schedule.instructions.count / 2
    switching = try Switching(
      ranks: (0..<2).map { rank in
        Switching.Rank(instructions: Array(rank * count..<(rank + 1) * count), cost: cost ?? costs[rank])
      }, settings: settings, graph: graph)
    problem = try IterationProblem(
      graph: graph,
      tableOfInstruction: schedule.instructions.map { 2 * $0.stage + ($0.kind == .forward ? 0 : 1) }, tables: tables,
      waitingPowerWatts: 20, deviceMultiplicity: 1 + random.index(below: 2), switching: switching)
  }

  /// Every third dependency gets a lag, on a rank or between ranks.
  private static func withLags(_ graph: InstructionGraph, _ random: inout SplitMix64) throws -> InstructionGraph {
    var dependencies: [InstructionGraph.Dependency] = []
    for after in 0..<graph.count {
      for before in graph.predecessors(of: after) {
        let lag = random.index(below: 3) == 0 ? random.unitFraction() : 0
        dependencies.append(.init(before: before, after: after, lagSeconds: lag))
      }
    }
    return try InstructionGraph(count: graph.count, lagged: dependencies)
  }

  /// The same pipeline with settings that change at once and for nothing, or unknown.
  func withSwitching(_ switching: Switching?) throws -> IterationProblem {
    try IterationProblem(
      graph: problem.graph, tableOfInstruction: problem.tableOfInstruction, tables: problem.tables,
      waitingPowerWatts: problem.waitingPowerWatts, deviceMultiplicity: problem.deviceMultiplicity,
      switching: switching)
  }

  struct Result {
    var outcome: Outcome
    var switchCount: Int
  }

  /// Runs a plan as its definition says, rank after rank until nothing moves any more, in seconds.
  func run(_ measurements: [Int]) -> Result {
    let graph = problem.graph
    var ends = [Double](repeating: 0, count: graph.count)
    var energy = 0.0
    var switches = 0
    func setting(_ instruction: Int) -> Int {
      switching.settings[problem.tableOfInstruction[instruction]][measurements[instruction]]
    }
    // Round after round, until nothing moves any more.
    var old: [Double] = []
    while old != ends {
      old = ends
      for (rank, order) in switching.ranks.enumerated() {
        for (position, instruction) in order.instructions.enumerated() {
          var start = 0.0
          for (before, lag) in zip(graph.predecessors(of: instruction), graph.lagsSeconds(before: instruction)) {
            start = max(start, ends[before] + lag)
          }
          if position > 0 {
            let before = order.instructions[position - 1]
            let latency = setting(before) == setting(instruction) ? 0 : switching.ranks[rank].cost.latencySeconds
            start = max(start, ends[before] + latency)
          }
          ends[instruction] =
            start + problem.table(of: instruction).measurements[measurements[instruction]].timeSeconds
        }
      }
    }
    var seconds = 0.0
    for rank in switching.ranks {
      let ring = rank.instructions + [rank.instructions[0]]
      let changes = zip(ring, ring.dropFirst()).count { setting($0) != setting($1) }
      let isChangingAtEnd = setting(ring[0]) != setting(ring[ring.count - 2])
      seconds = max(seconds, ends[ring[ring.count - 2]] + (isChangingAtEnd ? rank.cost.latencySeconds : 0))
      energy += Double(changes) * rank.cost.energyJoules
      switches += changes
    }
    var busy = 0.0
    for (instruction, measurement) in measurements.enumerated() {
      let chosen = problem.table(of: instruction).measurements[measurement]
      energy += chosen.energyJoules
      busy += chosen.timeSeconds
    }
    // Two devices of 10 W, waiting whenever they do not compute.
    energy += 10 * (2 * seconds - busy)
    return Result(
      outcome: Outcome(
        iterationTimeSeconds: seconds, energyJoules: energy * Double(problem.deviceMultiplicity)),
      switchCount: switches)
  }

  func measurements(of plan: Plan) -> [Int] {
    plan.choices.enumerated().map { problem.table(of: $0).options[Int($1)] }
  }

  /// Every plan there is, dominated options included.
  func allPlans() -> [[Int]] {
    (0..<problem.graph.count).reduce([[]]) { plans, instruction in
      plans.flatMap { plan in problem.table(of: instruction).measurements.indices.map { plan + [$0] } }
    }
  }
}
