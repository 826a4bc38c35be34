// What is scored otherwise while the search runs.
extension Search {
  /// What a report's error is by another combination of its metrics.
  public struct Rescored: Equatable, Sendable {
    public let error: Double
    public let score: Double
    public let logErrorDeviation: Double?

    public init(error: Double, score: Double, logErrorDeviation: Double?) {
      (self.error, self.score, self.logErrorDeviation) = (error, score, logErrorDeviation)
    }
  }

  /// Replaces the ceilings, and the errors of reports that other weights of their metrics change. Curves and beliefs
  /// are then those that the same reports would have led to from the start; what was assigned and decided stays.
  /// Candidates that were stopped as hopeless, or missed a ceiling that is no more, may be trained again.
  ///
  /// - Parameters:
  ///   - goals: with as many metrics as before.
  ///   - rescored: the new error of a report that trial and step name; nil where it stays. Not asked for reports of
  ///     trainings that diverged.
  /// - Returns: the candidates that were closed and may be trained again.
  /// - Throws: ``SelectionError/invalidSetting(field:expected:value:)``; nothing is then changed.
  /// - Complexity: O(candidates + reports), and a fit.
  public mutating func revise(
    _ goals: Goals, rescored: (TrialID, _ step: Int) -> Rescored?
  ) throws(SelectionError) -> [Int] {
    try goals.check()
    trials.rescore(rescored)
    for candidate in states.indices {
      states[candidate].curve = RepeatedTraining(seedCount: states[candidate].curve.seed)
    }
    trials.visitObservations { observation, origin, assignment, isAssigned in
      _ = states[assignment.candidate].curve.take(
        observation, from: origin, isAssigned: isAssigned, seed: assignment.seed)
    }
    knowledge.relearn(states, pool: pool)
    self.goals.revise(goals)
    let closed = states.indices.filter { states[$0].isClosed }
    for candidate in states.indices {
      states[candidate].isStopped = false
      states[candidate].hopelessStreak = 0
      updateCeilings(of: candidate)
      updateFlag(of: candidate)
    }
    settle(isReopened: true)
    return closed.filter { !states[$0].isClosed }
  }
}

extension TrialBook {
  /// Replaces the errors of reports. O(reports).
  mutating func rescore(_ rescored: (TrialID, _ step: Int) -> Search.Rescored?) {
    for number in 0..<count {
      let id = TrialID(number + 1)
      for place in self[id].reports.indices {
        let report = self[id].reports[place]
        guard report.error.isFinite, let new = rescored(id, report.step) else { continue }
        self[id].reports[place].error = new.error
        self[id].reports[place].score = new.score
        self[id].reports[place].logErrorDeviation = new.logErrorDeviation
      }
    }
  }

  /// Shows every report that is an observation, and whether it stands for its trial's assigned fraction. O(reports).
  func visitObservations(
    _ visit: (Observation, LearningCurve.Origin, Assignment, _ isAssigned: Bool) -> Void
  ) {
    for number in 0..<count {
      let trial = self[TrialID(number + 1)]
      func show(_ report: Report, isAssigned: Bool) {
        guard report.error.isFinite, report.dataFraction >= LearningCurve.leastFraction else { return }
        visit(
          Observation(
            dataFraction: report.dataFraction, error: report.error, score: report.score,
            logErrorDeviation: report.logErrorDeviation),
          LearningCurve.Origin(trial: trial.assignment.trial, step: report.step), trial.assignment, isAssigned)
      }
      for report in trial.reports { show(report, isAssigned: report.dataFraction >= trial.assignment.toFraction) }
      guard trial.outcome == .ended(.completed), var last = trial.reports.last(where: { $0.error.isFinite }) else {
        continue
      }
      last.dataFraction = trial.assignment.toFraction
      show(last, isAssigned: true)
    }
  }
}
