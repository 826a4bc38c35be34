/// One option for every instruction, with what really happens when it runs.
public struct Plan: Sendable, Equatable {
  /// For each instruction a position in its table's `options`; where changes of setting cost nothing, one of an efficient option.
  public let choices: [UInt16]
  /// Longest path with the measured times, in seconds.
  public let iterationTimeSeconds: Double
  /// Joules of all devices over that time, from the measured energies, waiting included.
  public let energyJoules: Double
  /// How far the energy is above the lower bound at the same iteration time: `energy / L(time) - 1`; never negative but for
  /// rounding in the last digits.
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
  /// A plan found in ticks, held against the bound.
  init(
    ticks: Int64, effectiveJoules: Double, choices: [UInt16], switchCount: Int, of problem: IterationProblem,
    scaled: ScaledProblem, curve: LowerBoundCurve
  ) {
    let seconds = Double(ticks) / scaled.ticksPerSecond
    let energy = Double(problem.deviceMultiplicity) * (effectiveJoules + problem.waitingPowerWatts * seconds)
    self.init(
      choices: choices, iterationTimeSeconds: seconds, energyJoules: energy,
      gapFraction: energy / curve.boundJoules(at: seconds) - 1, switchCount: switchCount)
  }
}

extension LowerBoundCurve {
  /// The bound at a time that may be a rounding error below the fastest.
  func boundJoules(at seconds: Double) -> Double { energyJoules(at: seconds) ?? breakpoints[0].energyJoules }
}

/// A plan under construction: an option for each place, with their length in ticks and effective energy.
struct DraftPlan: Sendable {
  /// For each place of the ``PlanSpace`` an index into its options.
  let options: [Int32]
  /// Longest path in ticks.
  let ticks: Int64
  /// Effective joules of one device per rank, waiting not included.
  let effectiveJoules: Double

  init(_ options: [Int32], in space: PlanSpace) {
    self.options = options
    ticks = space.longestPath(options)
    effectiveJoules = space.joules(of: options)
  }

  /// What stands in a timetable; the times of which are settled.
  init(_ timetable: Timetable) { self.init(Array(timetable.options), in: timetable.space) }
}

extension DraftPlan {
  /// The drafts that no other dominates, fastest first, by time and by energy with waiting.
  static func pareto(_ drafts: [DraftPlan], waitingJoulesPerTick: Double) -> [DraftPlan] {
    let keyed = drafts.map { ($0, $0.effectiveJoules + waitingJoulesPerTick * Double($0.ticks)) }
    var pareto: [(draft: DraftPlan, joules: Double)] = []
    for (draft, joules) in keyed.sorted(by: { ($0.0.ticks, $0.1) < ($1.0.ticks, $1.1) })
    where pareto.isEmpty || joules < pareto[pareto.count - 1].joules {
      pareto.append((draft, joules))
    }
    return pareto.map(\.draft)
  }
}
