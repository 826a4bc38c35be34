/// The search for the best candidate: a value that answers what to train next, takes reports, and suggests.
///
/// Every answer is a function of the pool, the settings and the events so far: there is no clock and no hidden
/// randomness. An event that throws changes nothing. A search with one owner changes in place; the first change of a
/// copy costs O(candidates + reports).
///
///     var search = try Search(pool: pool, settings: SearchSettings())
///     guard case .assigned(let work) = search.nextTrial() else { ... }
///     let decision = try search.record(Report(step: 0, dataFraction: 0.03, error: 2.1), of: work.trial)
///
/// **Complexity.** `record` takes O(log reports) and, where a report changes the curve, O(observations of the
/// candidate), of which there are O(log data); `nextTrial` O(candidates) at worst; ``suggestion()`` O(candidates);
/// memory O(candidates + reports).
public struct Search: Sendable {
  public internal(set) var pool: Pool
  public internal(set) var settings: SearchSettings
  /// The candidate whose median predicted error is lowest; nil before the first observation.
  public internal(set) var leader: Int?

  var trials = TrialBook()
  var states: [CandidateState]
  var ledger: CostLedger
  var strategy: any SearchStrategy
  var knowledge: Knowledge
  var starts: StartCosts
  /// Evidence from outside, by candidate.
  public internal(set) var evidence: [EvidenceSource] = []
  /// What is believed of each metric where reports carry several.
  var goals: GoalBeliefs
  /// Candidates that people asked for, the first request first.
  var requested: [Int] = []
  /// The memory of the largest device offered so far; nil before the first.
  var largestDeviceBytes: Int?

  /// - Throws: ``SelectionError`` for a setting out of range.
  public init(pool: Pool, settings: SearchSettings, goals: Goals = Goals()) throws(SelectionError) {
    try settings.check()
    try goals.check()
    self.pool = pool
    self.settings = settings
    states = pool.candidates.map { _ in CandidateState() }
    ledger = CostLedger(pool, settings.budget)
    strategy = settings.strategy.begin()
    starts = StartCosts(pool.candidates)
    knowledge = Knowledge(
      candidateCount: pool.candidates.count, prior: settings.curvePrior, points: settings.curvePoints)
    self.goals = GoalBeliefs(
      goals, candidateCount: pool.candidates.count, prior: settings.curvePrior, points: settings.curvePoints)
    advanceStrategy()
  }

  /// What a device must offer for a candidate.
  public func need(of candidate: Int) -> MemoryNeed {
    MemoryNeed(memoryBytes: pool.candidates[candidate].memoryBytes, exceedsBytes: states[candidate].exceedsBytes)
  }

  /// The trial's assignment and its outcome, which is nil while the trial is open.
  ///
  /// - Throws: ``SelectionError/unknownTrial(_:)``.
  public func trial(_ id: TrialID) throws(SelectionError) -> (assignment: Assignment, outcome: TrialOutcome?) {
    try trials.check(id)
    return (trials[id].assignment, trials[id].outcome)
  }

  /// Whether a step of the trial was reported; false for an unknown trial. O(log reports).
  public func isReported(step: Int, of id: TrialID) -> Bool {
    trials.contains(id) && trials[id].report(of: step) != nil
  }

  /// The number of trials that were assigned.
  public var trialCount: Int { trials.count }

  /// What has been spent.
  public var spending: Spending { ledger.spending }

  /// Whether the candidate left the search; ``closure(of:)`` says why.
  public func isGivenUp(_ candidate: Int) -> Bool { states[candidate].isGivenUp }

  /// Why the candidate is not trained further; nil while it may be.
  public func closure(of candidate: Int) -> CandidateClosure? { states[candidate].closure }

  /// Whether a person pinned the candidate.
  public func isPinned(_ candidate: Int) -> Bool { states[candidate].isPinned }

  /// The checkpoint from which the candidate would be resumed.
  public func checkpoint(of candidate: Int) -> TrialCheckpoint? { states[candidate].checkpoint }

  /// The candidate's open trial.
  public func openTrial(of candidate: Int) -> TrialID? { states[candidate].openTrial }

  /// A sign that the candidate is broken.
  public func flag(of candidate: Int) -> CandidateFlag? { states[candidate].flag }

  /// The candidates of which no trial was ever assigned. O(candidates).
  public var neverTried: [Int] { states.indices.filter { !states[$0].isTried } }

  /// What training every candidate on all data would cost.
  public var gridGPUSeconds: Double { ledger.gridGPUSeconds }

  var context: StrategyContext {
    StrategyContext(
      pool: pool, settings: settings, states: states, knowledge: knowledge, goals: goals,
      leader: leader, spending: ledger.spending,
      gpuSecondsPerWeight: ledger.gpuSecondsPerWeight, openTrialCount: ledger.openCount,
      usedWeight: ledger.usedWeight, affordableWeight: ledger.affordableWeight, starts: starts,
      weightPerGPUSecond: ledger.weight(ofGPUSeconds: 1))
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

  /// The smallest memory that meets the need; `Int.max` where none may.
  public var leastBytes: Int {
    max(memoryBytes, exceedsBytes == .max ? .max : exceedsBytes + (exceedsBytes > 0 ? 1 : 0))
  }

  public func isMet(by offeredBytes: Int) -> Bool { offeredBytes >= memoryBytes && offeredBytes > exceedsBytes }
}
