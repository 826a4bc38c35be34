/// Why a pool, a setting or an event is refused; a refused event changes nothing.
public enum SelectionError: Error, Equatable, Sendable {
  /// The pool has no candidate.
  case emptyPool
  /// A candidate's field is out of its range.
  case invalidCandidate(Int, field: String, value: Double)
  /// A candidate index does not exist.
  case unknownCandidate(Int, count: Int)
  /// A cluster index does not exist.
  case unknownCluster(Int, count: Int)
  /// A candidate is listed in two clusters.
  case candidateInTwoClusters(Int)
  /// A candidate is listed in no cluster.
  case candidateInNoCluster(Int)
  /// A medoid is not a member of its cluster.
  case medoidOutsideCluster(cluster: Int, medoid: Int)
  /// There are more or fewer cluster indices than new candidates.
  case clusterCountMismatch(expected: Int, found: Int)
  /// The candidate takes no further part in the search.
  case candidateClosed(Int, CandidateClosure)
  /// A setting is out of its range.
  case invalidSetting(field: String, expected: String, value: Double)
  /// No such trial was ever assigned.
  case unknownTrial(TrialID)
  /// The trial was closed before; `outcome` says how.
  case trialClosed(TrialID, outcome: TrialOutcome)
  /// The same step of the same trial was reported before with other numbers.
  case conflictingReport(trial: TrialID, step: Int)
  /// A reported number is out of its range.
  case invalidReport(trial: TrialID, field: String, expected: String, value: Double)
}
