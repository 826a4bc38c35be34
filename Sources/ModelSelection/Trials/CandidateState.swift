/// What the search knows of one candidate.
struct CandidateState: Sendable {
  var checkpoint: TrialCheckpoint?
  var openTrial: TrialID?
  var curve = LearningCurve()
  /// The largest device memory in which it ran out of memory; 0 when it never did.
  var exceedsBytes = 0
  var failureCount = 0
  var isGivenUp = false
  /// Whether it is trained no further because it can hardly be the best.
  var isStopped = false
  var isTried = false
  /// How many reports in a row left it hardly a chance to be the best.
  var hopelessStreak = 0

  /// Whether no further trial of it will be assigned.
  var isClosed: Bool { isGivenUp || isStopped }

  /// By ascending fraction.
  var observations: [Observation] { curve.observations }
}
