import Basics
import EnergyFrontier
import Testing

/// What resampling says of a plan's outcome.
@Suite struct OutcomeBootstrapTests {
  private func samples(_ problem: IterationProblem, _ noise: (Int, Int) -> [Measurement]) -> [[[Measurement]]] {
    problem.tables.enumerated().map { table, options in options.measurements.indices.map { noise(table, $0) } }
  }

  @Test(arguments: UInt64(0)..<40) func withoutNoiseEveryOutcomeIsThePlans(seed: UInt64) throws {
    let problem = try ProblemSketch.random(seed: seed).problem()
    var generator = SplitMix64(seed: seed)
    let choice = problem.tableOfInstruction.map {
      Int.random(in: problem.tables[$0].measurements.indices, using: &generator)
    }
    // Some measured once, some several times to the same figure.
    let bootstrap = OutcomeBootstrap(
      problem,
      samples: samples(problem) {
        Array(repeating: problem.tables[$0].measurements[$1], count: 1 << (($0 + $1) % 3))
      }, measurementOfInstruction: choice)
    let expected = problem.outcome(ofMeasurements: choice)
    for resampling in OutcomeBootstrap.Resampling.allCases {
      for outcome in try bootstrap.outcomes(count: 5, seed: seed, resampling: resampling) {
        #expect(abs(outcome.iterationTimeSeconds / expected.iterationTimeSeconds - 1) < 1e-12)
        #expect(abs(outcome.energyJoules - expected.energyJoules) < 1e-9 * (1 + abs(expected.energyJoules)))
      }
    }
  }

  /// One chain of equal instructions: times add up, so the spread is known in closed form.
  @Test func theSpreadIsThatOfSums() throws {
    let count = 16
    let values = [0.9, 1.0, 1.05, 1.15, 0.95, 1.0, 1.1, 0.85]
    var sketch = ProblemSketch([[(1, 5)]], dependencies: (1..<count).map { ($0 - 1, $0) })
    sketch.tableOfInstruction = Array(repeating: 0, count: count)
    let problem = try sketch.problem()
    let bootstrap = OutcomeBootstrap(
      problem, samples: [[values.map { Measurement(timeSeconds: $0, energyJoules: 5 * $0) }]],
      measurementOfInstruction: Array(repeating: 0, count: count))
    #expect(bootstrap.resampledInstructionCount == count)
    let mean = values.reduce(0, +) / 8
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 8).squareRoot()
    for (resampling, expected) in [
      (OutcomeBootstrap.Resampling.options, 16 * deviation / 8.0.squareRoot()),
      (.executions, 16.0.squareRoot() * deviation),
    ] {
      let times = Spread(
        try bootstrap.outcomes(count: 20_000, seed: 1, resampling: resampling).map(\.iterationTimeSeconds))
      #expect(abs(times.mean / (16 * mean) - 1) < 0.002)
      #expect(abs(times.standardDeviation / expected - 1) < 0.03)
      // Nearly normal: 95 % within 1.96 deviations.
      let interval = times.interval(holding: 0.95)
      #expect(abs((interval.high - interval.low) / (2 * 1.96 * expected) - 1) < 0.05)
    }
  }

  @Test func theSeedDecides() throws {
    let problem = try bridge.problem()
    let bootstrap = OutcomeBootstrap(
      problem,
      samples: samples(problem) {
        let middle = problem.tables[$0].measurements[$1]
        return [0.98, 1, 1.03].map {
          Measurement(timeSeconds: $0 * middle.timeSeconds, energyJoules: middle.energyJoules / $0)
        }
      }, measurementOfInstruction: [0, 0, 0, 0, 0])
    let some = try bootstrap.outcomes(count: 50, seed: 3)
    #expect(try bootstrap.outcomes(count: 50, seed: 3) == some)
    // Each resample has its own stream, so more of them begin with the same.
    #expect(try bootstrap.outcomes(count: 80, seed: 3).prefix(50) == some[...])
    #expect(try bootstrap.outcomes(count: 50, seed: 4) != some)
    #expect(Set(some.map(\.iterationTimeSeconds)).count > 5)
  }

  @Test func cancels() throws {
    let problem = try bridge.problem()
    let bootstrap = OutcomeBootstrap(
      problem, samples: samples(problem) { [problem.tables[$0].measurements[$1]] },
      measurementOfInstruction: [0, 0, 0, 0, 0])
    #expect(throws: FrontierError.cancelled) {
      try bootstrap.outcomes(count: 10, seed: 0, progress: ProgressHandle(isCancelled: { true }))
    }
  }

  @Test func quantilesByHand() {
    let spread = Spread([4, 1, 3, 2])
    #expect(spread.quantile(0) == 1 && spread.quantile(1) == 4 && spread.quantile(0.5) == 2.5)
    #expect(spread.fraction(above: 2) == 0.5 && spread.fraction(above: 0) == 1 && spread.fraction(above: 4) == 0)
    #expect(Spread([7]).interval(holding: 0.9) == (7, 7) && Spread([7]).standardDeviation == 0)
  }
}
