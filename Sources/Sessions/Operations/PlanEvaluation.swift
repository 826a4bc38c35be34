package import EnergyFrontier

/// A plan of a client beside the frontier.
package struct EvaluatedPlan: Sendable {
  package let generation: Int
  package let isStale: Bool
  package let plan: PlanFigures
  /// What it does by the tables as measured, where they are estimated.
  package let asMeasured: IterationOutcome?
  /// The cheapest listed plan that lasts no longer and draws less; nil where there is none.
  package let better: PlanSummary?
  package let timeline: IterationTimeline
}

/// What a plan that is not of the frontier does when it runs as measured, or as estimated.
package struct PlanFigures: Sendable, Equatable {
  package let iterationTimeSeconds: Double
  /// Joules of all devices in one iteration, waiting included.
  package let energyJoules: Double
  package let gapFraction: Double
  package let switchCount: Int
  package let assumesFreeSwitches: Bool
  /// The ranks whose setting changes more often than it may.
  package let ranksOverLimit: [Int]

  package var averagePowerWatts: Double { energyJoules / iterationTimeSeconds }
}

extension SessionState {
  /// Runs a client's plan against the tables and the bound of the pipeline's frontier.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, `notCharacterized`, `unknownPlan` for another generation, or
  ///   `invalidPlan`.
  /// - Complexity: O(instructions log instructions + dependencies + entries).
  package func evaluate(
    _ settings: [PlanSetting], of name: String, generation: Int? = nil
  ) throws(RequestError) -> EvaluatedPlan {
    let current = try currentFrontier(of: name)
    try current.characterized.check(generation: generation)
    let (inputs, frontier) = (current.characterized.inputs, current.characterized.frontier)
    let measurements = try inputs.measurements(of: settings)
    let outcome = inputs.problem.outcome(ofMeasurements: measurements)
    let switchCount = IterationRun(inputs.problem, measurements: measurements).switchCount
    let bound = frontier.curve.energyJoules(from: outcome.iterationTimeSeconds)
    let better = frontier.planIndex(within: outcome.iterationTimeSeconds * (1 + 1e-12)).flatMap { number in
      frontier.plans[number].energyJoules < outcome.energyJoules * (1 - 1e-12)
        ? current.characterized.summary(ofPlan: number) : nil
    }
    return EvaluatedPlan(
      generation: current.generation, isStale: current.isStale,
      plan: PlanFigures(
        iterationTimeSeconds: outcome.iterationTimeSeconds, energyJoules: outcome.energyJoules,
        gapFraction: Plan.gapFraction(outcome.energyJoules, overBound: bound), switchCount: switchCount,
        assumesFreeSwitches: !inputs.definition.isSwitchLatencyGiven && switchCount > 1,
        ranksOverLimit: inputs.problem.switching?.ranksOverLimit(
          measurements, tableOfInstruction: inputs.problem.tableOfInstruction) ?? []),
      asMeasured: inputs.estimate == nil ? nil : inputs.measuredProblem.outcome(ofMeasurements: measurements),
      better: better, timeline: IterationTimeline(inputs, measurements: measurements))
  }
}
