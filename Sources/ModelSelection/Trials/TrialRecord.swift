/// One assignment and what was reported of it.
struct Trial: Sendable {
  let assignment: Assignment
  /// By ascending step.
  var reports: [Report] = []
  var outcome: TrialOutcome?
  /// The report that closed it, and what was answered.
  var closing: (step: Int, decision: Decision)?
  /// What it has cost so far, as counted in ``Spending``.
  var gpuSeconds = 0.0
  var joules = 0.0
  /// What it said itself of its GPU-seconds, and the work it had done by then.
  var metered = (gpuSeconds: 0.0, weight: 0.0)
  /// The cost weight of the work that it has reported.
  var seenWeight = 0.0
  /// When it was assigned, as far as the time was told.
  var begunSeconds = 0.0

  /// Where a step is, or belongs, among the reports.
  func place(of step: Int) -> Int {
    // Reports mostly come in order.
    if let last = reports.last, last.step < step { return reports.count }
    var (low, high) = (0, reports.count)
    while low < high {
      let middle = (low + high) / 2
      if reports[middle].step < step { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What is known of one candidate.
struct CandidateState: Sendable {
  var checkpoint: TrialCheckpoint?
  var openTrial: Int?
  var curve = LearningCurve()
  var exceedsBytes = 0
  var failureCount = 0
  var isGivenUp = false
  /// Whether it is trained no further because it can hardly be the best.
  var isStopped = false
  var isTried = false
  /// How many reports in a row have left it most unlikely to be the best.
  var doubtCount = 0

  /// Whether no further trial of it will be assigned.
  var isClosed: Bool { isGivenUp || isStopped }

  /// By ascending fraction.
  var observations: [Observation] { curve.observations }
}

extension Report {
  func check(trial: Int, from: Double) throws(SelectionError) {
    func require(_ holds: Bool, _ field: String, _ expected: String, _ value: Double) throws(SelectionError) {
      guard holds else { throw .invalidReport(trial: trial, field: field, expected: expected, value: value) }
    }
    try require(step >= 0, "step", "at least 0", Double(step))
    try require(
      dataFraction.isFinite && dataFraction >= from && dataFraction <= 1, "dataFraction", "from \(from) to 1",
      dataFraction)
    try require(!error.isFinite || error > 0, "error", "above 0, or not finite when training diverged", error)
    try require((gpuSeconds ?? 0).isFinite && (gpuSeconds ?? 0) >= 0, "gpuSeconds", "at least 0", gpuSeconds ?? 0)
    try require((joules ?? 0).isFinite && (joules ?? 0) >= 0, "joules", "at least 0", joules ?? 0)
  }
}
