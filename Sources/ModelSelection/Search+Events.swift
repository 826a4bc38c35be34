extension Search {
  /// Takes a report; the same report again gives the same answer and changes nothing.
  ///
  /// Every report is an observation of the candidate's curve; see ``LearningCurve`` for which of them are kept. Reports of one
  /// trial may come in any order until one of them closes it; one that comes after a later one is taken in, but decides nothing.
  ///
  /// - Parameter elapsedSeconds: the time, as for ``tell(elapsedSeconds:)``; a repeated report tells none.
  /// - Throws: ``SelectionError/unknownTrial(_:)``, ``SelectionError/trialClosed(_:outcome:)``,
  ///   ``SelectionError/conflictingReport(trial:step:)``, ``SelectionError/invalidReport(trial:field:expected:value:)``.
  public mutating func record(
    _ report: Report, of trial: Int, elapsedSeconds: Double? = nil
  ) throws(SelectionError) -> Decision {
    guard trials.indices.contains(trial) else { throw .unknownTrial(trial) }
    let place = trials[trial].place(of: report.step)
    if place < trials[trial].reports.count, trials[trial].reports[place].step == report.step {
      guard trials[trial].reports[place] == report else { throw .conflictingReport(trial: trial, step: report.step) }
      if let closing = trials[trial].closing, closing.step == report.step { return closing.decision }
      return .proceed
    }
    if let outcome = trials[trial].outcome { throw .trialClosed(trial, outcome: outcome) }
    let assignment = trials[trial].assignment
    try report.check(trial: trial, from: assignment.fromFraction)
    if let elapsedSeconds { tell(elapsedSeconds: elapsedSeconds) }
    trials[trial].reports.insert(report, at: place)
    let candidate = assignment.candidate
    spend(report, on: trial)
    guard report.error.isFinite else {
      giveUp(candidate)
      return close(trial, step: report.step, .stop(.diverged), .stopped(.diverged))
    }
    let isReached = report.dataFraction >= assignment.toFraction
    if report.hasCheckpoint || isReached {
      keepCheckpoint(TrialCheckpoint(trial: trial, dataFraction: report.dataFraction), of: candidate)
    }
    observe(candidate, report, of: trial, isAssigned: isReached)
    if isReached {
      return report.dataFraction >= 1
        ? close(trial, step: report.step, .stop(.completed), .stopped(.completed))
        : close(trial, step: report.step, .pause(.rungReached), .paused(.rungReached))
    }
    guard place == trials[trial].reports.count - 1 else { return .proceed }
    if isHopeless(candidate) {
      states[candidate].isStopped = true
      return close(trial, step: report.step, .stop(.cannotBeBest), .stopped(.cannotBeBest))
    }
    guard spentBudgetOfOpenTrials != nil else { return .proceed }
    keepCheckpoint(TrialCheckpoint(trial: trial, dataFraction: report.dataFraction), of: candidate)
    return close(trial, step: report.step, .pause(.searchFinished), .paused(.searchFinished))
  }

  /// Closes a trial that ends without a decision.
  ///
  /// - Throws: ``SelectionError/unknownTrial(_:)``, ``SelectionError/trialClosed(_:outcome:)`` unless it ended the same
  ///   way before.
  public mutating func end(_ trial: Int, as end: TrialEnd) throws(SelectionError) {
    guard trials.indices.contains(trial) else { throw .unknownTrial(trial) }
    if let outcome = trials[trial].outcome {
      guard outcome == .ended(end) else { throw .trialClosed(trial, outcome: outcome) }
      return
    }
    let (assignment, last) = (trials[trial].assignment, trials[trial].reports.last { $0.error.isFinite })
    let candidate = assignment.candidate
    switch end {
    case .completed:
      // What was trained last is what there is, though it may be short of what was asked.
      if let last {
        keepCheckpoint(TrialCheckpoint(trial: trial, dataFraction: assignment.toFraction), of: candidate)
        observe(
          candidate, Report(step: last.step, dataFraction: assignment.toFraction, error: last.error), of: trial,
          isAssigned: true)
      } else {
        fail(candidate)
      }
    case .paused:
      if let last { keepCheckpoint(TrialCheckpoint(trial: trial, dataFraction: last.dataFraction), of: candidate) }
    case .failed: fail(candidate)
    case .lost: break
    case .outOfMemory(let bytes): states[candidate].exceedsBytes = max(states[candidate].exceedsBytes, bytes)
    }
    trials[trial].outcome = .ended(end)
    closeTrial(trial, isTimed: end == .completed || end == .paused)
    releaseRung(of: assignment, isReached: end == .completed)
    settlePlan()
  }

  /// Adds candidates while the search runs; see ``Pool``. A plan that was carried out begins anew, with all it knows.
  ///
  /// - Parameter clusterIndices: for each the cluster that it joins; one past the last founds a new cluster.
  /// - Throws: ``SelectionError``; nothing is then changed.
  public mutating func add(_ candidates: [Candidate], clusterIndices: [Int]) throws(SelectionError) {
    try pool.add(candidates, clusterIndices: clusterIndices)
    states += candidates.map { _ in CandidateState() }
    knowledge.add(candidates: candidates.count)
    plan = StagedPlan(settings.strategy)
    stage = nil
    isPlanComplete = false
    settlePlan()
  }

  private mutating func fail(_ candidate: Int) {
    states[candidate].failureCount += 1
    if states[candidate].failureCount >= settings.failureLimit { giveUp(candidate) }
  }

  private mutating func giveUp(_ candidate: Int) {
    states[candidate].isGivenUp = true
    if leader == candidate { leader = foundLeader }
  }

  private mutating func observe(_ candidate: Int, _ report: Report, of trial: Int, isAssigned: Bool) {
    // Before any data there is no point of a curve over the logarithm of the data.
    guard report.dataFraction > 0 else { return }
    let change = states[candidate].curve.take(
      Observation(dataFraction: report.dataFraction, error: report.error),
      from: LearningCurve.Origin(trial: trial, step: report.step), isAssigned: isAssigned)
    guard change != .none else { return }
    let before = knowledge.finals[candidate]
    let isRenewed = knowledge.observe(candidate, states: states, pool: pool, isAppended: change == .appended)
    if isRenewed { leader = foundLeader } else { updateLeader(candidate, before: before) }
    noteDoubt(candidate)
  }

  /// Finds out who leads after one candidate was read anew. O(1), unless the leader has become worse.
  private mutating func updateLeader(_ candidate: Int, before: FinalError?) {
    guard !states[candidate].isGivenUp, let now = knowledge.finals[candidate] else { return }
    guard let known = leader, let leading = knowledge.finals[known] else {
      leader = foundLeader
      return
    }
    if known == candidate {
      if before.map({ now.mean > $0.mean }) ?? true { leader = foundLeader }
    } else if (now.mean, candidate) < (leading.mean, known) {
      leader = candidate
    }
  }

  /// The candidate that leads, from all of them; O(candidates).
  private var foundLeader: Int? {
    var best: (mean: Double, candidate: Int)?
    for candidate in states.indices where !states[candidate].isGivenUp {
      guard let final = knowledge.finals[candidate] else { continue }
      if best.map({ final.mean < $0.mean }) ?? true { best = (final.mean, candidate) }
    }
    return best?.candidate
  }

  private mutating func noteDoubt(_ candidate: Int) {
    guard let own = knowledge.finals[candidate], let leader, let best = knowledge.finals[leader] else { return }
    let isDoubtful = candidate != leader && own.probability(below: best) < StagedPlan.leastChance
    states[candidate].doubtCount = isDoubtful ? states[candidate].doubtCount + 1 : 0
  }

  /// Whether an open trial is not worth going on with. The baselines train to the end, as published.
  ///
  /// Everybody is given the start fraction. Beyond it a prediction may still be fooled by an evaluation that went wrong, so two
  /// reports in a row must leave the candidate without a chance, and it must be behind already: the leader was better twice
  /// with no more data.
  private func isHopeless(_ candidate: Int) -> Bool {
    guard settings.strategy == .mordal || settings.strategy == .race, states[candidate].doubtCount >= 2,
      let leader, let last = states[candidate].observations.last,
      last.dataFraction >= settings.startFraction * (1 - 1e-9)
    else { return false }
    return states[leader].observations.count { $0.dataFraction <= last.dataFraction && $0.error < last.error } >= 2
  }

  /// The checkpoint furthest along is the one to resume.
  private mutating func keepCheckpoint(_ checkpoint: TrialCheckpoint, of candidate: Int) {
    if checkpoint.dataFraction >= states[candidate].checkpoint?.dataFraction ?? 0 {
      states[candidate].checkpoint = checkpoint
    }
  }

  /// Lets a candidate be chosen again for a rung that its trial did not get to.
  private mutating func releaseRung(of assignment: Assignment, isReached: Bool) {
    guard settings.strategy == .asha, !isReached else { return }
    asynchronous.release(candidate: assignment.candidate, rung: assignment.rung)
  }

  private mutating func close(
    _ trial: Int, step: Int, _ decision: Decision, _ outcome: TrialOutcome
  ) -> Decision {
    trials[trial].outcome = outcome
    trials[trial].closing = (step, decision)
    closeTrial(trial, isTimed: true)
    releaseRung(of: trials[trial].assignment, isReached: outcome != .paused(.searchFinished))
    settlePlan()
    return decision
  }
}
