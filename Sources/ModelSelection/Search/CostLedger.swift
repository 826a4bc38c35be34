/// What a search has spent, and what its open trials are still expected to take.
///
/// Work is measured in cost weight: a candidate's weight times the share of the data. The start of a trial, which takes
/// GPU-seconds and no data, counts at the rate of work. The ledger learns from reports
/// what a unit of cost weight takes, so it can compare a budget with what is spent and what open trials have left to
/// do.
struct CostLedger: Sendable {
  var budget: Budget
  /// The cost weight of training every candidate on all the data.
  var gridWeight: Double
  /// Whether cost weights only compare candidates, so that GPU-seconds are known only once a trial has reported some.
  private let hasRelativeCosts: Bool

  private(set) var openCount = 0
  /// The cost weight of the work that open trials have not reported yet.
  private var openWeight = 0.0
  /// The cost weight of all reported work.
  private var spentWeight = 0.0
  /// GPU-seconds that trials reported.
  private var meteredSeconds = 0.0
  /// Those of them in which trials trained, and the cost weight of that work.
  private var metered = Rate()
  /// The same for trials that reached their assigned fraction.
  private var completed = Rate()
  /// The cost weight of reported work without GPU-seconds.
  private var unmeteredWeight = 0.0
  /// Seconds for which trials were open that ran until they were closed, and the cost weight of their work.
  private var timed = Rate()
  private var joules = 0.0
  private var trialCount = 0
  private(set) var wallSeconds = 0.0

  /// An amount of something, and the cost weight of the work that took it.
  private struct Rate: Sendable {
    var amount = 0.0
    var weight = 0.0
    /// Nil before any measurable work; bounded, because figures from outside may be of any size.
    var perWeight: Double? { weight > 0 ? bounded(amount / weight) : nil }
  }

  init(_ pool: Pool, _ budget: Budget) {
    (self.budget, gridWeight, hasRelativeCosts) = (budget, pool.totalCostWeight, pool.hasRelativeCosts)
  }

  /// What has been spent. Work without reported GPU-seconds counts at the rate of the work with them, so both add up in
  /// one unit.
  var spending: Spending {
    var spending = Spending()
    spending.gpuSeconds = gpuSeconds
    spending.joules = joules
    spending.trials = trialCount
    spending.wallSeconds = wallSeconds
    return spending
  }

  private var gpuSeconds: Double { bounded(meteredSeconds + unmeteredWeight * gpuSecondsPerWeight) }

  /// What training every candidate on all the data would take, in the unit of `spending.gpuSeconds`.
  var gridGPUSeconds: Double { bounded(gpuSecondsPerWeight * gridWeight) }

  /// GPU-seconds for a unit of cost weight: as reported by trials that reached their assigned fraction, or while there
  /// are none by all; 1 before the first such report.
  var gpuSecondsPerWeight: Double { completed.perWeight ?? metered.perWeight ?? 1 }

  /// GPU-seconds as a cost weight; nil while it is unknown what work takes.
  func weight(ofGPUSeconds seconds: Double) -> Double? {
    guard !hasRelativeCosts || metered.perWeight ?? 0 > 0, gpuSecondsPerWeight > 0 else { return nil }
    return bounded(seconds / gpuSecondsPerWeight)
  }

  // MARK: - Budgets

  /// The budget that is spent; nil while something is left of each. O(1).
  var spentBudget: StopReason? {
    if let spent = spentBudgetOfOpenTrials { return spent }
    if let most = budget.trials, trialCount >= most { return .trialsSpent }
    return nil
  }

  /// The same without the budget of trials, in which open trials are counted from their start.
  var spentBudgetOfOpenTrials: StopReason? {
    if let most = budget.gridFraction, spentWeight >= most * gridWeight { return .gridFractionSpent }
    if let most = budget.gpuSeconds, gpuSeconds >= most { return .gpuSecondsSpent }
    if let most = budget.joules, joules >= most { return .joulesSpent }
    if let most = budget.wallSeconds, wallSeconds >= most { return .wallSecondsSpent }
    return nil
  }

  /// The budget that work of this cost weight would exceed together with the rest of all open trials; nil when none.
  /// O(1).
  ///
  /// While the rate of a budget is unknown, one trial runs to find it out. Wall-clock time passes without trials too,
  /// so there all run.
  func limit(adding weight: Double) -> StopReason? {
    // A limit on trials alone leaves nothing to compare.
    guard budget != Budget(trials: budget.trials) else { return nil }
    if let most = budget.gridFraction, spentWeight + openWeight + weight > most * gridWeight * (1 + 1e-9) {
      return .gridFractionSpent
    }
    func isExceeded(_ most: Double?, _ spent: Double, _ perWeight: Double?) -> Bool {
      guard let most else { return false }
      guard let perWeight else { return openCount > 0 }
      return spent + (openWeight + weight) * perWeight > most * (1 + 1e-9)
    }
    let isRateKnown = !hasRelativeCosts || gpuSeconds > 0
    if isExceeded(budget.gpuSeconds, gpuSeconds, isRateKnown ? gpuSecondsPerWeight : nil) { return .gpuSecondsSpent }
    if isExceeded(budget.joules, joules, spentWeight > 0 ? joules / spentWeight : nil) { return .joulesSpent }
    // Trials run in parallel, so the remaining times of open trials do not add up.
    if let most = budget.wallSeconds, let secondsPerWeight = timed.perWeight,
      wallSeconds + weight * secondsPerWeight > most * (1 + 1e-9)
    {
      return .wallSecondsSpent
    }
    return nil
  }

  /// The cost weight of reported work and of what open trials have left.
  var usedWeight: Double { spentWeight + openWeight }

  /// The cost weight of further work that every budget allows beside the rest of all open trials; at least 0, and
  /// infinite without a budget of known rate. Wall-clock time allows this much on each device. O(1).
  var affordableWeight: Double {
    var least = Double.infinity
    func take(_ most: Double?, _ spent: Double, _ perWeight: Double?) {
      if let most, let perWeight, perWeight > 0 { least = min(least, (most - spent) / perWeight - openWeight) }
    }
    if let most = budget.gridFraction { least = most * gridWeight - usedWeight }
    take(budget.gpuSeconds, gpuSeconds, !hasRelativeCosts || gpuSeconds > 0 ? gpuSecondsPerWeight : nil)
    take(budget.joules, joules, spentWeight > 0 ? joules / spentWeight : nil)
    if let most = budget.wallSeconds, let perWeight = timed.perWeight, perWeight > 0 {
      least = min(least, (most - wallSeconds) / perWeight)
    }
    return max(0, least)
  }

  // MARK: - Events

  /// Takes the wall-clock seconds since the search began; only the largest counts.
  mutating func tell(elapsedSeconds: Double) { wallSeconds = max(wallSeconds, elapsedSeconds) }

  /// Opens a trial whose work has this cost weight.
  ///
  /// - Parameter startGPUSeconds: what its start is expected to take.
  mutating func open(weight: Double, startGPUSeconds: Double) -> TrialCost {
    let startWeight = self.weight(ofGPUSeconds: startGPUSeconds) ?? 0
    openCount += 1
    openWeight += weight + startWeight
    trialCount += 1
    return TrialCost(
      weight: weight, startWeight: startWeight, startGPUSeconds: startGPUSeconds, begunSeconds: wallSeconds)
  }

  /// Counts what a trial has taken according to a report.
  ///
  /// - Parameters:
  ///   - weight: the cost weight of the trial's work up to the report.
  ///   - isReached: whether the report is at the assigned fraction or beyond.
  mutating func record(_ report: Report, weight: Double, isReached: Bool, on trial: inout TrialCost) {
    let before = trial
    trial.isBegun = true
    trial.seenWeight = max(before.seenWeight, weight)
    trial.joules = max(before.joules, report.joules ?? 0)
    if let start = report.startGPUSeconds { trial.startGPUSeconds = start }
    if let gpuSeconds = report.gpuSeconds {
      trial.gpuSeconds = max(before.gpuSeconds, gpuSeconds)
      trial.meteredWeight = max(before.meteredWeight, weight)
      trial.isMetered = true
      if isReached {
        completed.amount += trial.trainingSeconds
        completed.weight += weight
      }
    }
    meteredSeconds += trial.gpuSeconds - before.gpuSeconds
    metered.amount += trial.trainingSeconds - before.trainingSeconds
    metered.weight += trial.meteredWeight - before.meteredWeight
    if !before.isBegun { openWeight -= before.startWeight }
    if let start = report.startGPUSeconds { trial.startWeight = self.weight(ofGPUSeconds: start) ?? 0 }
    unmeteredWeight += trial.unmeteredWeight - before.unmeteredWeight
    joules += trial.joules - before.joules
    spentWeight += trial.seenWeight - before.seenWeight + (trial.spentStartWeight - before.spentStartWeight)
    openWeight -= trial.seenWeight - before.seenWeight
  }

  /// Closes a trial.
  ///
  /// - Parameter isTimed: whether it ran until now, so that its duration says how long its work takes.
  mutating func close(_ trial: TrialCost, isTimed: Bool) {
    openCount -= 1
    // Sums of differences drift; without open trials the sum is exactly 0.
    openWeight = openCount == 0 ? 0 : openWeight - (trial.weight - trial.seenWeight)
    if openCount > 0, !trial.isBegun { openWeight -= trial.startWeight }
    if isTimed {
      timed.amount += wallSeconds - trial.begunSeconds
      timed.weight += trial.seenWeight + trial.spentStartWeight
    }
  }
}

/// What one trial has taken so far.
struct TrialCost: Sendable {
  /// The cost weight of all of its training.
  let weight: Double
  /// The cost weight of its start, as expected or as reported.
  var startWeight: Double
  /// What of its GPU-seconds its start takes, as expected or as reported.
  var startGPUSeconds: Double
  /// When it was assigned, by the time that clients had reported.
  let begunSeconds: Double
  /// As the trial reported, and the cost weight of its work at the time.
  var gpuSeconds = 0.0
  var meteredWeight = 0.0
  var joules = 0.0
  /// The cost weight of its reported training.
  var seenWeight = 0.0
  /// Whether it has reported, so that its start is spent.
  var isBegun = false
  /// Whether a report had GPU-seconds, its start's among them.
  var isMetered = false

  /// At most this share of a trial's GPU-seconds counts as its start, so that a start stated far too long leaves a
  /// rate of the work.
  private static let mostStartShare = 0.95

  init(weight: Double, startWeight: Double = 0, startGPUSeconds: Double = 0, begunSeconds: Double) {
    self.weight = weight
    self.startWeight = startWeight
    self.startGPUSeconds = startGPUSeconds
    self.begunSeconds = begunSeconds
  }

  /// The reported GPU-seconds in which it trained.
  var trainingSeconds: Double { gpuSeconds - min(startGPUSeconds, Self.mostStartShare * gpuSeconds) }

  /// The cost weight of its start, once that is spent.
  var spentStartWeight: Double { isBegun ? startWeight : 0 }

  /// The cost weight of its reported work without GPU-seconds.
  var unmeteredWeight: Double { seenWeight - meteredWeight + (isMetered ? 0 : spentStartWeight) }
}

/// A sum or quotient that may have left the range of numbers, brought back to its end.
private func bounded(_ value: Double) -> Double { value.isFinite ? value : .greatestFiniteMagnitude }
