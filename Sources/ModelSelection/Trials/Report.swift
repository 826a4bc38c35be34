/// What a worker reports about a trial at one step.
public struct Report: Equatable, Sendable {
  /// The worker's own count, at least 0; (trial, step) names a report.
  public var step: Int
  /// The data seen so far by this candidate, as a fraction of all, in 0...1.
  public var dataFraction: Double
  /// The task's error, lower is better, positive; a value that is not finite ends the trial as diverged.
  public var error: Double
  /// The caller's own figure behind the error, returned unchanged with the observation.
  public var score: Double
  /// The standard deviation of the evaluation's noise in the log error, at least 0; nil where it is not known.
  public var logErrorDeviation: Double?
  /// The errors of the metrics that ``Goals`` number, lower is better, positive; one that is not finite was not
  /// reported. Empty where there is one error only.
  public var goalErrors: [Double]
  /// The standard deviations of the noise in their logarithms, as many, or none where they are not known.
  public var goalDeviations: [Double]
  /// GPU-seconds of this trial since it began, at least 0; nil to take them from the candidate's cost weight.
  public var gpuSeconds: Double?
  /// How many of them passed before the trial began to train, at least 0; nil where that is not known.
  public var startGPUSeconds: Double?
  /// Joules of this trial since it began, at least 0.
  public var joules: Double?
  /// Whether a checkpoint was saved at this step.
  public var hasCheckpoint: Bool

  public init(
    step: Int, dataFraction: Double, error: Double, score: Double? = nil, logErrorDeviation: Double? = nil,
    goalErrors: [Double] = [], goalDeviations: [Double] = [], gpuSeconds: Double? = nil,
    startGPUSeconds: Double? = nil, joules: Double? = nil, hasCheckpoint: Bool = false
  ) {
    self.step = step
    self.dataFraction = dataFraction
    self.error = error
    self.score = score ?? error
    self.logErrorDeviation = logErrorDeviation
    self.goalErrors = goalErrors
    self.goalDeviations = goalDeviations
    self.gpuSeconds = gpuSeconds
    self.startGPUSeconds = startGPUSeconds
    self.joules = joules
    self.hasCheckpoint = hasCheckpoint
  }

  /// Equal also where both errors are not a number, so that a repeated report is known again.
  public static func == (one: Report, other: Report) -> Bool {
    one.step == other.step && one.dataFraction == other.dataFraction
      && one.error.bitPattern == other.error.bitPattern && one.score.bitPattern == other.score.bitPattern
      && one.logErrorDeviation == other.logErrorDeviation && one.gpuSeconds == other.gpuSeconds
      && one.goalErrors == other.goalErrors && one.goalDeviations == other.goalDeviations
      && one.startGPUSeconds == other.startGPUSeconds && one.joules == other.joules
      && one.hasCheckpoint == other.hasCheckpoint
  }
}

/// What the worker is to do after a report.
public enum Decision: Equatable, Sendable {
  /// Train on to the assigned fraction.
  case proceed
  /// Save a checkpoint, end the trial and ask for the next.
  case pause(PauseReason)
  /// End the trial; the candidate will not be trained further.
  case stop(TrialStopReason)
}

public enum PauseReason: String, CaseIterable, Sendable {
  /// The assigned fraction is reached.
  case rungReached
  /// The search ended while the trial ran.
  case searchFinished
}

public enum TrialStopReason: String, CaseIterable, Sendable {
  /// All data are seen.
  case completed
  /// The reported error is not finite.
  case diverged
  /// The candidate is most unlikely to be the best.
  case cannotBeBest
  /// The candidate most probably misses a ceiling of ``Goals``.
  case belowFloor
  /// The candidate was banned, or a revised rule excludes it.
  case excluded
}

extension Report {
  /// Checks the ranges of a report on a trial that began at the fraction `from`.
  ///
  /// - Throws: ``SelectionError/invalidReport(trial:field:expected:value:)`` for the first field out of range.
  func check(trial: TrialID, from: Double) throws(SelectionError) {
    func require(_ holds: Bool, _ field: String, _ expected: String, _ value: Double) throws(SelectionError) {
      guard holds else { throw .invalidReport(trial: trial, field: field, expected: expected, value: value) }
    }
    try require(step >= 0, "step", "at least 0", Double(step))
    try require(
      dataFraction.isFinite && dataFraction >= from && dataFraction <= 1, "dataFraction", "from \(from) to 1",
      dataFraction)
    try require(!error.isFinite || error > 0, "error", "above 0, or not finite when training diverged", error)
    let deviation = logErrorDeviation ?? 0
    try require(deviation.isFinite && deviation >= 0, "logErrorDeviation", "at least 0", deviation)
    try require((gpuSeconds ?? 0).isFinite && (gpuSeconds ?? 0) >= 0, "gpuSeconds", "at least 0", gpuSeconds ?? 0)
    let start = startGPUSeconds ?? 0
    try require(start.isFinite && start >= 0, "startGPUSeconds", "at least 0", start)
    try require((joules ?? 0).isFinite && (joules ?? 0) >= 0, "joules", "at least 0", joules ?? 0)
  }
}
