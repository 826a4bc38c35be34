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
    if let work = nextPlanned(fits) ?? bestStep(fits: fits) { return .assigned(assign(work)) }
    if let reason = stopReason { return .none(.finished(reason)) }
    return .none(.nothingFits)
  }

  /// Why no further trial is assigned; nil while the search goes on.
  public var stopReason: StopReason? {
    // Of candidates about which nothing is known nobody can say that they are no better.
    if settings.regretBoundFraction > 0, !isRunning, isEverybodyKnown,
      let regret = suggestion()?.expectedRegretFraction,
      regret <= settings.regretBoundFraction
    {
      return .regretBelowBound
    }
    return stopReasonWithoutRegret
  }

  /// The same, but for the bound of the regret. O(candidates).
  var stopReasonWithoutRegret: StopReason? {
    let budget = settings.budget
    if let most = budget.gpuSeconds, spending.gpuSeconds >= most { return .gpuSecondsSpent }
    if let most = budget.joules, spending.joules >= most { return .joulesSpent }
    if let most = budget.trials, spending.trials >= most { return .trialsSpent }
    if let most = budget.wallSeconds, spending.wallSeconds >= most { return .wallSecondsSpent }
    if settings.strategy == .asha {
      guard !isRunning, nextAsynchronous({ _, _ in true }) == nil else { return nil }
      return nextAsynchronous(ignoringBudget: true) { _, _ in true } == nil ? .planComplete : .gpuSecondsSpent
    }
    // Nothing of the stage can be paid for any more.
    if !isPlanComplete, !isRunning, isBudgetShort, let stage,
      !stage.members.contains(where: { !isResolved($0, in: stage) && isAffordable($0, to: stage.fraction) }),
      bestStep(fits: { _, _ in true }) == nil
    {
      return .gpuSecondsSpent
    }
    if isPlanComplete, !isRunning, bestStep(fits: { _, _ in true }) == nil {
      return isBudgetShort ? .gpuSecondsSpent : .planComplete
    }
    return nil
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

  /// Whether something would still be trained if there were more to spend.
  private var isBudgetShort: Bool {
    guard settings.budget.gpuSeconds != nil else { return false }
    return stage.map { stage in stage.members.contains { !isResolved($0, in: stage) } } ?? false
      || bestStep(ignoringBudget: true, fits: { _, _ in true }) != nil
  }

  private func fraction(of candidate: Int) -> Double { states[candidate].checkpoint?.dataFraction ?? 0 }

  /// Whether a stage waits no longer for a candidate.
  private func isResolved(_ candidate: Int, in stage: Stage) -> Bool {
    states[candidate].isClosed
      || (states[candidate].observations.last?.dataFraction ?? 0) >= stage.fraction * (1 - 1e-9)
  }

  private func isAffordable(_ candidate: Int, to fraction: Double) -> Bool {
    guard let most = settings.budget.gpuSeconds else { return true }
    // What open trials have spent already counts twice until they close: rather wait than overspend.
    let weight = openWeight + pool.candidates[candidate].costWeight * (fraction - self.fraction(of: candidate))
    return spending.gpuSeconds + weight * gpuSecondsPerWeight <= most * (1 + 1e-9)
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
        isAffordable(candidate, to: stage.fraction), fits(candidate, need(of: candidate))
      else { continue }
      return Work(candidate: candidate, fraction: stage.fraction, rung: stage.rung, phase: stage.phase)
    }
    return nil
  }

  private func nextAsynchronous(
    ignoringBudget: Bool = false, _ fits: (Int, MemoryNeed) -> Bool
  ) -> AsynchronousHalving.Choice? {
    asynchronous.next(view) { candidate, fraction in
      !states[candidate].isClosed && states[candidate].openTrial == nil
        && (ignoringBudget || isAffordable(candidate, to: fraction)) && fits(candidate, need(of: candidate))
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

  /// While a plan waits for a whole rung, and where a strategy ends in a race, whoever has most to gain for its cost goes a
  /// step on; beyond the observed fraction only when nobody has anything to gain up to it. The baselines wait, as published.
  private func bestStep(ignoringBudget: Bool = false, fits: (Int, MemoryNeed) -> Bool) -> Work? {
    guard settings.strategy == .mordal || settings.strategy == .race else { return nil }
    let isRace = isPlanComplete && (settings.regretBoundFraction > 0 || settings.strategy == .race)
    guard isRace || !isPlanComplete else { return nil }
    let least = isRace ? Self.leastGain : 0
    return bestStep(upTo: settings.observedFraction, gaining: least, ignoringBudget: ignoringBudget, fits)
      ?? (isRace ? bestStep(upTo: 1, gaining: least, ignoringBudget: ignoringBudget, fits) : nil)
  }

  /// The step of most expected gain over the leader for its GPU-seconds; nil when no candidate that fits and can be paid for
  /// has that much to gain. To look at the leader is worth what the best of the others may gain over it.
  private func bestStep(
    upTo most: Double, gaining least: Double, ignoringBudget: Bool, _ fits: (Int, MemoryNeed) -> Bool
  ) -> Work? {
    let leader = leader
    let leading = leader.flatMap { knowledge.finals[$0] }
    var (best, challenge): ((value: Double, candidate: Int, fraction: Double)?, Double) = (nil, 0)
    func consider(_ candidate: Int, gain: Double) {
      let at = fraction(of: candidate)
      guard gain >= least, !states[candidate].isClosed, states[candidate].openTrial == nil, at < most * (1 - 1e-9)
      else { return }
      let next = min(most, max(settings.startFraction, at * settings.reductionFactor))
      let value = gain / (pool.candidates[candidate].costWeight * (next - at))
      guard best.map({ value > $0.value }) ?? true, ignoringBudget || isAffordable(candidate, to: next),
        fits(candidate, need(of: candidate))
      else { return }
      best = (value, candidate, next)
    }
    for candidate in states.indices where candidate != leader && !states[candidate].isGivenUp {
      let gain =
        leading.flatMap { knowledge.belief(candidate, pool)?.expectedGain(over: $0) } ?? Self.gainOfUnknown
      challenge = max(challenge, gain)
      consider(candidate, gain: gain)
    }
    if let leader { consider(leader, gain: challenge) }
    return best.map { Work(candidate: $0.candidate, fraction: $0.fraction, rung: 0, phase: .speculation) }
  }

  /// A race does not go on for less: log error. Above the errors' rounding, below what anybody would notice.
  private static let leastGain = 0.00025
  /// What a candidate of which nothing is known may gain: log error.
  private static let gainOfUnknown = 1.0

  /// The cost weight of an assignment's work.
  private func weight(of assignment: Assignment) -> Double {
    pool.candidates[assignment.candidate].costWeight * (assignment.toFraction - assignment.fromFraction)
  }

  /// Takes note that a candidate's trial is open no longer.
  mutating func closeTrial(of assignment: Assignment) {
    states[assignment.candidate].openTrial = nil
    openCount -= 1
    // Sums of differences drift; where nothing is open, nothing is owed.
    openWeight = openCount == 0 ? 0 : openWeight - weight(of: assignment)
  }

  private mutating func assign(_ work: Work) -> Assignment {
    let state = states[work.candidate]
    let assignment = Assignment(
      trial: trials.count, candidate: work.candidate, fromFraction: state.checkpoint?.dataFraction ?? 0,
      toFraction: work.fraction, checkpoint: state.checkpoint, rung: work.rung, phase: work.phase)
    trials.append(Trial(assignment: assignment))
    states[work.candidate].openTrial = assignment.trial
    openCount += 1
    openWeight += weight(of: assignment)
    states[work.candidate].isTried = true
    spending.trials += 1
    if settings.strategy == .asha { asynchronous.take(.init(candidate: work.candidate, rung: work.rung)) }
    return assignment
  }
}
