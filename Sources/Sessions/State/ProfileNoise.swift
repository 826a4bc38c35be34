package import Basics
package import EnergyFrontier
package import JSON

/// What was found of the noise in the tables behind a frontier.
package struct ProfileNoise: Sendable {
  /// What was found of the tables of one instruction kind.
  package struct Family: Sendable {
    package let instruction: String
    /// Standard deviation of one sample, as a fraction.
    package let timeNoiseFraction: Double
    package let energyNoiseFraction: Double
    /// From this clock on time does not change.
    package let plateauClock: Double?
    /// Whether energy does not change from there on either.
    package let isPowerCapped: Bool
    /// Options that lie off the law and take its value.
    package let outliers: [Outlier]
  }

  package struct Outlier: Sendable {
    package let stage: Int
    package let setting: JSON
  }

  /// Standard deviation of an option's mean time and mean energy, as fractions, by the survey.
  package let timeNoiseFraction: Double
  package let energyNoiseFraction: Double
  /// By name of the instruction; empty where tables were not estimated.
  package let families: [Family]
  /// By how much plans on the measured tables are expected to draw more than the lower bound at the time that they are
  /// expected to take; nil where plans are made on the estimate, or the pipeline is too large to find out beside.
  package let expectedExcessFraction: Double?
}

extension ProfileNoise {
  /// For larger pipelines the expected excess is left out, because it takes a bound of its own.
  static let largestSurveyedInstructionCount = 16_384
  /// Plans, evenly spaced along the frontier, and draws of the tables, over which the expected excess is averaged.
  private static let (surveyedPlanCount, surveyedDrawCount) = (8, 50)

  /// Surveys the tables behind a frontier; nil where they do not look noisy and are taken as measured.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  package init?(
    _ characterized: CharacterizedFrontier, seed: UInt64, progress: ProgressHandle
  ) throws(FrontierError) {
    let inputs = characterized.inputs
    let survey = NoiseSurvey(inputs.noisyTables)
    if let estimate = inputs.estimate {
      self.init(
        timeNoiseFraction: survey?.timeFraction ?? 0, energyNoiseFraction: survey?.energyFraction ?? 0,
        families: Self.families(inputs, estimate), expectedExcessFraction: nil)
      return
    }
    guard let survey, survey.isNoisy else { return nil }
    var excess: Double?
    if inputs.problem.graph.count <= Self.largestSurveyedInstructionCount {
      let smoothed = try inputs.estimated(
        as: .smoothed, progress: ProgressHandle(isCancelled: progress.isCancelled))
      excess = try Self.excess(of: characterized, on: smoothed, seed: seed, progress: progress)
    }
    self.init(
      timeNoiseFraction: survey.timeFraction, energyNoiseFraction: survey.energyFraction, families: [],
      expectedExcessFraction: excess)
  }

  private static func families(_ inputs: FrontierInputs, _ estimate: ProfileEstimate) -> [Family] {
    estimate.families.map { family in
      Family(
        instruction: inputs.definition.tables[family.tables[0]].instruction,
        timeNoiseFraction: family.timeNoiseFraction, energyNoiseFraction: family.energyNoiseFraction,
        plateauClock: family.plateauClock, isPowerCapped: family.isPowerCapped,
        outliers: family.outliers.map {
          Outlier(
            stage: inputs.definition.tables[$0.table].stage, setting: inputs.settings[$0.table][$0.option])
        })
    }
  }

  private static func excess(
    of characterized: CharacterizedFrontier, on smoothed: FrontierInputs, seed: UInt64, progress: ProgressHandle
  ) throws(FrontierError) -> Double? {
    guard let estimate = smoothed.estimate else { return nil }
    let quiet = ProgressHandle(isCancelled: progress.isCancelled)
    // A bracket is good enough to compare with, and fast.
    let bound = try LowerBoundCurve(
      of: smoothed.problem, precision: CurvePrecision(breakpointBudget: 0), progress: quiet)
    let outcomes = try EstimatedOutcomes(
      smoothed.problem, estimate: estimate, count: surveyedDrawCount, seed: seed, progress: quiet)
    let plans = characterized.frontier.plans
    let step = max(1, plans.count / surveyedPlanCount)
    var excesses: [Double] = []
    for number in stride(from: 0, to: plans.count, by: step) {
      let drawn = try outcomes.outcomes(
        measurementOfInstruction: characterized.measurements(of: plans[number]), resampling: .options,
        progress: quiet)
      let time = Spread(drawn.map(\.iterationTimeSeconds)).mean
      let energy = Spread(drawn.map(\.energyJoules)).mean
      excesses.append(energy / bound.energyJoules(from: min(time, bound.cheapestTimeSeconds)) - 1)
    }
    return excesses.reduce(0, +) / Double(excesses.count)
  }
}
