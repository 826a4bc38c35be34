import Basics

@testable import EnergyFrontier

/// Small random problems for the tests of plans, the same for the same seed.
struct PlanTestProblem {
  let problem: IterationProblem
  let scaled: ScaledProblem
  let space: PlanSpace
  private(set) var random: SplitMix64

  /// Up to `largest` instructions, each dependency present with one chance in three, up to four options; for odd seeds
  /// some dependencies have lags.
  init(seed: UInt64, largest: Int = 8) throws {
    var random = SplitMix64(seed: seed &* 0x9E37_79B9 &+ 1)
    let count = 1 + random.index(below: largest)
    var dependencies: [(before: Int, after: Int)] = []
    for after in 0..<count {
      for before in 0..<after where random.index(below: 3) == 0 { dependencies.append((before, after)) }
    }
    let tables = try (0..<3).map { _ in
      let measurements = (0...random.index(below: 4)).map { _ in
        Measurement(timeSeconds: 1 + 2 * random.unitFraction(), energyJoules: 40 + 100 * random.unitFraction())
      }
      return try OptionTable(measurements: measurements, blockingPowerWatts: 10)
    }
    var lags = SplitMix64(seed: seed &+ 0x1A6)
    let lagged = dependencies.map {
      InstructionGraph.Dependency(
        before: $0.before, after: $0.after,
        lagSeconds: seed % 2 == 1 && lags.index(below: 2) == 0 ? lags.unitFraction() : 0)
    }
    // Each table has an instruction, as in every problem made from a profile.
    let used = min(3, count)
    problem = try IterationProblem(
      graph: InstructionGraph(count: count, lagged: lagged),
      tableOfInstruction: (0..<count).map { $0 < used ? $0 : random.index(below: used) },
      tables: Array(tables[..<used]),
      waitingPowerWatts: random.index(below: 4) == 0 ? 500 : 30, deviceMultiplicity: 1 + random.index(below: 2))
    scaled = ScaledProblem(problem)
    space = PlanSpace(problem, scaled: scaled)
    self.random = random
  }

  /// What happens when each instruction runs with the efficient option given.
  func outcome(of choices: [UInt16]) -> IterationOutcome {
    problem.outcome(
      ofMeasurements: choices.indices.map { problem.table(of: $0).efficient[Int(choices[$0])] })
  }

  /// The outcome of every plan there is.
  func allOutcomes() -> [IterationOutcome] {
    var choices = [UInt16](repeating: 0, count: problem.graph.count)
    var outcomes: [IterationOutcome] = []
    while true {
      outcomes.append(outcome(of: choices))
      var digit = 0
      while digit < choices.count && Int(choices[digit]) + 1 == problem.table(of: digit).efficient.count {
        choices[digit] = 0
        digit += 1
      }
      if digit == choices.count { return outcomes }
      choices[digit] += 1
    }
  }

  /// A random option of each position, as an index into the space's options.
  mutating func randomOptions() -> [Int32] {
    (0..<space.count).map {
      space.optionStart[$0] + Int32(random.index(below: Int(space.optionEnd[$0] - space.optionStart[$0])))
    }
  }

  mutating func randomPosition() -> Int { random.index(below: space.count) }
}
