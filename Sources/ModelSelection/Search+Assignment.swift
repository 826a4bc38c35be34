extension Search {
  /// The next assignment for a worker that asks, or why there is none.
  ///
  /// The strategy's stage has the first word. When all of it is running, the unconverged candidate with most to tell for its
  /// cost is trained a step further, so that no device that fits anything has to wait.
  ///
  /// - Parameter fits: whether a candidate with this memory need can run on a device that is idle now; asked of one
  ///   candidate after another until it says yes.
  /// - Complexity: O(candidates) at worst, and one call of `fits` when the first choice fits.
  public mutating func nextTrial(
    where fits: (_ candidate: Int, _ need: MemoryNeed) -> Bool = { _, _ in true }
  ) -> NextTrial {
    if let reason = stopReason { return .none(.finished(reason)) }
    if let work = nextPlanned(fits) ?? nextSpeculation(fits) { return .assigned(assign(work)) }
    if let reason = stopReason { return .none(.finished(reason)) }
    return .none(.nothingFits)
  }

  /// Why no further trial is assigned; nil while the search goes on.
  public var stopReason: StopReason? {
    // What is expected of the regret takes long to find out, so that is not asked in vain.
    if settings.regretBoundFraction > 0, !isRunning, let suggestion = suggestion() { return suggestion.stopReason }
    return stopReasonWithoutRegret
  }

  /// Whether so small a regret ends the search.
  func isEnough(regretFraction: Double) -> Bool {
    // Of candidates about which nothing is known nobody can say that they are no better.
    settings.regretBoundFraction > 0 && regretFraction <= settings.regretBoundFraction && !isRunning
      && isEverybodyKnown
  }

  /// The same, but for the bound of the regret. O(candidates).
  var stopReasonWithoutRegret: StopReason? {
    if let spentBudget { return spentBudget }
    guard !isRunning else { return nil }
    if settings.strategy == .asha { return asynchronousStopReason }
    if let stage, !isPlanComplete {
      // Nothing of the stage can be paid for any more.
      let isOpen = stage.members.contains { !isResolved($0, in: stage) && limit(on: $0, to: stage.fraction) == nil }
      return isOpen || hasStep ? nil : shortBudget
    }
    return hasStep ? nil : shortBudget ?? .planComplete
  }

  private var asynchronousStopReason: StopReason? {
    var short: StopReason?
    let hasNext = asynchronous.hasNext(view) { candidate, fraction in
      guard !states[candidate].isClosed else { return false }
      let limit = limit(on: candidate, to: fraction)
      short = short ?? limit
      return limit == nil
    }
    return hasNext ? nil : short ?? .planComplete
  }

  /// The budget for want of which something is not trained; nil when nothing would be trained anyway.
  private var shortBudget: StopReason? {
    if let stage {
      for member in stage.members where !isResolved(member, in: stage) {
        if let limit = limit(on: member, to: stage.fraction) { return limit }
      }
    }
    return steps.lazy.compactMap { limit(on: $0.candidate, to: $0.fraction) }.first
  }

  private struct Work {
    let candidate: Int
    let fraction: Double
    let rung: Int
    let phase: SearchPhase
  }

  private var isEverybodyKnown: Bool {
    states.indices.allSatisfy { states[$0].isGivenUp || knowledge.belief($0, pool) != nil }
  }

  private var isRunning: Bool { openCount > 0 }

  private func fraction(of candidate: Int) -> Double { states[candidate].checkpoint?.dataFraction ?? 0 }

  /// Whether a stage waits no longer for a candidate.
  private func isResolved(_ candidate: Int, in stage: Stage) -> Bool {
    states[candidate].isClosed
      || (states[candidate].observations.last?.dataFraction ?? 0) >= stage.fraction * (1 - 1e-9)
  }

  /// The stage's next candidate that can run. Only events move the plan on, so that asking in vain changes nothing.
  private mutating func nextPlanned(_ fits: (Int, MemoryNeed) -> Bool) -> Work? {
    if settings.strategy == .asha {
      return nextAsynchronous(fits).map {
        Work(candidate: $0.candidate, fraction: view.fraction(ofRung: $0.rung), rung: $0.rung, phase: .baseline)
      }
    }
    guard let stage else { return nil }
    for place in stage.firstOpen..<stage.members.count {
      let candidate = stage.members[place]
      guard !isResolved(candidate, in: stage), states[candidate].openTrial == nil,
        limit(on: candidate, to: stage.fraction) == nil, fits(candidate, need(of: candidate))
      else { continue }
      return Work(candidate: candidate, fraction: stage.fraction, rung: stage.rung, phase: stage.phase)
    }
    return nil
  }

  private func nextAsynchronous(_ fits: (Int, MemoryNeed) -> Bool) -> AsynchronousHalving.Choice? {
    asynchronous.next(view) { candidate, fraction in
      !states[candidate].isClosed && states[candidate].openTrial == nil && limit(on: candidate, to: fraction) == nil
        && fits(candidate, need(of: candidate))
    }
  }

  /// Moves the plan on while everybody in its stage has got there or will not any more; called after each event.
  mutating func settlePlan() {
    guard settings.strategy != .asha else { return }
    while !isPlanComplete {
      if var current = stage {
        while current.firstOpen < current.members.count, isResolved(current.members[current.firstOpen], in: current) {
          current.firstOpen += 1
        }
        stage = current
        if current.firstOpen < current.members.count { return }
      }
      var stopped: [Int] = []
      stage = plan.next(view, stopped: &stopped)
      for candidate in stopped where states[candidate].openTrial == nil { states[candidate].isStopped = true }
      isPlanComplete = stage == nil
    }
  }

  /// While a plan waits for a whole rung, and where a strategy ends in a race, the candidate that may most likely be best for
  /// its cost goes a step on. The baselines wait, as published.
  private func nextSpeculation(_ fits: (Int, MemoryNeed) -> Bool) -> Work? { bestStep(fits: fits) }

  /// The step of most value for its cost: the chance to beat the leader, times how much is still open, over GPU-seconds; nil
  /// when no candidate that fits and can be paid for has a chance left.
  private func bestStep(fits: (Int, MemoryNeed) -> Bool) -> Work? {
    var best: (value: Double, candidate: Int, fraction: Double)?
    for step in steps where best.map({ step.value > $0.value }) ?? true {
      guard limit(on: step.candidate, to: step.fraction) == nil, fits(step.candidate, need(of: step.candidate)) else {
        continue
      }
      best = step
    }
    return best.map { Work(candidate: $0.candidate, fraction: $0.fraction, rung: 0, phase: .speculation) }
  }

  /// Whether there is a step on a device that fits everything. O(1) where most candidates have one.
  private var hasStep: Bool { steps.contains { limit(on: $0.candidate, to: $0.fraction) == nil } }

  /// The steps that candidates could go beside the plan, or after it.
  private var steps: some Sequence<(value: Double, candidate: Int, fraction: Double)> {
    let isRefining = isPlanComplete && (settings.regretBoundFraction > 0 || settings.strategy == .race)
    let hasSteps = (settings.strategy == .mordal || settings.strategy == .race) && (!isPlanComplete || isRefining)
    let most = isRefining && settings.regretBoundFraction > 0 ? 1 : settings.observedFraction
    let leader = leader.flatMap { knowledge.finals[$0] }
    return (hasSteps ? states.indices : 0..<0).lazy.compactMap { candidate in
      guard !states[candidate].isClosed, states[candidate].openTrial == nil else { return nil }
      let at = fraction(of: candidate)
      guard at < most * (1 - 1e-9) else { return nil }
      let next = min(most, max(settings.startFraction, at * settings.reductionFactor))
      let belief = knowledge.belief(candidate, pool)
      let chance = leader.flatMap { leader in belief?.probability(below: leader) } ?? 0.5
      if isRefining && chance < StagedPlan.leastChance { return nil }
      let value = chance * (belief?.deviation ?? 1) / (pool.candidates[candidate].costWeight * (next - at))
      return (value, candidate, next)
    }
  }

  private mutating func assign(_ work: Work) -> Assignment {
    let state = states[work.candidate]
    let assignment = Assignment(
      trial: trials.count, candidate: work.candidate, fromFraction: state.checkpoint?.dataFraction ?? 0,
      toFraction: work.fraction, checkpoint: state.checkpoint, rung: work.rung, phase: work.phase)
    trials.append(Trial(assignment: assignment))
    openTrial(assignment.trial)
    states[work.candidate].isTried = true
    if settings.strategy == .asha { asynchronous.take(.init(candidate: work.candidate, rung: work.rung)) }
    return assignment
  }
}
