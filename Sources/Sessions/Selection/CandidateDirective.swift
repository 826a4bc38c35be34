package import ModelSelection

/// What a person decides about one candidate.
package enum CandidateDirective: Sendable, Equatable {
  /// It is never stopped as hopeless; or that is lifted.
  case pin(Bool)
  /// It is neither trained nor suggested; or that is lifted.
  case ban(Bool)
  /// It is trained up to a fraction of the data next; from the start and with another seed where it is a repetition.
  case advance(toFraction: Double, isRepeat: Bool = false)
  /// It leaves the search for good.
  case withdraw
}

/// What is known of a candidate after a directive.
package struct DirectedCandidate: Sendable, Equatable {
  package let isPinned: Bool
  /// Why it is not trained further; nil while it may be.
  package let closure: CandidateClosure?
  /// Its open trial, or the one that a withdrawal ended.
  package let trial: TrialID?
  /// Why the search asks for no further trials; nil while it does.
  package let stopReason: StopReason?
}

/// What `search/revise` changes; nil leaves a part as it is.
package struct SearchRevision: Sendable, Equatable {
  package var constraints: PoolConstraints?
  package var budget: Budget?
  /// Weights and floors of the metrics named.
  package var goals: [GoalRevision]?
  package var floorProbabilityFraction: Double?

  package init(
    constraints: PoolConstraints?, budget: Budget?, goals: [GoalRevision]? = nil,
    floorProbabilityFraction: Double? = nil
  ) {
    self.constraints = constraints
    self.budget = budget
    self.goals = goals
    self.floorProbabilityFraction = floorProbabilityFraction
  }
}

/// What a ``SearchRevision`` changed.
package struct RevisedSearch: Sendable, Equatable {
  /// Candidates by number.
  package var excluded: [Int] = []
  package var readmitted: [Int] = []
  package var added: [Int] = []
  /// Why the search had ended before, and why it has ended now; nil while it goes on.
  package var stopReasonBefore: StopReason?
  package var stopReason: StopReason?
  /// Nil where neither weights nor floors were revised.
  package var goals: RevisedGoals?
}
