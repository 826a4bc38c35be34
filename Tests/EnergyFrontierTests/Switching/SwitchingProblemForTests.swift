import Basics
import Testing

@testable import EnergyFrontier

/// A small pipeline whose changes of setting cost something, the same for the same seed, and every plan it has.
struct SwitchingTestProblem {
  let problem: IterationProblem
  let switching: Switching
  /// Seconds of a change by rank and the two settings, as the kind of latencies defines them.
  let seconds: [[[Double]]]

  /// What a change's time depends on.
  enum Latencies: CaseIterable {
    /// On the rank.
    case ofRank
    /// On the two settings in their direction, each pair by itself.
    case ofPairs
    /// On which knobs differ: setting 0 is (0, 0), 1 is (0, 1), 2 is (1, 1). The second is not named.
    case ofKnobs
    /// On knobs, but for one pair in one direction.
    case ofKnobsAndAPair
  }

  /// Two ranks, one or two microbatches, up to three settings of which each table knows some.
  ///
  /// - Parameter cost: nil for a random one.
  /// - Parameter mostSwitches: for each of the two ranks.
  init(
    seed: UInt64, cost: SwitchCost? = nil, latencies kind: Latencies = .ofRank, mostSwitches: [Int?] = [nil, nil]
  ) throws {
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
    let (latencies, table) = try Self.latencies(kind, costs.map { cost ?? $0 }, seed)
    switching = try Switching(
      ranks: (0..<2).map { rank in
        Switching.Rank(
          instructions: Array(rank * count..<(rank + 1) * count), cost: cost ?? costs[rank],
          mostSwitches: mostSwitches[rank])
      }, settings: settings, latencies: latencies, graph: graph)
    seconds = table
    problem = try IterationProblem(
      graph: graph,
      tableOfInstruction: schedule.instructions.map { 2 * $0.stage + ($0.kind == .forward ? 0 : 1) }, tables: tables,
      waitingPowerWatts: 20, deviceMultiplicity: 1 + random.index(below: 2), switching: switching)
  }

  /// What the engine is told, and what it comes to, written out.
  private static func latencies(
    _ kind: Latencies, _ costs: [SwitchCost], _ seed: UInt64
  ) throws -> (SwitchLatencies?, [[[Double]]]) {
    var random = SplitMix64(seed: seed &* 0x51_7CC1 &+ 11)
    var table = costs.map { cost in
      (0..<3).map { from in (0..<3).map { from == $0 ? 0 : cost.latencySeconds } }
    }
    if kind == .ofRank { return (nil, table) }
    var (knobSeconds, pairs) = ([Double](), [SwitchLatencies.Pair]())
    if kind != .ofPairs {
      knobSeconds = [random.unitFraction()]
      for (rank, cost) in costs.enumerated() {
        let (own, knob) = (cost.latencySeconds, knobSeconds[0])
        table[rank] = [[0, own, knob + own], [own, 0, knob], [knob + own, knob, 0]]
      }
    }
    for from in 0..<3 {
      for to in 0..<3 where from != to && (kind == .ofPairs || kind == .ofKnobsAndAPair && (from, to) == (2, 0)) {
        let seconds = random.index(below: 4) == 0 ? 0 : 1.5 * random.unitFraction()
        pairs.append(.init(from: from, to: to, seconds: seconds))
        for rank in table.indices { table[rank][from][to] = seconds }
      }
    }
    let latencies = try SwitchLatencies(
      knobSeconds: knobSeconds, knobValues: kind == .ofPairs ? [[], [], []] : [[0], [0], [1]],
      rests: kind == .ofPairs ? [0, 1, 2] : [0, 1, 1], pairs: pairs)
    return (latencies, table)
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
    var outcome: IterationOutcome
    var switchCount: Int
    /// For each rank, so that they add up to `switchCount`.
    var rankSwitchCounts: [Int]
  }

  /// Runs a plan as its definition says, rank after rank until nothing moves any more, in seconds.
  func run(_ measurements: [Int]) -> Result {
    let graph = problem.graph
    var ends = [Double](repeating: 0, count: graph.count)
    var energy = 0.0
    var switches: [Int] = []
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
            start = max(start, ends[before] + seconds[rank][setting(before)][setting(instruction)])
          }
          ends[instruction] =
            start + problem.table(of: instruction).measurements[measurements[instruction]].timeSeconds
        }
      }
    }
    var iteration = 0.0
    for (number, rank) in switching.ranks.enumerated() {
      let ring = rank.instructions + [rank.instructions[0]]
      let changes = zip(ring, ring.dropFirst()).count { setting($0) != setting($1) }
      let last = ring[ring.count - 2]
      iteration = max(iteration, ends[last] + seconds[number][setting(last)][setting(ring[0])])
      energy += Double(changes) * rank.cost.energyJoules
      switches.append(changes)
    }
    var busy = 0.0
    for (instruction, measurement) in measurements.enumerated() {
      let chosen = problem.table(of: instruction).measurements[measurement]
      energy += chosen.energyJoules
      busy += chosen.timeSeconds
    }
    // Two devices of 10 W, waiting whenever they do not compute.
    energy += 10 * (2 * iteration - busy)
    return Result(
      outcome: IterationOutcome(
        iterationTimeSeconds: iteration, energyJoules: energy * Double(problem.deviceMultiplicity)),
      switchCount: switches.reduce(0, +), rankSwitchCounts: switches)
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

extension SwitchingTestProblem {
  /// Whether a plan's changes are as many as each rank may make.
  func allows(_ result: Result) -> Bool {
    zip(result.rankSwitchCounts, switching.ranks).allSatisfy { $0 <= $1.mostSwitches ?? .max }
  }

  /// What no other plan dominates, fastest first, by brute force; sums that differ by rounding are one.
  func paretoFront() -> [IterationOutcome] {
    var front: [IterationOutcome] = []
    let outcomes = allPlans().map(run).filter(allows).map(\.outcome)
    for outcome in outcomes.paretoFront(by: { ($0.iterationTimeSeconds, $0.energyJoules) })
    where front.last.map({ outcome.energyJoules < $0.energyJoules * (1 - 1e-11) }) ?? true {
      front.append(outcome)
    }
    return front
  }

  /// Expects real, certified, undominated plans, none better than the best, and all of these where the frontier is
  /// called optimal.
  func check(_ frontier: Frontier, against best: [IterationOutcome], _ name: String) throws {
    for plan in frontier.plans {
      let real = run(measurements(of: plan))
      let timeError = abs(real.outcome.iterationTimeSeconds / plan.iterationTimeSeconds - 1)
      let energyError = abs(real.outcome.energyJoules / plan.energyJoules - 1)
      #expect(timeError <= 1e-9 && energyError <= 1e-9, "\(name)")
      #expect(real.switchCount == plan.switchCount && allows(real), "\(name)")
      #expect(plan.gapFraction >= 0, "\(name)")
      let certificate = PlanCertificate(of: plan, problem: problem, curve: frontier.curve)
      #expect(certificate.holds, "\(name): \(String(describing: certificate.failure))")
      let least = best.last { $0.iterationTimeSeconds <= plan.iterationTimeSeconds * (1 + 1e-12) }
      let leastJoules = try #require(least).energyJoules * (1 - 1e-9)
      #expect(plan.energyJoules >= leastJoules, "\(name)")
    }
    for (faster, slower) in zip(frontier.plans, frontier.plans.dropFirst()) {
      #expect(faster.iterationTimeSeconds < slower.iterationTimeSeconds, "\(name)")
      #expect(faster.energyJoules > slower.energyJoules, "\(name)")
    }
    guard frontier.isOptimal else { return }
    for outcome in best {
      let plan = frontier.plans.last { $0.iterationTimeSeconds <= outcome.iterationTimeSeconds * (1 + 1e-12) }
      let mostJoules = outcome.energyJoules * (1 + 1e-11)
      #expect(try #require(plan, "\(name)").energyJoules <= mostJoules, "\(name)")
    }
  }

  func spaceAndBound() throws -> (SwitchingSpace, BoundTrace) {
    let base = PlanSpace(problem, scaled: ScaledProblem(problem))
    let bound = try BoundTrace(problem, CharacterizationOptions(deadlineCount: 16), in: base, ProgressHandle())
    return (SwitchingSpace(problem, switching, base: base), bound)
  }

  /// What the searches find by themselves: ticks, and joules of one device for each rank.
  func searchedPlans() throws -> [(ticks: Int64, joules: Double)] {
    let (space, bound) = try spaceAndBound()
    let options = CharacterizationOptions(deadlineCount: 16)
    let found = try PlanSearch.run(
      bound, options, in: space.base, enumerates: true, .serial, ProgressHandle(), mayContinue: { _ in true })
    let drafts = try SwitchingSearch.run(
      bound, startingFrom: found.drafts, options, in: space, .serial, ProgressHandle())
    return drafts.map { ($0.ticks, $0.joules(waitingJoulesPerTick: space.base.waitingJoulesPerTick)) }
  }

  /// Ticks, rounded up, and joules of one device for each rank.
  func ticksAndJoules(_ outcome: IterationOutcome) -> (ticks: Int64, joules: Double) {
    (
      Int64((outcome.iterationTimeSeconds * (1 + 1e-12) * problem.ticksPerSecond).rounded(.up)),
      outcome.energyJoules / Double(problem.deviceMultiplicity)
    )
  }
}
