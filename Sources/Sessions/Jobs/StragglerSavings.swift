internal import EnergyFrontier

/// What a pipeline saves while another pipeline of its job is a straggler.
///
/// Without plans every instruction runs at its highest frequency, the iteration is done after `T` seconds, and all
/// devices wait until the straggler is done at `T' = (1 + slowdown) T`. With plans the pipeline runs its cheapest plan
/// that is done by then, at `T_opt = min(T*, T')`, and waits for what is left. Both draw the blocking power while they
/// wait.
package struct StragglerSavings: Sendable {
  /// How much longer than `T` the straggler lasts.
  package let slowdownFraction: Double
  /// `T'`.
  package let stragglerTimeSeconds: Double
  /// The number of the plan.
  package let plan: Int
  /// Joules of all devices until `T'`: every instruction at its highest frequency, the plan, and the lower bound.
  package let allMaxEnergyJoules: Double
  package let planEnergyJoules: Double
  package let lowerBoundEnergyJoules: Double

  package var savingFraction: Double { 1 - planEnergyJoules / allMaxEnergyJoules }
  /// No plan saves more.
  package var boundFraction: Double { 1 - lowerBoundEnergyJoules / allMaxEnergyJoules }

  /// In O(log plans).
  package init(_ characterized: CharacterizedFrontier, slowdownFraction: Double) {
    let (frontier, allMax) = (characterized.frontier, characterized.inputs.allMaxFrequency)
    let end = allMax.iterationTimeSeconds * (1 + slowdownFraction)
    // Beyond T* a slower schedule still saves a little against waiting, as far as instructions can be slowed at all;
    // the plans end at T*, and the bound says what that leaves.
    let best = min(max(end, frontier.curve.minimumTimeSeconds), frontier.curve.maximumTimeSeconds)
    // The fastest plan is never slower than all at their highest frequency, but for rounding.
    plan = characterized.planIndex(until: end) ?? 0
    let chosen = frontier.plans[plan]
    self.slowdownFraction = slowdownFraction
    stragglerTimeSeconds = end
    allMaxEnergyJoules =
      allMax.energyJoules + characterized.waitingJoules(from: allMax.iterationTimeSeconds, until: end)
    planEnergyJoules = chosen.energyJoules + characterized.waitingJoules(from: chosen.iterationTimeSeconds, until: end)
    lowerBoundEnergyJoules =
      (frontier.curve.energyJoules(at: best) ?? 0) + characterized.waitingJoules(from: best, until: end)
  }
}

extension CharacterizedFrontier {
  /// The cheapest plan that is done when a straggler is; nil where none is. A straggler's time is a product of rounded
  /// figures, so a plan may end a hair after it and yet be the one that is meant.
  func planIndex(until stragglerTimeSeconds: Double) -> Int? {
    frontier.planIndex(within: stragglerTimeSeconds * (1 + 1e-12))
  }

  /// Joules that all devices draw from the end of an iteration until `end`, while they wait.
  package func waitingJoules(from start: Double, until end: Double) -> Double {
    max(0, end - start) * inputs.problem.waitingPowerWatts * Double(inputs.problem.deviceMultiplicity)
  }
}
