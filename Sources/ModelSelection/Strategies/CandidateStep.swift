/// One step further in the training of a candidate.
struct CandidateStep: Equatable {
  let candidate: Int
  /// The data fraction that the step trains to.
  let fraction: Double
  /// The expected gain over the leader, in log error, for each unit of cost weight.
  let value: Double
}

/// The next step of every candidate, valued by its expected improvement on the leader's final error for its cost
/// (expected improvement: Jones, Schonlau and Welch 1998, 10.1023/A:1008306431147).
///
/// **Complexity.** O(candidates) for each reach.
struct ImprovementSteps {
  let context: StrategyContext
  /// Largest data fractions of steps, ascending. Steps to a larger one count only when none is left to a smaller one.
  let reaches: [Double]
  /// Steps that are expected to gain less than this are left out: log error.
  var leastGain: Double

  /// A strategy that goes on after its plan ends when no step is expected to gain this much log error: above the
  /// rounding of errors, and below what would matter to a user.
  private static let leastGain = 0.00025

  /// The steps after a plan, first up to the observed fraction.
  static func afterPlan(_ context: StrategyContext) -> ImprovementSteps {
    ImprovementSteps(context: context, reaches: [context.settings.observedFraction, 1], leastGain: leastGain)
  }

  /// The steps of workers for which a rung has nothing.
  static func speculation(_ context: StrategyContext) -> ImprovementSteps {
    ImprovementSteps(context: context, reaches: [context.settings.observedFraction], leastGain: 0)
  }

  /// The gain assumed for a candidate without any prediction: log error.
  private static let gainOfUnknown = 1.0

  /// The step of highest value among those that can start.
  func best(where canStart: (_ candidate: Int, _ fraction: Double) -> Bool) -> Work? {
    for reach in reaches {
      var best: CandidateStep?
      visit(upTo: reach) { step in
        if best.map({ step.value > $0.value }) ?? true, canStart(step.candidate, step.fraction) { best = step }
        return true
      }
      if let best { return Work(candidate: best.candidate, fraction: best.fraction, rung: 0, phase: .speculation) }
    }
    return nil
  }

  /// Shows every step until `visit` returns false. O(1) when the first step ends the visit.
  func visitAll(_ visit: (CandidateStep) -> Bool) {
    var goesOn = true
    for reach in reaches where goesOn {
      self.visit(upTo: reach) { step in
        goesOn = visit(step)
        return goesOn
      }
    }
  }

  /// Shows each candidate's next step until `visit` returns false. The leader comes last: observing it is worth the
  /// largest gain that any other candidate may have over it.
  private func visit(upTo reach: Double, _ visit: (CandidateStep) -> Bool) {
    let leading = context.leadingFinal
    var largestGain = 0.0
    for candidate in context.states.indices where candidate != context.leader && !context.states[candidate].isGivenUp {
      let gain =
        leading.flatMap { context.knowledge.belief(candidate, context.pool)?.expectedGain(over: $0) }
        ?? Self.gainOfUnknown
      largestGain = max(largestGain, gain)
      if let step = step(candidate, gain: gain, reach), !visit(step) { return }
    }
    if let leader = context.leader, let step = step(leader, gain: largestGain, reach) { _ = visit(step) }
  }

  private func step(_ candidate: Int, gain: Double, _ reach: Double) -> CandidateStep? {
    let state = context.states[candidate]
    let begun = state.checkpoint?.dataFraction ?? 0
    let known = max(begun, context.observedFraction(of: candidate))
    guard gain >= leastGain, !state.isClosed, state.openTrial == nil, known < reach * (1 - 1e-9) else { return nil }
    let wanted = min(reach, max(context.settings.startFraction, known * context.settings.reductionFactor))
    let next = context.fraction(worthStarting: candidate, from: begun, wanted: wanted)
    return CandidateStep(
      candidate: candidate, fraction: next,
      value: gain
        / (context.pool.candidates[candidate].costWeight * (next - begun) + context.startWeight(of: candidate)))
  }
}
