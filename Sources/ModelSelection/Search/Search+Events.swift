extension Search {
  /// Takes a report. The same report again gets the same answer and changes nothing.
  ///
  /// Every report is an observation of the candidate's curve; ``LearningCurve`` says which of them are kept. Reports of
  /// one trial may arrive in any order until one of them closes it; a report that arrives after a later one is an
  /// observation but decides nothing.
  ///
  /// - Parameter elapsedSeconds: the time, as for ``tell(elapsedSeconds:)``; ignored for a repeated report.
  /// - Throws: ``SelectionError/unknownTrial(_:)``, ``SelectionError/trialClosed(_:outcome:)``,
  ///   ``SelectionError/conflictingReport(trial:step:)``,
  ///   ``SelectionError/invalidReport(trial:field:expected:value:)``.
  public mutating func record(
    _ report: Report, of id: TrialID, elapsedSeconds: Double? = nil
  ) throws(SelectionError) -> Decision {
    try trials.check(id)
    if let known = trials[id].report(of: report.step) {
      guard known == report else { throw .conflictingReport(trial: id, step: report.step) }
      if let closing = trials[id].closing, closing.step == report.step { return closing.decision }
      return .proceed
    }
    if let outcome = trials[id].outcome { throw .trialClosed(id, outcome: outcome) }
    let assignment = trials[id].assignment
    try report.check(trial: id, from: assignment.fromFraction)
    if let elapsedSeconds { tell(elapsedSeconds: elapsedSeconds) }
    let candidate = assignment.candidate
    let position = trials[id].position(of: report.step)
    let isLatest = position == trials[id].reports.count
    trials[id].reports.insert(report, at: position)
    let isReached = report.dataFraction >= assignment.toFraction
    takeStart(report, of: id)
    ledger.record(
      report, weight: pool.candidates[candidate].costWeight * (report.dataFraction - assignment.fromFraction),
      isReached: isReached, on: &trials[id].cost)
    guard report.error.isFinite else {
      end(candidate, .diverged)
      return close(id, step: report.step, .stop(.diverged), .stopped(.diverged))
    }
    if report.hasCheckpoint || isReached {
      keepCheckpoint(TrialCheckpoint(trial: id, dataFraction: report.dataFraction), of: candidate)
    }
    observe(candidate, report, of: id, isAssigned: isReached)
    if isReached {
      return report.dataFraction >= 1
        ? close(id, step: report.step, .stop(.completed), .stopped(.completed))
        : close(id, step: report.step, .pause(.rungReached), .paused(.rungReached))
    }
    if states[candidate].isBanned || states[candidate].breaksRule {
      return close(id, step: report.step, .stop(.excluded), .stopped(.excluded))
    }
    guard isLatest else { return .proceed }
    if isHopeless(candidate) {
      let reason: TrialStopReason = stop(candidate) ? .belowFloor : .cannotBeBest
      return close(id, step: report.step, .stop(reason), .stopped(reason))
    }
    guard ledger.spentBudgetOfOpenTrials != nil else { return .proceed }
    keepCheckpoint(TrialCheckpoint(trial: id, dataFraction: report.dataFraction), of: candidate)
    return close(id, step: report.step, .pause(.searchFinished), .paused(.searchFinished))
  }

  /// Learns what the start of a trial took from its first report that says so. Where the worker went on with a model
  /// that it had loaded, it tells nothing of starts.
  private mutating func takeStart(_ report: Report, of id: TrialID) {
    guard let seconds = report.startGPUSeconds, !trials[id].hasToldStart else { return }
    trials[id].hasToldStart = true
    if !trials[id].assignment.isHeld { starts.take(seconds, of: trials[id].assignment.candidate) }
  }

  /// Closes a trial that ends without a decision.
  ///
  /// - Throws: ``SelectionError/unknownTrial(_:)``, ``SelectionError/trialClosed(_:outcome:)`` unless the trial already
  ///   ended the same way.
  public mutating func end(_ id: TrialID, as end: TrialEnd) throws(SelectionError) {
    try trials.check(id)
    if let outcome = trials[id].outcome {
      guard outcome == .ended(end) else { throw .trialClosed(id, outcome: outcome) }
      return
    }
    let (assignment, last) = (trials[id].assignment, trials[id].reports.last { $0.error.isFinite })
    let candidate = assignment.candidate
    switch end {
    case .completed:
      // The last report stands for the assigned fraction, though its data may be a little short of it.
      if let last {
        keepCheckpoint(TrialCheckpoint(trial: id, dataFraction: assignment.toFraction), of: candidate)
        var final = last
        final.dataFraction = assignment.toFraction
        observe(candidate, final, of: id, isAssigned: true)
      } else {
        countFailure(of: candidate)
      }
    case .paused:
      if let last { keepCheckpoint(TrialCheckpoint(trial: id, dataFraction: last.dataFraction), of: candidate) }
    case .failed: countFailure(of: candidate)
    case .lost, .withdrawn: break
    case .checkpointGone:
      if states[candidate].checkpoint == assignment.checkpoint { states[candidate].checkpoint = nil }
    case .outOfMemory(let bytes): states[candidate].exceedsBytes = max(states[candidate].exceedsBytes, bytes)
    }
    close(id, .ended(end), isTimed: end == .completed || end == .paused, isReached: end == .completed)
  }

  /// Tells the wall-clock seconds since the search began; only the largest counts.
  public mutating func tell(elapsedSeconds: Double) { ledger.tell(elapsedSeconds: elapsedSeconds) }

  /// Adds candidates while the search runs; see ``Pool``. A strategy that was complete begins again with all
  /// observations.
  ///
  /// - Parameter clusterIndices: the cluster that each candidate joins; one past the last founds a new cluster.
  /// - Throws: ``SelectionError``; nothing is then changed.
  public mutating func add(_ candidates: [Candidate], clusterIndices: [Int]) throws(SelectionError) {
    try pool.add(candidates, clusterIndices: clusterIndices)
    ledger.gridWeight = pool.totalCostWeight
    starts.add(candidates)
    let added = states.count..<pool.candidates.count
    states += candidates.map { _ in CandidateState() }
    for candidate in added { updateFit(of: candidate) }
    knowledge.add(candidates: candidates.count)
    goals.add(candidates: candidates.count)
    if !evidence.isEmpty { setEvidence(evidence) }
    strategy.didGrowPool()
    advanceStrategy()
  }

  /// Takes what is known of candidates from outside, in place of what was taken before; candidates that a source has no
  /// value for are unknown to it. O(candidates x sources^2).
  public mutating func setEvidence(_ sources: [EvidenceSource]) {
    evidence = sources
    let known = PriorEvidence(sources, candidateCount: states.count)
    guard known != nil || knowledge.evidence != nil else { return }
    knowledge.setEvidence(known)
    strategy.didTakeEvidence(context)
    advanceStrategy()
  }

  private mutating func countFailure(of candidate: Int) {
    states[candidate].failureCount += 1
    if states[candidate].failureCount >= settings.failureLimit { end(candidate, .failedTooOften) }
  }

  private mutating func observe(_ candidate: Int, _ report: Report, of id: TrialID, isAssigned: Bool) {
    guard report.dataFraction >= LearningCurve.leastFraction else { return }
    let origin = LearningCurve.Origin(trial: id, step: report.step)
    let change = states[candidate].curve.take(
      Observation(
        dataFraction: report.dataFraction, error: report.error, score: report.score,
        logErrorDeviation: report.logErrorDeviation),
      from: origin, isAssigned: isAssigned, seed: trials[id].assignment.seed)
    let before = candidate == leader ? standing(of: candidate) : nil
    let goalChange = goals.observe(
      candidate, report, from: origin, isAssigned: isAssigned, seed: trials[id].assignment.seed, pool: pool)
    guard change != .none || goalChange != .none else { return }
    let isRenewed = change != .none && knowledge.observe(candidate, states: states, pool: pool)
    if goals.hasCeilings { updateCeilings(of: candidate) }
    if isRenewed || goalChange == .allCandidates { leader = foundLeader } else { updateLeader(candidate, before) }
    updateHopelessStreak(of: candidate)
    if states[candidate].observations.count == 1 { updateFlag(of: candidate) }
  }

  /// The candidate's place among those that may be suggested; nil where it left the search or was not observed.
  /// O(ceilings).
  private func standing(of candidate: Int) -> Standing? {
    states[candidate].isGivenUp ? nil : knowledge.finals[candidate].map { standing(of: candidate, $0) }
  }

  /// Updates the leader after the standing of one candidate changed. O(ceilings), unless the leader's became worse.
  ///
  /// - Parameter before: the standing that the candidate had, where it leads.
  private mutating func updateLeader(_ candidate: Int, _ before: Standing?) {
    let now = standing(of: candidate)
    guard let leader, leader != candidate else {
      let isNoWorse = now.flatMap { now in before.map { now <= $0 } } ?? false
      if !isNoWorse { self.leader = foundLeader }
      return
    }
    guard let now else { return }
    if standing(of: leader).map({ now < $0 }) ?? true { self.leader = candidate }
  }

  /// The candidate to suggest, from all of them: see ``Standing``. O(candidates).
  var foundLeader: Int? {
    var best: Standing?
    let chance = keptChances
    for candidate in states.indices where !states[candidate].isGivenUp {
      guard let final = knowledge.finals[candidate] else { continue }
      let standing = goals.standing(of: candidate, final, chance: chance(candidate))
      if best.map({ standing < $0 }) ?? true { best = standing }
    }
    return best?.candidate
  }

  private mutating func updateHopelessStreak(of candidate: Int) {
    guard let own = knowledge.finals[candidate], let leader, let best = knowledge.finals[leader] else { return }
    var chance = own.probability(below: best)
    if goals.hasCeilings {
      // It ends better where it keeps its ceilings, and the leader misses one or has the greater error.
      chance = keptChance(of: candidate) * (1 - keptChance(of: leader) * (1 - chance))
    }
    let isHopeless = candidate != leader && chance < Mordal.leastChance
    states[candidate].hopelessStreak = isHopeless ? states[candidate].hopelessStreak + 1 : 0
  }

  /// Whether an open trial is not worth continuing.
  ///
  /// Every candidate gets the start fraction. Beyond it a single bad evaluation may still mislead a prediction, so two
  /// reports in a row must leave the candidate without a chance, and the leader must have been better twice with no
  /// more data.
  private func isHopeless(_ candidate: Int) -> Bool {
    guard strategy.stopsHopelessTrials, !isProtected(candidate), states[candidate].hopelessStreak >= 2, let leader,
      let last = states[candidate].observations.last, last.dataFraction >= settings.startFraction * (1 - 1e-9)
    else { return false }
    if keptChance(of: candidate) < Mordal.leastChance { return true }
    return states[leader].observations.count { $0.dataFraction <= last.dataFraction && $0.error < last.error } >= 2
  }

  /// Trains a candidate no further because it can hardly be the best.
  ///
  /// - Returns: whether that is because it most probably misses a ceiling.
  @discardableResult
  mutating func stop(_ candidate: Int) -> Bool {
    states[candidate].isStopped = true
    states[candidate].isStoppedBelowFloor = keptChance(of: candidate) < Mordal.leastChance
    return states[candidate].isStoppedBelowFloor
  }

  /// Whether a person wants the candidate to be trained on, hopeless or not.
  private func isProtected(_ candidate: Int) -> Bool {
    states[candidate].isPinned
      || (states[candidate].requestedFraction ?? 0) > states[candidate].curve.presentFraction
  }

  /// Keeps a checkpoint for resuming unless the candidate's present training has one with more data.
  private mutating func keepCheckpoint(_ checkpoint: TrialCheckpoint, of candidate: Int) {
    if checkpoint.dataFraction >= states[candidate].checkpoint?.dataFraction ?? 0 {
      states[candidate].checkpoint = checkpoint
    }
  }

  private mutating func close(
    _ id: TrialID, step: Int, _ decision: Decision, _ outcome: TrialOutcome
  ) -> Decision {
    trials[id].closing = (step, decision)
    close(id, outcome, isTimed: true, isReached: outcome != .paused(.searchFinished))
    return decision
  }

  /// Closes a trial and lets the strategy decide.
  mutating func close(_ id: TrialID, _ outcome: TrialOutcome, isTimed: Bool, isReached: Bool) {
    let assignment = trials[id].assignment
    trials[id].outcome = outcome
    ledger.close(trials[id].cost, isTimed: isTimed)
    states[assignment.candidate].openTrial = nil
    updateFlag(of: assignment.candidate)
    updateFit(of: assignment.candidate)
    if let requested = states[assignment.candidate].requestedFraction,
      assignment.phase == .requested && isReached && assignment.toFraction >= requested
    {
      states[assignment.candidate].requestedFraction = nil
      self.requested.removeAll { $0 == assignment.candidate }
    }
    if assignment.phase != .requested { strategy.didEnd(assignment, isReached: isReached) }
    advanceStrategy()
  }
}
