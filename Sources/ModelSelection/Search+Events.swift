extension Search {
  /// Takes a report; the same report again gives the same answer and changes nothing.
  ///
  /// Reports of one trial may come in any order until one of them closes it.
  ///
  /// - Throws: ``SelectionError/unknownTrial(_:)``, ``SelectionError/trialClosed(_:outcome:)``,
  ///   ``SelectionError/conflictingReport(trial:step:)``, ``SelectionError/invalidReport(trial:field:expected:value:)``.
  public mutating func record(_ report: Report, of trial: Int) throws(SelectionError) -> Decision {
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
    trials[trial].reports.insert(report, at: place)
    let candidate = assignment.candidate
    spend(report, on: trial)
    guard report.error.isFinite else {
      states[candidate].isGivenUp = true
      return close(trial, step: report.step, .stop(.diverged), .stopped(.diverged))
    }
    if report.hasCheckpoint || report.dataFraction >= assignment.toFraction {
      keepCheckpoint(TrialCheckpoint(trial: trial, dataFraction: report.dataFraction), of: candidate)
    }
    guard report.dataFraction >= assignment.toFraction else { return .proceed }
    observe(candidate, report)
    return report.dataFraction >= 1
      ? close(trial, step: report.step, .stop(.completed), .stopped(.completed))
      : close(trial, step: report.step, .pause(.rungReached), .paused(.rungReached))
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
        observe(candidate, Report(step: last.step, dataFraction: assignment.toFraction, error: last.error))
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
    closeTrial(of: assignment)
    if end != .completed, settings.strategy == .asha {
      asynchronous.release(candidate: candidate, rung: assignment.rung)
    }
    settlePlan()
  }

  /// Tells the wall-clock seconds since the search began; only the largest counts.
  public mutating func tell(elapsedSeconds: Double) { spending.wallSeconds = max(spending.wallSeconds, elapsedSeconds) }

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
    if states[candidate].failureCount >= settings.failureLimit { states[candidate].isGivenUp = true }
  }

  private mutating func observe(_ candidate: Int, _ report: Report) {
    states[candidate].observe(Observation(dataFraction: report.dataFraction, error: report.error))
    knowledge.observe(candidate, states: states, pool: pool)
  }

  /// The checkpoint furthest along is the one to resume.
  private mutating func keepCheckpoint(_ checkpoint: TrialCheckpoint, of candidate: Int) {
    if checkpoint.dataFraction >= states[candidate].checkpoint?.dataFraction ?? 0 {
      states[candidate].checkpoint = checkpoint
    }
  }

  /// Counts what the trial has cost so far: as it says, or else as its candidate's weight and the data seen tell.
  private mutating func spend(_ report: Report, on trial: Int) {
    let assignment = trials[trial].assignment
    let weight = pool.candidates[assignment.candidate].costWeight * (report.dataFraction - assignment.fromFraction)
    let seconds = max(trials[trial].gpuSeconds, report.gpuSeconds ?? (weight * gpuSecondsPerWeight))
    if report.gpuSeconds != nil, report.dataFraction >= assignment.toFraction {
      reportedGPUSeconds += seconds
      reportedWeight += weight
    }
    spending.gpuSeconds += seconds - trials[trial].gpuSeconds
    trials[trial].gpuSeconds = seconds
    let joules = max(trials[trial].joules, report.joules ?? 0)
    spending.joules += joules - trials[trial].joules
    trials[trial].joules = joules
  }

  private mutating func close(
    _ trial: Int, step: Int, _ decision: Decision, _ outcome: TrialOutcome
  ) -> Decision {
    trials[trial].outcome = outcome
    trials[trial].closing = (step, decision)
    closeTrial(of: trials[trial].assignment)
    settlePlan()
    return decision
  }
}
