/// What a worker tells of a trial at a step.
public struct Report: Equatable, Sendable {
  /// The worker's own count, at least 0; (trial, step) names a report.
  public var step: Int
  /// The data seen so far by this candidate, as a fraction of all, in 0...1.
  public var dataFraction: Double
  /// The task's error, lower is better, positive; a value that is not finite ends the trial as diverged.
  public var error: Double
  /// GPU-seconds of this trial since it began, at least 0; nil to take them from the candidate's cost weight.
  public var gpuSeconds: Double?
  /// Joules of this trial since it began, at least 0.
  public var joules: Double?
  /// Whether a checkpoint was saved at this step.
  public var hasCheckpoint: Bool

  public init(
    step: Int, dataFraction: Double, error: Double, gpuSeconds: Double? = nil, joules: Double? = nil,
    hasCheckpoint: Bool = false
  ) {
    self.step = step
    self.dataFraction = dataFraction
    self.error = error
    self.gpuSeconds = gpuSeconds
    self.joules = joules
    self.hasCheckpoint = hasCheckpoint
  }

  /// Equal also where both errors are not a number, so that a repeated report is known again.
  public static func == (one: Report, other: Report) -> Bool {
    one.step == other.step && one.dataFraction == other.dataFraction
      && one.error.bitPattern == other.error.bitPattern && one.gpuSeconds == other.gpuSeconds
      && one.joules == other.joules && one.hasCheckpoint == other.hasCheckpoint
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
}
