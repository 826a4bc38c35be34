/// The result of an independent check of one plan.
///
/// The plan's choices are run again, as measured, by ``IterationProblem/outcome(ofMeasurements:)``, and compared with
/// what the plan reports and with the lower bound at the realised time.
public struct PlanCertificate: Sendable, Equatable {
  /// Iteration time and energy that the choices really give; nil when they cannot be run.
  public let outcome: IterationOutcome?
  /// The larger of the differences in time and in energy between the plan and the outcome, relative to the outcome.
  public let largestRelativeError: Double
  /// How far the outcome's energy is above the lower bound at its time, `energy / L(time) - 1`; says nothing where L is
  /// 0.
  public let gapFraction: Double
  /// What failed first, or nil when the plan is as good as it says.
  public let failure: Failure?

  /// True when the plan can be run and is what it says.
  public var holds: Bool { failure == nil }

  /// What a check can find wrong.
  public enum Failure: Sendable, Equatable {
    /// The plan does not have one choice for each instruction.
    case wrongChoiceCount(count: Int, expected: Int)
    /// A choice is no option of its instruction's table.
    case choiceOutOfRange(instruction: Int, choice: Int, optionCount: Int)
    /// The reported iteration time is not the longest path.
    case timeMismatch(reportedSeconds: Double, realSeconds: Double)
    /// The reported energy is not what the choices draw.
    case energyMismatch(reportedJoules: Double, realJoules: Double)
    /// The reported gap is not the real energy's gap.
    case gapMismatch(reported: Double, real: Double)
    /// A rank changes its setting more often than it may.
    case tooManySwitches(rank: Int)
    /// The plan is below the lower bound, so one of the two is wrong.
    case belowBound(joules: Double, boundJoules: Double)
  }

  /// The most by which a reported figure may differ from the recomputed one, relative: plans sum rounded ticks, and a
  /// million of them add up to less.
  public static let relativeTolerance = 1e-9

  /// Checks a plan of `problem` against the problem and its curve, in O(instructions + dependencies).
  public init(of plan: Plan, problem: IterationProblem, curve: LowerBoundCurve) {
    if let failure = Self.choiceFailure(plan, problem) {
      (outcome, largestRelativeError, gapFraction) = (nil, .infinity, .infinity)
      self.failure = failure
      return
    }
    let measurements = plan.choices.enumerated().map { problem.table(of: $0).options[Int($1)] }
    let outcome = problem.outcome(ofMeasurements: measurements)
    let overLimit = problem.switching?.ranksOverLimit(measurements, tableOfInstruction: problem.tableOfInstruction)
    // A plan at the fastest time may be a rounding below it.
    let seconds = max(outcome.iterationTimeSeconds, curve.minimumTimeSeconds)
    let bound = curve.energyJoules(at: seconds) ?? .infinity
    let scale = Self.scaleJoules(plan, problem, seconds: outcome.iterationTimeSeconds)
    let timeError =
      abs(plan.iterationTimeSeconds - outcome.iterationTimeSeconds) / outcome.iterationTimeSeconds
    let energyError = abs(plan.energyJoules - outcome.energyJoules) / scale
    // Where the curve is steep, the time's rounding is worth this much.
    let slopeJoules =
      abs(curve.priceWatts(at: seconds)) * Self.relativeTolerance * outcome.iterationTimeSeconds
    self.outcome = outcome
    largestRelativeError = max(timeError, energyError)
    gapFraction = outcome.energyJoules / bound - 1
    let tolerance = Self.relativeTolerance
    failure =
      if !(timeError <= tolerance) {
        .timeMismatch(reportedSeconds: plan.iterationTimeSeconds, realSeconds: outcome.iterationTimeSeconds)
      } else if !(energyError <= tolerance) {
        .energyMismatch(reportedJoules: plan.energyJoules, realJoules: outcome.energyJoules)
      } else if let rank = overLimit?.first {
        .tooManySwitches(rank: rank)
      } else if !(bound - outcome.energyJoules <= tolerance * scale + slopeJoules) {
        .belowBound(joules: outcome.energyJoules, boundJoules: bound)
      } else if bound != 0, !(abs(plan.gapFraction - gapFraction) * abs(bound) <= 2 * (tolerance * scale + slopeJoules))
      {
        .gapMismatch(reported: plan.gapFraction, real: gapFraction)
      } else {
        nil
      }
  }

  private static func choiceFailure(_ plan: Plan, _ problem: IterationProblem) -> Failure? {
    guard plan.choices.count == problem.graph.count else {
      return .wrongChoiceCount(count: plan.choices.count, expected: problem.graph.count)
    }
    for (instruction, choice) in plan.choices.enumerated() {
      let count = problem.table(of: instruction).options.count
      if Int(choice) >= count {
        return .choiceOutOfRange(instruction: instruction, choice: Int(choice), optionCount: count)
      }
    }
    return nil
  }

  /// The size of what is summed to the plan's energy; always positive.
  private static func scaleJoules(_ plan: Plan, _ problem: IterationProblem, seconds: Double) -> Double {
    var drawn = problem.waitingPowerWatts * seconds
    for (instruction, choice) in plan.choices.enumerated() {
      let table = problem.table(of: instruction)
      let measurement = table.measurements[table.options[Int(choice)]]
      drawn +=
        Double(table.deviceCount) * (measurement.energyJoules + table.blockingPowerWatts * measurement.timeSeconds)
    }
    return Double(problem.deviceMultiplicity) * drawn
  }
}
