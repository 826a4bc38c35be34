// What may be spent, and what it is spent on.
//
// Work is measured in cost weight: a candidate's weight times the part of the data. What a unit of it takes is learned from
// what trials report, so a budget is weighed against what open trials have left to do and not only against what is gone.
extension Search {
  /// The budget that is spent; nil while there is something left of each. O(1).
  var spentBudget: StopReason? {
    if let spent = spentBudgetOfOpenTrials { return spent }
    if let most = settings.budget.trials, spending.trials >= most { return .trialsSpent }
    return nil
  }

  /// The same, but for the budget of trials, which those that are open have been counted in already.
  var spentBudgetOfOpenTrials: StopReason? {
    let budget = settings.budget
    if let most = budget.gridFraction, spentWeight >= most * pool.totalCostWeight { return .gridFractionSpent }
    if let most = budget.gpuSeconds, spending.gpuSeconds >= most { return .gpuSecondsSpent }
    if let most = budget.joules, spending.joules >= most { return .joulesSpent }
    if let most = budget.wallSeconds, spending.wallSeconds >= most { return .wallSecondsSpent }
    return nil
  }

  /// The budget that would be passed by training a candidate up to a fraction, and all open trials to where they are to go;
  /// nil when none would. O(1).
  ///
  /// While nobody knows yet what work takes, one trial runs to find out. Only time passes also without trials: there all run.
  func limit(on candidate: Int, to fraction: Double) -> StopReason? {
    let budget = settings.budget
    // A limit on trials alone leaves nothing to weigh.
    guard budget != Budget(trials: budget.trials) else { return nil }
    let begun = states[candidate].checkpoint?.dataFraction ?? 0
    let weight = pool.candidates[candidate].costWeight * (fraction - begun)
    if let most = budget.gridFraction, spentWeight + openWeight + weight > most * pool.totalCostWeight * (1 + 1e-9) {
      return .gridFractionSpent
    }
    func isPassed(_ most: Double?, _ spent: Double, _ perWeight: Double?) -> Bool {
      guard let most else { return false }
      guard let perWeight else { return openCount > 0 }
      return spent + (openWeight + weight) * perWeight > most * (1 + 1e-9)
    }
    let isScaleKnown = !pool.hasRelativeCosts || spending.gpuSeconds > 0
    if isPassed(budget.gpuSeconds, spending.gpuSeconds, isScaleKnown ? gpuSecondsPerWeight : nil) {
      return .gpuSecondsSpent
    }
    if isPassed(budget.joules, spending.joules, spentWeight > 0 ? spending.joules / spentWeight : nil) {
      return .joulesSpent
    }
    // Trials run beside each other, so what open ones have left does not add up.
    if let most = budget.wallSeconds, closedWeight > 0,
      spending.wallSeconds + weight * (closedSeconds / closedWeight) > most * (1 + 1e-9)
    {
      return .wallSecondsSpent
    }
    return nil
  }

  /// GPU-seconds for a unit of cost weight: as closed trials reported, or while there is none open ones; 1 while none has.
  var gpuSecondsPerWeight: Double {
    reportedWeight > 0
      ? reportedGPUSeconds / reportedWeight : meteredWeight > 0 ? meteredGPUSeconds / meteredWeight : 1
  }

  /// Tells the wall-clock seconds since the search began; only the largest counts.
  public mutating func tell(elapsedSeconds: Double) { spending.wallSeconds = max(spending.wallSeconds, elapsedSeconds) }

  /// Counts what the trial has cost so far: as it says, or else as its candidate's weight and the data seen tell.
  mutating func spend(_ report: Report, on trial: Int) {
    let assignment = trials[trial].assignment
    let weight = pool.candidates[assignment.candidate].costWeight * (report.dataFraction - assignment.fromFraction)
    let seconds = max(trials[trial].gpuSeconds, report.gpuSeconds ?? (weight * gpuSecondsPerWeight))
    if let gpuSeconds = report.gpuSeconds {
      meteredGPUSeconds += max(0, gpuSeconds - trials[trial].metered.gpuSeconds)
      meteredWeight += max(0, weight - trials[trial].metered.weight)
      trials[trial].metered.gpuSeconds = max(trials[trial].metered.gpuSeconds, gpuSeconds)
      trials[trial].metered.weight = max(trials[trial].metered.weight, weight)
      if report.dataFraction >= assignment.toFraction {
        reportedGPUSeconds += seconds
        reportedWeight += weight
      }
    }
    spending.gpuSeconds += seconds - trials[trial].gpuSeconds
    trials[trial].gpuSeconds = seconds
    let joules = max(trials[trial].joules, report.joules ?? 0)
    spending.joules += joules - trials[trial].joules
    trials[trial].joules = joules
    let seen = max(trials[trial].seenWeight, weight)
    spentWeight += seen - trials[trial].seenWeight
    openWeight -= seen - trials[trial].seenWeight
    trials[trial].seenWeight = seen
  }

  /// Takes note that a trial is open, and has all of its work to do.
  mutating func openTrial(_ trial: Int) {
    states[trials[trial].assignment.candidate].openTrial = trial
    trials[trial].begunSeconds = spending.wallSeconds
    openCount += 1
    openWeight += weight(of: trials[trial].assignment)
    spending.trials += 1
  }

  /// Takes note that a trial is open no longer.
  ///
  /// - Parameter isTimed: whether it ran until now, so that it tells how long work takes.
  mutating func closeTrial(_ trial: Int, isTimed: Bool) {
    states[trials[trial].assignment.candidate].openTrial = nil
    openCount -= 1
    // Sums of differences drift; where nothing is open, nothing is owed.
    openWeight = openCount == 0 ? 0 : openWeight - (weight(of: trials[trial].assignment) - trials[trial].seenWeight)
    if isTimed {
      closedSeconds += spending.wallSeconds - trials[trial].begunSeconds
      closedWeight += trials[trial].seenWeight
    }
  }

  /// The cost weight of an assignment's work.
  private func weight(of assignment: Assignment) -> Double {
    pool.candidates[assignment.candidate].costWeight * (assignment.toFraction - assignment.fromFraction)
  }
}
