/// How a worker or its device ends a trial without a decision.
public enum TrialEnd: Equatable, Sendable {
  /// The worker came to the end of what it was to do; the last report stands for the assigned fraction.
  case completed
  /// The worker saved a checkpoint and gave the trial up; the candidate may be resumed anywhere.
  case paused
  /// Training itself failed; the candidate is tried again until ``SearchSettings/failureLimit``.
  case failed
  /// The worker or its device is gone; the work is assigned again from the last checkpoint.
  case lost
  /// The checkpoint to resume from no longer exists; the candidate begins again from its start.
  case checkpointGone
  /// The candidate was withdrawn.
  case withdrawn
  /// The device's memory did not suffice; the candidate is never again given that little.
  case outOfMemory(memoryBytes: Int)
}

/// What became of a trial.
public enum TrialOutcome: Equatable, Sendable {
  /// Ended by a decision of the search.
  case paused(PauseReason)
  case stopped(TrialStopReason)
  /// Ended by ``TrialEnd``.
  case ended(TrialEnd)
}
