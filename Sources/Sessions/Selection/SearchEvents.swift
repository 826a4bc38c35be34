package import ModelSelection

/// A trial was given out.
package struct TrialAssignment: Sendable {
  package let session: String
  package let revision: Int
  package let trial: OpenTrial
}

/// A trial ended.
package struct TrialEnding: Sendable {
  package let session: String
  package let revision: Int
  package let trial: ListedTrial
  /// As it was reported at the greatest step; nil where the trial reported nothing.
  package let lastScore: Double?
}

/// A search came to its end.
package struct SearchEnding: Sendable {
  package let session: String
  package let revision: Int
  package let reason: StopReason
}

/// What a search has spent.
package struct CostChange: Sendable {
  package let session: String
  package let revision: Int
  package let spending: Spending
  package let openTrialCount: Int
}

extension SessionState {
  /// What happened to the search in this step: trials that were given out or ended, another leader, what is spent,
  /// the end. Every step that may change one of them calls this once, at its end.
  package mutating func searchEvents() -> [SessionEvent] {
    let (session, revision) = (name, revision)
    return search?.takeEvents(of: session, revision) ?? []
  }
}

extension ModelSearch {
  /// By how much the spending must have grown since it was last announced to be announced again between the
  /// beginnings and ends of trials, as a share of it: reports are many, so their costs are not announced one by one.
  private static let announcedGrowth = 0.01

  fileprivate mutating func takeEvents(of session: String, _ revision: Int) -> [SessionEvent] {
    let changes = roster.takeChanges()
    var events: [SessionEvent] = changes.map { change in
      switch change {
      case .opened(let trial):
        .trialAssigned(TrialAssignment(session: session, revision: revision, trial: openTrial(trial)))
      case .closed(let trial):
        .trialEnded(
          TrialEnding(
            session: session, revision: revision, trial: listed(trial), lastScore: roster[trial].latest?.score))
      }
    }
    if let leader = announceNewLeader() {
      events.append(
        .leaderChanged(
          LeaderChange(
            session: session, revision: revision, candidate: pool.name(of: leader.candidate),
            predictedScore: pool.task.metric.score(ofError: leader.predictedError),
            probabilityBestFraction: leader.probabilityBestFraction)))
    }
    let spending = engine.spending
    if !changes.isEmpty || hasGrown(spending) {
      announcedSpending = spending
      events.append(
        .costChanged(
          CostChange(session: session, revision: revision, spending: spending, openTrialCount: openTrialCount)))
    }
    // Constant time while trials are open.
    let reason = engine.stopReason
    if let reason, !isEndAnnounced {
      events.append(.searchFinished(SearchEnding(session: session, revision: revision, reason: reason)))
    }
    isEndAnnounced = reason != nil
    return events
  }

  private func hasGrown(_ spending: Spending) -> Bool {
    let factor = 1 + Self.announcedGrowth
    return spending.gpuSeconds > factor * announcedSpending.gpuSeconds
      || spending.joules > factor * announcedSpending.joules
  }
}
