extension Search {
  /// The next assignment for a worker that asks, or why there is none.
  ///
  /// - Parameters:
  ///   - previous: the trial that the worker ended last; it may go on with that candidate without a start.
  ///   - fits: whether a candidate with this memory need can run on a device that is idle now; called for one
  ///     candidate after another until it returns true.
  /// - Complexity: O(candidates) at worst, and one call of `fits` when the first choice fits.
  public mutating func nextTrial(
    after previous: TrialID? = nil, where fits: (_ candidate: Int, _ need: MemoryNeed) -> Bool = { _, _ in true }
  ) -> NextTrial {
    nextTrial(after: previous, replaying: nil, where: fits).next
  }

  /// The same where the assignment is known, because another version of this engine made it: that one then, also where
  /// this version would choose another.
  ///
  /// Where this version has none, because nothing fits or the search has ended, nothing is assigned: the caller may
  /// ask with other devices before it has the known one assigned by ``assign(_:to:)``.
  ///
  /// - Returns: also whether this version chooses otherwise. Nothing is assigned where that is impossible now.
  public mutating func nextTrial(
    after previous: TrialID? = nil, replaying known: (candidate: Int, fraction: Double)?,
    where fits: (_ candidate: Int, _ need: MemoryNeed) -> Bool
  ) -> (next: NextTrial, isOtherwise: Bool) {
    if let reason = stopReason { return (.none(.finished(reason)), false) }
    let held = heldCandidate(after: previous)
    guard let work = nextWork(holding: held, where: fits) else { return (.none(.nothingFits), false) }
    if let known, work.candidate != known.candidate || work.fraction != known.fraction {
      return (assign(known.candidate, to: known.fraction, after: previous), true)
    }
    return (.assigned(assign(work, holding: held)), false)
  }

  /// Assigns work that this version does not choose, as if ``advance(_:to:isRepeat:)`` had requested it; nothing where
  /// that is impossible.
  public mutating func assign(
    _ candidate: Int, to fraction: Double, after previous: TrialID? = nil
  ) -> NextTrial {
    guard states.indices.contains(candidate), states[candidate].openTrial == nil,
      fraction > states[candidate].checkpoint?.dataFraction ?? 0, fraction <= 1
    else { return .none(.nothingFits) }
    do throws(SelectionError) {
      try advance(candidate, to: fraction)
    } catch {
      return .none(.nothingFits)
    }
    let work = Work(candidate: candidate, fraction: fraction, rung: 0, phase: .requested)
    return .assigned(assign(work, holding: heldCandidate(after: previous)))
  }

  /// The candidate that a worker has loaded after a trial that ended in order: the trial's, while its last weights are
  /// that trial's.
  private func heldCandidate(after previous: TrialID?) -> Int? {
    guard let previous, trials.contains(previous), starts.areKnown else { return nil }
    let candidate = trials[previous].assignment.candidate
    let isInOrder =
      switch trials[previous].outcome {
      case .paused, .ended(.completed), .ended(.paused): true
      default: false
      }
    return isInOrder && states[candidate].checkpoint?.trial == previous ? candidate : nil
  }

  private func nextWork(
    holding held: Int?, where fits: (_ candidate: Int, _ need: MemoryNeed) -> Bool
  ) -> Work? {
    var context = context
    context.heldCandidate = held
    func canStart(_ candidate: Int, _ fraction: Double, isRepeat: Bool) -> Bool {
      !states[candidate].isClosed && states[candidate].openTrial == nil
        && limit(on: candidate, to: fraction, isRepeat: isRepeat, context) == nil
        && fits(candidate, need(of: candidate))
    }
    func canStart(_ candidate: Int, _ fraction: Double) -> Bool {
      // Past the checkpoint there is nothing to train but the candidate again.
      canStart(candidate, fraction, isRepeat: states[candidate].begunFraction(isRepeat: false) >= fraction)
    }
    var work: Work?
    visitRequestedWork { request in
      if canStart(request.candidate, request.fraction, isRepeat: request.isRepeat) { work = request }
      return work == nil
    }
    return work ?? strategy.nextWork(context, where: canStart)
  }

  /// Why no further trial is assigned; nil while the search goes on. O(candidates) at worst.
  public var stopReason: StopReason? {
    // The expected regret is expensive, so it is computed only where it may decide.
    if settings.regretBoundFraction > 0, !isRunning, !hasRequestedWork, let suggestion = suggestion() {
      return suggestion.stopReason
    }
    return stopReasonWithoutRegret
  }

  /// Whether an expected regret is low enough to end the search.
  func isEnough(regretFraction: Double) -> Bool {
    // A candidate without any prediction may be better than the leader by any amount.
    settings.regretBoundFraction > 0 && regretFraction <= settings.regretBoundFraction && !isRunning
      && leader.map { keptChance(of: $0) >= goals.goals.probabilityFraction } ?? true
      && states.indices.allSatisfy { states[$0].isGivenUp || knowledge.belief($0, pool) != nil }
  }

  /// ``stopReason`` without the bound of the regret. O(candidates).
  var stopReasonWithoutRegret: StopReason? {
    if let spent = ledger.spentBudget { return spent }
    guard !isRunning else { return nil }
    var first: StopReason?
    var isAffordable = false
    let context = context
    func visit(_ candidate: Int, _ fraction: Double, isRepeat: Bool) -> Bool {
      let limit = limit(on: candidate, to: fraction, isRepeat: isRepeat, context)
      first = first ?? limit
      isAffordable = limit == nil
      return !isAffordable
    }
    visitRequestedWork { visit($0.candidate, $0.fraction, isRepeat: $0.isRepeat) }
    if !isAffordable {
      strategy.visitRemainingWork(context) { candidate, fraction in
        visit(candidate, fraction, isRepeat: states[candidate].begunFraction(isRepeat: false) >= fraction)
      }
    }
    if isAffordable { return nil }
    return first ?? (states.contains { !$0.isGivenUp } ? .planComplete : .noCandidateLeft)
  }

  private var hasRequestedWork: Bool {
    var isFound = false
    visitRequestedWork { _ in
      isFound = true
      return false
    }
    return isFound
  }

  private var isRunning: Bool { ledger.openCount > 0 }

  /// The budget that training a candidate up to a fraction would exceed; nil when none. O(1).
  ///
  /// - Parameter isRepeat: whether it begins from the start, with another seed.
  private func limit(
    on candidate: Int, to fraction: Double, isRepeat: Bool, _ context: StrategyContext
  ) -> StopReason? {
    let begun = states[candidate].begunFraction(isRepeat: isRepeat)
    let start = context.startWeight(of: candidate, isRepeat: isRepeat)
    return ledger.limit(adding: pool.candidates[candidate].costWeight * (fraction - begun) + start)
  }

  private mutating func assign(_ work: Work, holding held: Int?) -> Assignment {
    let isHeld = work.candidate == held && !work.isRepeat
    if work.isRepeat {
      states[work.candidate].curve.beginAgain()
      goals.beginAgain(work.candidate)
      states[work.candidate].checkpoint = nil
      states[work.candidate].isRepeatRequested = false
    }
    let state = states[work.candidate]
    let assignment = Assignment(
      trial: trials.nextID, candidate: work.candidate, fromFraction: state.checkpoint?.dataFraction ?? 0,
      toFraction: work.fraction, checkpoint: state.checkpoint, isHeld: isHeld, seed: state.curve.seed,
      rung: work.rung, phase: work.phase)
    let weight = pool.candidates[work.candidate].costWeight * (assignment.toFraction - assignment.fromFraction)
    let start = isHeld ? 0 : starts.gpuSeconds(of: work.candidate)
    trials.open(assignment, cost: ledger.open(weight: weight, startGPUSeconds: start))
    states[work.candidate].openTrial = assignment.trial
    states[work.candidate].isTried = true
    if work.phase != .requested { strategy.didAssign(work) }
    return assignment
  }

  /// Lets the strategy decide as long as there is something to decide; called after each event.
  mutating func advanceStrategy() {
    while let stopped = strategy.advance(context) {
      for candidate in stopped { stop(candidate) }
    }
  }
}
