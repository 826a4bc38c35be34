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
    if let work = nextPlanned(fits) ?? bestStep(fits) { return .assigned(assign(work)) }
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
    return limitOfSteps
  }

  struct Work {
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
