import Basics
import EnergyFrontier

/// A problem in the plainest form, easy to write by hand, to generate and to change.
struct ProblemSketch {
  /// For each table its measurements: (seconds, joules).
  var tables: [[(Double, Double)]]
  /// For each instruction its table.
  var tableOfInstruction: [Int]
  var dependencies: [InstructionGraph.Dependency] = []
  var blockingPowerWatts = 0.0
  var waitingPowerWatts = 0.0
  var deviceMultiplicity = 1

  /// One table for each instruction.
  init(_ tables: [[(Double, Double)]], dependencies: [(before: Int, after: Int)] = []) {
    self.tables = tables
    self.dependencies = dependencies.map { .init(before: $0.before, after: $0.after) }
    tableOfInstruction = Array(tables.indices)
  }

  func problem() throws -> IterationProblem {
    try IterationProblem(
      graph: InstructionGraph(count: tableOfInstruction.count, lagged: dependencies),
      tableOfInstruction: tableOfInstruction,
      tables: tables.map { table in
        try OptionTable(
          measurements: table.map { Measurement(timeSeconds: $0.0, energyJoules: $0.1) },
          blockingPowerWatts: blockingPowerWatts)
      },
      waitingPowerWatts: waitingPowerWatts, deviceMultiplicity: deviceMultiplicity)
  }

  /// Up to 8 instructions in a random order, up to 4 options each, some of them dominated, tables partly shared.
  ///
  /// Every third seed has small whole times, so that many paths tie; every fourth has dependencies with lags.
  static func random(seed: UInt64) -> ProblemSketch {
    var generator = SplitMix64(seed: seed)
    let count = Int.random(in: 1...8, using: &generator)
    let ties = seed % 3 == 0
    let tables = (0..<Int.random(in: 1...count, using: &generator)).map { _ in
      (0..<Int.random(in: 1...4, using: &generator)).map { _ in
        ties
          ? (Double(Int.random(in: 1...4, using: &generator)), Double(Int.random(in: 1...9, using: &generator)))
          : (Double.random(in: 0.5...4, using: &generator), Double.random(in: 1...20, using: &generator))
      }
    }
    var sketch = ProblemSketch(tables)
    sketch.tableOfInstruction = (0..<count).map { _ in Int.random(in: tables.indices, using: &generator) }
    let order = (0..<count).shuffled(using: &generator)
    let density = Double.random(in: 0.1...0.7, using: &generator)
    for after in 0..<count {
      for before in 0..<after where Double.random(in: 0..<1, using: &generator) < density {
        sketch.dependencies.append(.init(before: order[before], after: order[after]))
      }
    }
    if seed % 4 == 3 { sketch.addLags(whole: ties, seed: seed) }
    sketch.blockingPowerWatts = [0, 0.5, 2].randomElement(using: &generator)!
    sketch.waitingPowerWatts = [0, 1, 3.5].randomElement(using: &generator)!
    return sketch
  }

  /// Gives half of the dependencies a lag, with a generator of its own so that the rest of the problem stays the same.
  mutating func addLags(whole: Bool, seed: UInt64) {
    var generator = SplitMix64(seed: seed &+ 0x1A6)
    dependencies = dependencies.map { dependency in
      let lag =
        whole
        ? Double(Int.random(in: 0...3, using: &generator))
        : max(0, Double.random(in: -1.5...1.5, using: &generator))
      return .init(before: dependency.before, after: dependency.after, lagSeconds: lag)
    }
  }
}

/// The two-path bridge of the guide: instructions 0 and 4 can trade time with 2, the others cannot change.
///
/// Paths 0-3, 1-4 and 0-2-4. Between 8 s and 7 s instruction 2 is slowed again while 0 and 4 speed up.
let bridge = ProblemSketch(
  [
    [(1, 10), (3, 4)],
    [(5, 1)],
    [(1, 6), (3, 2)],
    [(5, 1)],
    [(1, 10), (3, 4)],
  ], dependencies: [(0, 2), (0, 3), (1, 4), (2, 4)])
