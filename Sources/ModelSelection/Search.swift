/// The search for the best candidate: a value that is asked what to train next, is told what came of it, and suggests.
///
/// Every answer is a function of the pool, the settings and the events so far: no clock, no hidden randomness.
/// An event that throws changes nothing.
/// Held by one owner the value changes in place; a copy costs O(candidates + reports) at its first change.
///
///     var search = try Search(pool: pool, settings: SearchSettings())
///     guard case .assigned(let work) = search.nextTrial() else { ... }
///     let decision = try search.record(Report(step: 0, dataFraction: 0.03, error: 2.1), of: work.trial)
///
/// Complexity: `record` and `end` O(log candidates) amortised, ``suggestion()`` O(1), memory O(candidates + reports).
public struct Search: Sendable {
  public private(set) var pool: Pool
  public let settings: SearchSettings
  public private(set) var spending = Spending()

  var trials: [Trial] = []
  var states: [CandidateState]

  /// - Throws: ``SelectionError`` for a setting out of range.
  public init(pool: Pool, settings: SearchSettings) throws(SelectionError) {
    try settings.check()
    self.pool = pool
    self.settings = settings
    states = pool.candidates.map { _ in CandidateState() }
  }
}

/// What ``Search/nextTrial(where:)`` answers.
public enum NextTrial: Equatable, Sendable {
  case assigned(Assignment)
  case none(NoAssignment)
}

/// The device memory that a candidate needs: at least `memoryBytes`, and more than `exceedsBytes`, in which it has
/// already run out of memory (0 when it has not).
public struct MemoryNeed: Equatable, Sendable {
  public let memoryBytes: Int
  public let exceedsBytes: Int

  public func isMet(by offeredBytes: Int) -> Bool { offeredBytes >= memoryBytes && offeredBytes > exceedsBytes }
}

/// One assignment and what was reported of it.
struct Trial: Sendable {
  let assignment: Assignment
  /// By ascending step.
  var reports: [Report] = []
  var outcome: TrialOutcome?
  /// The report that closed it, and what was answered.
  var closing: (step: Int, decision: Decision)?
}

/// What is known of one candidate.
struct CandidateState: Sendable {
  var checkpoint: TrialCheckpoint?
  var openTrial: Int?
  var observations: [Observation] = []
  var exceedsBytes = 0
  var failureCount = 0
  var isGivenUp = false
}

extension Search {
  /// The next assignment for a worker that asks, or why there is none.
  ///
  /// - Parameter fits: whether a candidate with this memory need can run on a device that is idle now; asked of one
  ///   candidate after another until it says yes.
  /// - Complexity: O(log candidates) and one call of `fits` when the first choice fits.
  public mutating func nextTrial(
    where fits: (_ candidate: Int, _ need: MemoryNeed) -> Bool = { _, _ in true }
  ) -> NextTrial {
    var isAnyLeft = false
    for (candidate, state) in states.enumerated()
    where !state.isGivenUp && (state.checkpoint?.dataFraction ?? 0) < 1 {
      isAnyLeft = true
      guard state.openTrial == nil, fits(candidate, need(of: candidate)) else { continue }
      let assignment = Assignment(
        trial: trials.count, candidate: candidate, fromFraction: state.checkpoint?.dataFraction ?? 0, toFraction: 1,
        checkpoint: state.checkpoint, rung: 0, phase: .baseline)
      trials.append(Trial(assignment: assignment))
      states[candidate].openTrial = assignment.trial
      spending.trials += 1
      return .assigned(assignment)
    }
    return .none(isAnyLeft ? .nothingFits : .finished(.planComplete))
  }

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
    try report.check(trial: trial, from: trials[trial].assignment.fromFraction)
    trials[trial].reports.insert(report, at: place)
    let assignment = trials[trial].assignment
    if !report.error.isFinite {
      states[assignment.candidate].isGivenUp = true
      return close(trial, step: report.step, .stop(.diverged), .stopped(.diverged))
    }
    guard report.dataFraction >= assignment.toFraction else { return .proceed }
    states[assignment.candidate].checkpoint = TrialCheckpoint(trial: trial, dataFraction: report.dataFraction)
    states[assignment.candidate].observations.append(
      Observation(dataFraction: report.dataFraction, error: report.error))
    return close(trial, step: report.step, .stop(.completed), .stopped(.completed))
  }

  private mutating func close(
    _ trial: Int, step: Int, _ decision: Decision, _ outcome: TrialOutcome
  ) -> Decision {
    trials[trial].outcome = outcome
    trials[trial].closing = (step, decision)
    states[trials[trial].assignment.candidate].openTrial = nil
    return decision
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
    trials[trial].outcome = .ended(end)
    states[trials[trial].assignment.candidate].openTrial = nil
  }

  /// Tells the wall-clock seconds since the search began; only the largest counts.
  public mutating func tell(elapsedSeconds: Double) { spending.wallSeconds = max(spending.wallSeconds, elapsedSeconds) }

  /// Adds candidates while the search runs; see ``Pool``.
  ///
  /// - Parameter clusterIndices: for each the cluster that it joins; one past the last founds a new cluster.
  /// - Throws: ``SelectionError``; nothing is then changed.
  public mutating func add(_ candidates: [Candidate], clusterIndices: [Int]) throws(SelectionError) {
    try pool.add(candidates, clusterIndices: clusterIndices)
    states += candidates.map { _ in CandidateState() }
  }

  /// What a device must offer for a candidate.
  public func need(of candidate: Int) -> MemoryNeed {
    MemoryNeed(memoryBytes: pool.candidates[candidate].memoryBytes, exceedsBytes: states[candidate].exceedsBytes)
  }

  /// The trial's assignment and what became of it, nil while it is open.
  ///
  /// - Throws: ``SelectionError/unknownTrial(_:)``.
  public func trial(_ index: Int) throws(SelectionError) -> (assignment: Assignment, outcome: TrialOutcome?) {
    guard trials.indices.contains(index) else { throw .unknownTrial(index) }
    return (trials[index].assignment, trials[index].outcome)
  }

  /// How many trials were assigned; they are numbered from 0.
  public var trialCount: Int { trials.count }

  /// The best candidate so far; nil while nothing was observed.
  public func suggestion() -> Suggestion? {
    guard let best = ranking(limit: 1).first, !states[best.candidate].observations.isEmpty else { return nil }
    return Suggestion(
      prediction: best, expectedRegretFraction: 0, spending: spending, gridGPUSeconds: gridGPUSeconds, stopReason: nil)
  }

  /// The candidates by predicted error, the best first; those never tried last.
  public func ranking(limit: Int? = nil) -> [Prediction] {
    let predictions = states.enumerated().map { index, state in
      let error = state.observations.last?.error ?? .infinity
      return Prediction(
        candidate: index, predictedError: error, lowerError: error, upperError: error, probabilityBestFraction: 0,
        status: state.observations.isEmpty ? .untried : .observed)
    }
    let sorted = predictions.sorted { ($0.predictedError, $0.candidate) < ($1.predictedError, $1.candidate) }
    return Array(sorted.prefix(limit ?? sorted.count))
  }

  /// What the candidate's prediction rests on.
  public func evidence(of candidate: Int) -> Evidence {
    Evidence(
      observations: states[candidate].observations, regimePointCount: 0, fitMeanSquareLogError: nil, slope: nil,
      extrapolationRatio: states[candidate].observations.last.map { 1 / $0.dataFraction })
  }

  /// The candidates of which no trial was ever assigned.
  public var neverTried: [Int] {
    var isTried = [Bool](repeating: false, count: states.count)
    for trial in trials { isTried[trial.assignment.candidate] = true }
    return isTried.indices.filter { !isTried[$0] }
  }

  /// What training every candidate on all data would cost.
  public var gridGPUSeconds: Double { pool.candidates.reduce(0) { $0 + $1.costWeight } }
}

extension Trial {
  /// Where a step is, or belongs, among the reports.
  func place(of step: Int) -> Int {
    // Reports mostly come in order.
    if let last = reports.last, last.step < step { return reports.count }
    var (low, high) = (0, reports.count)
    while low < high {
      let middle = (low + high) / 2
      if reports[middle].step < step { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Report {
  func check(trial: Int, from: Double) throws(SelectionError) {
    func require(_ holds: Bool, _ field: String, _ expected: String, _ value: Double) throws(SelectionError) {
      guard holds else { throw .invalidReport(trial: trial, field: field, expected: expected, value: value) }
    }
    try require(step >= 0, "step", "at least 0", Double(step))
    try require(
      dataFraction.isFinite && dataFraction >= from && dataFraction <= 1, "dataFraction", "from \(from) to 1",
      dataFraction)
    try require(!error.isFinite || error > 0, "error", "above 0, or not finite when training diverged", error)
    try require((gpuSeconds ?? 0).isFinite && (gpuSeconds ?? 0) >= 0, "gpuSeconds", "at least 0", gpuSeconds ?? 0)
    try require((joules ?? 0).isFinite && (joules ?? 0) >= 0, "joules", "at least 0", joules ?? 0)
  }
}
