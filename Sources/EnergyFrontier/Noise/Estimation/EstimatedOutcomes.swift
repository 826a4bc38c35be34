public import Basics

/// What plans give when the true tables are drawn from what a noisy profile says of them (``ProfileEstimate``).
///
/// The mean over draws is what a plan is expected to give. It is no longer too good: estimates are shrunk, so the
/// plan's options are not the lucky ones, and the longest path of drawn times is as much longer than that of the
/// estimated times as their uncertainty makes it (the mean of a maximum is above the maximum of the means).
public struct EstimatedOutcomes: Sendable {
  private let problem: IterationProblem
  private let estimate: ProfileEstimate
  /// For each draw and table the measurements.
  private let draws: [[[Measurement]]]
  /// For each table what one execution differs from the mean by; nil where its samples say.
  private let noises: [ExecutionNoise?]
  private let seed: UInt64

  private struct ExecutionNoise: Sendable {
    let timeFraction: Double
    let energyFraction: Double
    let normals: NormalPairs
  }

  /// Draws the tables of a problem `count` times; a function of the estimate and the seed.
  ///
  /// - Parameter problem: has one table for each of the estimate's, with as many measurements.
  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: O(count * options), with about a microsecond for each.
  public init(
    _ problem: IterationProblem, estimate: ProfileEstimate, count: Int, seed: UInt64,
    progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) {
    precondition(count > 0 && problem.tables.map(\.measurements.count) == estimate.tables.map(\.count))
    self.problem = problem
    self.estimate = estimate
    self.seed = seed
    var draws: [[[Measurement]]] = []
    draws.reserveCapacity(count)
    for draw in 0..<count {
      try progress.check()
      var random = SplitMix64(seed: seed, index: draw)
      draws.append(estimate.draw(&random))
    }
    self.draws = draws
    var noises = [ExecutionNoise?](repeating: nil, count: estimate.tables.count)
    for fit in estimate.fits {
      let noise = ExecutionNoise(
        timeFraction: fit.summary.smoothsTime ? fit.summary.timeNoiseFraction : 0,
        energyFraction: fit.summary.smoothsEnergy ? fit.summary.energyNoiseFraction : 0,
        normals: NormalPairs(correlation: fit.correlation))
      for table in fit.summary.tables { noises[table] = noise }
    }
    self.noises = noises
  }

  /// How many draws there are.
  public var count: Int { draws.count }

  /// One plan's outcome for each draw; draws are the same for all plans.
  ///
  /// - Parameters:
  ///   - resampling: `options` is what the mean iteration may give; `executions` adds to each instruction noise of its
  ///     own, as large as that of one sample.
  ///   - measurementOfInstruction: for each instruction an index into its table's measurements.
  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: O(count * (instructions + dependencies)).
  public func outcomes(
    measurementOfInstruction: [Int], resampling: OutcomeBootstrap.Resampling,
    progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) -> [IterationOutcome] {
    precondition(measurementOfInstruction.count == problem.graph.count)
    let run = IterationRun(problem, measurements: measurementOfInstruction)
    var path = LongestPath(problem, run)
    let switchJoules = problem.switching?.energyJoules(of: run) ?? 0
    let table = problem.tableOfInstruction
    // Side by side, as to copy a table for each instruction costs ten times the addition.
    let (powers, devices) = (problem.tables.map(\.blockingPowerWatts), problem.tables.map { Double($0.deviceCount) })
    var seconds = [Double](repeating: 0, count: problem.graph.count)
    var outcomes: [IterationOutcome] = []
    outcomes.reserveCapacity(draws.count)
    for (number, tables) in draws.enumerated() {
      try progress.check()
      // Executions draw from streams beyond those of the tables.
      var random = SplitMix64(seed: seed, index: draws.count + number)
      var effective = switchJoules
      for instruction in seconds.indices {
        let (table, option) = (table[instruction], measurementOfInstruction[instruction])
        var one = tables[table][option]
        if resampling == .executions { one = execution(of: one, table, option, &random) }
        seconds[instruction] = one.timeSeconds
        effective += devices[table] * (one.energyJoules - powers[table] * one.timeSeconds)
      }
      let time = path.seconds(seconds)
      outcomes.append(
        IterationOutcome(
          iterationTimeSeconds: time,
          energyJoules: Double(problem.deviceMultiplicity) * (effective + problem.waitingPowerWatts * time)))
      progress.report(Double(number + 1) / Double(draws.count))
    }
    return outcomes
  }

  private func execution(
    of mean: Measurement, _ table: Int, _ option: Int, _ random: inout SplitMix64
  ) -> Measurement {
    guard let noise = noises[table] else {
      let samples = estimate.measured[table].samples[option]
      return samples[random.index(below: samples.count)]
    }
    let (time, energy) = noise.normals.pair(&random)
    return Measurement(
      timeSeconds: mean.timeSeconds * max(0, 1 + noise.timeFraction * time),
      energyJoules: mean.energyJoules * max(0, 1 + noise.energyFraction * energy))
  }
}
