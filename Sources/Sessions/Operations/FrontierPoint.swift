package import EnergyFrontier

/// A frontier as a question finds it.
package struct CurrentFrontier: Sendable {
  package let characterized: CharacterizedFrontier
  /// Whether the pipeline or its profile has changed since it was computed.
  package let isStale: Bool

  package var generation: Int { characterized.generation }
}

/// What a plan does when it runs as measured, or as estimated where plans are made on estimated tables.
package struct PlanSummary: Sendable, Equatable {
  /// Its number in its generation.
  package let number: Int
  package let iterationTimeSeconds: Double
  /// Joules of all devices in one iteration, waiting included.
  package let energyJoules: Double
  package let gapFraction: Double
  package let switchCount: Int
  /// Whether changes of setting count as no time because no client said how long one takes, and there is more than one.
  package let assumesFreeSwitches: Bool
  /// What it is expected to give, where tables are estimated.
  package let expected: ExpectedPlans.Expectation?

  package init(
    _ plan: Plan, number: Int, isSwitchLatencyGiven: Bool = true, expected: ExpectedPlans.Expectation? = nil
  ) {
    self.number = number
    assumesFreeSwitches = !isSwitchLatencyGiven && plan.switchCount > 1
    self.expected = expected
    iterationTimeSeconds = plan.iterationTimeSeconds
    energyJoules = plan.energyJoules
    gapFraction = plan.gapFraction
    switchCount = plan.switchCount
  }

  package var averagePowerWatts: Double { energyJoules / iterationTimeSeconds }
}

extension CharacterizedFrontier {
  package func summary(ofPlan number: Int) -> PlanSummary {
    PlanSummary(
      frontier.plans[number], number: number, isSwitchLatencyGiven: inputs.definition.isSwitchLatencyGiven,
      expected: expected?.expectations[number])
  }
}

/// One point of a frontier: a plan beside the lower bound and the iteration at the highest frequencies.
package struct FrontierPoint: Sendable {
  package let generation: Int
  package let isStale: Bool
  /// The deadline, where the target set one.
  package let deadlineSeconds: Double?
  /// How likely the plan misses it, where tables are estimated.
  package let missFraction: Double?
  package let bound: Bound
  package let plan: PlanSummary
  /// Mean watts of the device that draws most.
  package let averageDevicePowerWatts: Double
  /// The highest watts of all devices together during the iteration.
  package let peakPowerWatts: Double
  /// The plan's energy and that of waiting for the straggler, where the target was one.
  package let energyUntilStragglerJoules: Double?
  /// The plan's energy over the bound, less 1.
  package let excessFraction: Double
  /// Against every instruction at its highest frequency.
  package let savingFraction: Double
  package let slowdownFraction: Double

  /// A point of the lower bound.
  package struct Bound: Sendable {
    package let iterationTimeSeconds: Double
    package let energyJoules: Double
    package let priceWatts: Double
  }
}

extension SessionState {
  /// The pipeline's frontier, and whether it is stale.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline` or `notCharacterized`.
  package func currentFrontier(of name: String) throws(RequestError) -> CurrentFrontier {
    // Read in place: a copy of a pipeline copies every array of its definition.
    let index = try sourceIndex(name)
    if let frontier = pipelines[index].frontier {
      return CurrentFrontier(characterized: frontier, isStale: pipelines[index].isStale)
    }
    throw .notCharacterized(name)
  }

  /// The plan for a target, with what bounds it. O(log plans), as ``CharacterizedFrontier/plan(for:)``.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, `notCharacterized`, `deadlineBelowMinimum` or
  ///   `objectiveOutOfReach`.
  package func frontierPoint(
    of name: String, for target: FrontierTarget, missing limit: MissLimit? = nil
  ) throws(RequestError) -> FrontierPoint {
    let current = try currentFrontier(of: name)
    let (number, deadline) = try current.characterized.plan(for: target, missing: limit)
    let (frontier, baseline) = (current.characterized.frontier, current.characterized.inputs.allMaxFrequency)
    let plan = current.characterized.summary(ofPlan: number)
    // Beyond the cheapest time the bound to compare with is the cheapest, because a plan need not run slower.
    let asked = min(deadline ?? plan.iterationTimeSeconds, frontier.curve.cheapestTimeSeconds)
    let time = max(asked, frontier.curve.minimumTimeSeconds)
    let bound = frontier.curve.energyJoules(from: time)
    return FrontierPoint(
      generation: current.generation, isStale: current.isStale, deadlineSeconds: deadline,
      missFraction: deadline.flatMap { deadline in
        current.characterized.expected?.missFraction(
          plan: number, deadlineSeconds: deadline, resampling: limit?.resampling ?? .options)
      },
      bound: .init(
        iterationTimeSeconds: time, energyJoules: bound, priceWatts: frontier.curve.priceWatts(at: time)),
      plan: plan, averageDevicePowerWatts: current.characterized.devicePowersWatts[number],
      peakPowerWatts: current.characterized.peakPowersWatts[number],
      energyUntilStragglerJoules: target.stragglerTimeSeconds.map {
        plan.energyJoules + current.characterized.waitingJoules(from: plan.iterationTimeSeconds, until: $0)
      },
      excessFraction: Plan.gapFraction(plan.energyJoules, overBound: bound),
      savingFraction: 1 - plan.energyJoules / baseline.energyJoules,
      slowdownFraction: plan.iterationTimeSeconds / baseline.iterationTimeSeconds - 1)
  }

  /// What the pipeline's plans save while another one is a straggler, for each slowdown of it. O(slowdowns log plans).
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline` or `notCharacterized`.
  package func stragglerSavings(
    of name: String, slowdownFractions: [Double]
  ) throws(RequestError) -> (frontier: CurrentFrontier, savings: [StragglerSavings]) {
    let current = try currentFrontier(of: name)
    return (current, slowdownFractions.map { StragglerSavings(current.characterized, slowdownFraction: $0) })
  }
}

extension LowerBoundCurve {
  /// The bound at an iteration time; that of the fastest iteration for a shorter one.
  func energyJoules(from iterationTimeSeconds: Double) -> Double {
    energyJoules(at: iterationTimeSeconds) ?? breakpoints[0].energyJoules
  }
}

extension SessionState.Pipeline {
  /// Whether the definition or the profile has changed since the frontier was computed.
  package var isStale: Bool { frontierOrigin.map { $0.inputRevision != inputRevision } ?? false }
}
