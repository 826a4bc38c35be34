/// Every candidate on the start fraction, then one step at a time for the candidate with the largest expected
/// improvement on the leader for its cost. Needs no clusters, so no medoid can hide the best candidate.
///
/// Steps first go up to the observed fraction, and beyond it only when no step below it is worth its cost.
struct Race: RungStrategy {
  var progress = RungProgress()
  private var hasBegun = false

  /// The race ends when no step is expected to gain this much log error: above the rounding of errors, and below what
  /// would matter to a user.
  static let leastGain = 0.00025

  let stopsHopelessTrials = true

  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung? {
    guard !hasBegun else { return nil }
    hasBegun = true
    return Rung(
      .baseline, number: 0, fraction: context.settings.startFraction, members: Array(context.pool.candidates.indices))
  }

  func improvementSteps(_ context: StrategyContext) -> ImprovementSteps? {
    guard progress.isComplete else { return Self.speculation(context) }
    var steps = Self.steps(context)
    // A client that prefers time to cost wants no worker to wait while others still train.
    if context.settings.prefersElapsed, context.openTrialCount > 0 { steps.leastGain = .leastNonzeroMagnitude }
    return steps
  }

  /// The steps after the last rung.
  static func steps(_ context: StrategyContext) -> ImprovementSteps {
    ImprovementSteps(context: context, reaches: [context.settings.observedFraction, 1], leastGain: leastGain)
  }

  /// The steps of workers for which a rung has nothing.
  static func speculation(_ context: StrategyContext) -> ImprovementSteps {
    ImprovementSteps(context: context, reaches: [context.settings.observedFraction], leastGain: 0)
  }
}
