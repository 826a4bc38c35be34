/// Weights that a trial of the same candidate saved at a data fraction.
public struct TrialCheckpoint: Equatable, Sendable {
  public let trial: TrialID
  /// In 0...1.
  public let dataFraction: Double
}

/// The part of a strategy that asked for a trial.
public enum SearchPhase: String, CaseIterable, Sendable {
  /// Halving over the clusters' medoids.
  case interCluster
  /// Scaling prediction inside the surviving clusters.
  case intraCluster
  /// A look at a cluster that was eliminated, sized by how far members of clusters were seen to differ.
  case exploration
  /// The strategy's rung has nothing for this worker; the step of highest expected improvement for its cost.
  case speculation
  /// A baseline's own plan.
  case baseline
  /// A person asked for it; see ``Search/advance(_:to:isRepeat:)``.
  case requested
  /// A trained candidate is trained again with another seed, because noise leaves open whether it is the best.
  case repetition
}

/// What a worker is to train.
public struct Assignment: Equatable, Sendable {
  public let trial: TrialID
  /// An index into the pool's candidates.
  public let candidate: Int
  /// Where training begins; that of ``checkpoint``, or 0.
  public let fromFraction: Double
  /// Where training pauses, above `fromFraction`, at most 1.
  public let toFraction: Double
  /// What to resume; nil to begin afresh.
  public let checkpoint: TrialCheckpoint?
  /// Whether the worker that asked has just trained the candidate up to here, so that no start is expected.
  public let isHeld: Bool
  /// The number of the candidate's training, from 0; each begins from the start and is to draw its own randomness.
  public let seed: Int
  /// Counts the evaluations at growing fractions, from 0.
  public let rung: Int
  public let phase: SearchPhase
}

/// Why a worker gets no assignment.
public enum NoAssignment: Equatable, Sendable {
  /// Enough is known or spent, or nothing is left to try.
  case finished(StopReason)
  /// Everything that could be trained is being trained or fits no device offered; ask again after the next event.
  case nothingFits
}

/// Why a search asks for no further trials.
public enum StopReason: String, CaseIterable, Sendable {
  case gridFractionSpent, gpuSecondsSpent, joulesSpent, trialsSpent, wallSecondsSpent
  /// The expected regret of the suggestion is below the bound.
  case regretBelowBound
  /// The strategy is complete: no remaining work is worth its cost.
  case planComplete
  /// Every candidate has left the search; ``CandidateClosure`` says why.
  case noCandidateLeft
}
