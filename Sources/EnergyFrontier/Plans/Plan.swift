/// One option for every instruction, with the time and energy that result when it runs.
public struct Plan: Sendable, Equatable {
  /// For each instruction a position in its table's `options`; where changes of setting cost nothing, one of an
  /// efficient option.
  public let choices: [UInt16]
  /// Longest path with the measured times, in seconds.
  public let iterationTimeSeconds: Double
  /// Joules of all devices over that time, from the measured energies, waiting included.
  public let energyJoules: Double
  /// How far the energy is above the lower bound at the same iteration time: `energy / L(time) - 1`; never negative but
  /// for rounding in the last digits.
  public let gapFraction: Double
  /// Changes of setting in one iteration, each rank counted as one device; 0 where settings are not known.
  public let switchCount: Int

  public init(
    choices: [UInt16], iterationTimeSeconds: Double, energyJoules: Double, gapFraction: Double, switchCount: Int = 0
  ) {
    self.switchCount = switchCount
    self.choices = choices
    self.iterationTimeSeconds = iterationTimeSeconds
    self.energyJoules = energyJoules
    self.gapFraction = gapFraction
  }
}

extension Plan {
  /// A draft with its gap against the bound.
  ///
  /// - Parameter switchCount: changes of setting; by default counted from the choices.
  init(
    _ draft: DraftPlan, choices: [UInt16], of problem: IterationProblem, curve: LowerBoundCurve, switchCount: Int? = nil
  ) {
    let seconds = Double(draft.ticks) / problem.ticksPerSecond
    let energy = Double(problem.deviceMultiplicity) * (draft.effectiveJoules + problem.waitingPowerWatts * seconds)
    self.init(
      choices: choices, iterationTimeSeconds: seconds, energyJoules: energy,
      gapFraction: Self.gapFraction(energy, overBound: curve.boundJoules(at: seconds)),
      switchCount: switchCount ?? problem.switchCount(ofChoices: choices))
  }

  /// How far an energy is above a bound: `energy / bound - 1`.
  ///
  /// Sums of many doubles may lie below the bound by rounding, which counts as 0. More than that is a defect, and is
  /// returned as it is.
  public static func gapFraction(_ energyJoules: Double, overBound boundJoules: Double) -> Double {
    let gap = energyJoules / boundJoules - 1
    return gap < 0 && gap > -PlanCertificate.relativeTolerance ? 0 : gap
  }
}

extension LowerBoundCurve {
  /// The bound at a time that may be a rounding error below the fastest.
  func boundJoules(at seconds: Double) -> Double { energyJoules(at: seconds) ?? breakpoints[0].energyJoules }
}
