public import Basics

/// How much the outcome of a plan could differ because its options were measured with noise: the bootstrap (Efron 1979,
/// 10.1214/aos/1176344552) over the samples of each option.
public struct OutcomeBootstrap: Sendable {
  /// What each resample draws.
  public enum Resampling: String, Sendable, CaseIterable {
    /// The samples of each option, as many as there are, and their mean: how well the outcome is *known*.
    case options
    /// One sample for each instruction by itself: how one iteration differs from the *next*.
    case executions
  }

  private let problem: IterationProblem
  /// For each instruction an index into `options`.
  private let optionOfInstruction: [Int]
  /// Samples of each option that the plan uses.
  private let options: [[Measurement]]
  /// Of the table of each of `options` the blocking power and the devices.
  private let blockingPowerWatts: [Double]
  private let deviceCounts: [Double]
  /// The same plan without noise, which says where settings change.
  private let run: IterationRun
  /// Instructions whose option has more than one sample; the others are taken to be known exactly.
  public let resampledInstructionCount: Int

  /// States the question for one plan.
  ///
  /// - Parameters:
  ///   - samples: for each table and each of its measurements, the samples behind it, at least one.
  ///   - measurementOfInstruction: for each instruction an index into its table's `measurements`.
  public init(
    _ problem: IterationProblem, samples: [[[Measurement]]], measurementOfInstruction: [Int]
  ) {
    precondition(measurementOfInstruction.count == problem.graph.count)
    var number: [[Int?]] = problem.tables.map { Array(repeating: nil, count: $0.measurements.count) }
    var options: [[Measurement]] = []
    var (powers, devices) = ([Double](), [Double]())
    var optionOfInstruction: [Int] = []
    optionOfInstruction.reserveCapacity(problem.graph.count)
    for (instruction, measurement) in measurementOfInstruction.enumerated() {
      let table = problem.tableOfInstruction[instruction]
      if number[table][measurement] == nil {
        number[table][measurement] = options.count
        options.append(samples[table][measurement])
        powers.append(problem.tables[table].blockingPowerWatts)
        devices.append(Double(problem.tables[table].deviceCount))
      }
      optionOfInstruction.append(number[table][measurement]!)
    }
    self.problem = problem
    run = IterationRun(problem, measurements: measurementOfInstruction)
    self.options = options
    (blockingPowerWatts, deviceCounts) = (powers, devices)
    resampledInstructionCount = optionOfInstruction.count { options[$0].count > 1 }
    self.optionOfInstruction = optionOfInstruction
  }

  /// Draws `count` outcomes; a function of the problem, the samples and `seed`.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: O(count * (instructions + dependencies + samples)).
  public func outcomes(
    count: Int, seed: UInt64, resampling: Resampling = .options, progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) -> [IterationOutcome] {
    var path = LongestPath(problem, run)
    let switchJoules = problem.switching?.energyJoules(of: run) ?? 0
    var seconds = [Double](repeating: 0, count: problem.graph.count)
    var drawn = [Measurement](repeating: Measurement(timeSeconds: 0, energyJoules: 0), count: options.count)
    var outcomes: [IterationOutcome] = []
    outcomes.reserveCapacity(count)
    for resample in 0..<count {
      try progress.check()
      var random = SplitMix64(seed: seed, index: resample)
      if resampling == .options {
        for option in options.indices { drawn[option] = Self.meanOfResample(options[option], &random) }
      }
      var effective = switchJoules
      for (instruction, option) in optionOfInstruction.enumerated() {
        let one =
          resampling == .options ? drawn[option] : options[option][random.index(below: options[option].count)]
        seconds[instruction] = one.timeSeconds
        effective += deviceCounts[option] * (one.energyJoules - blockingPowerWatts[option] * one.timeSeconds)
      }
      let time = path.seconds(seconds)
      outcomes.append(
        IterationOutcome(
          iterationTimeSeconds: time,
          energyJoules: Double(problem.deviceMultiplicity) * (effective + problem.waitingPowerWatts * time)))
      progress.report(Double(resample + 1) / Double(count))
    }
    return outcomes
  }

  private static func meanOfResample(_ samples: [Measurement], _ random: inout SplitMix64) -> Measurement {
    if samples.count == 1 { return samples[0] }
    var (seconds, joules) = (0.0, 0.0)
    for _ in samples.indices {
      let sample = samples[random.index(below: samples.count)]
      seconds += sample.timeSeconds
      joules += sample.energyJoules
    }
    return Measurement(
      timeSeconds: seconds / Double(samples.count), energyJoules: joules / Double(samples.count))
  }
}
