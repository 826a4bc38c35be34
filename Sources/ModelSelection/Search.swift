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
/// Complexity: `record` O(log reports) and, where it tells something new of the curve, O(observations of the candidate), of
/// which there are O(log data); `nextTrial` O(candidates) at worst; ``suggestion()`` O(candidates) for a few nanoseconds each;
/// memory O(candidates + reports).
public struct Search: Sendable {
  public internal(set) var pool: Pool
  public let settings: SearchSettings
  public internal(set) var spending = Spending()

  var trials: [Trial] = []
  var states: [CandidateState]
  var plan: StagedPlan
  var stage: Stage?
  var asynchronous = AsynchronousHalving()
  /// Whether the strategy's plan is carried out.
  var isPlanComplete = false
  var knowledge: Knowledge
  /// The candidate whose median predicted error is least; nil while nothing was observed.
  public internal(set) var leader: Int?
  /// How many trials are open, and the cost weight of the work that they have not reported yet.
  var openCount = 0
  var openWeight = 0.0
  /// The cost weight of all work that was reported.
  var spentWeight = 0.0
  /// Sums over the trials that reported their own GPU-seconds: those, and the cost weights of the same work; of trials that got
  /// where they were to go, and of all.
  var reportedGPUSeconds = 0.0
  var reportedWeight = 0.0
  var meteredGPUSeconds = 0.0
  var meteredWeight = 0.0
  /// Sums over the trials that ran until they were closed: how long each was open, and the cost weights of their work.
  var closedSeconds = 0.0
  var closedWeight = 0.0

  /// - Throws: ``SelectionError`` for a setting out of range.
  public init(pool: Pool, settings: SearchSettings) throws(SelectionError) {
    try settings.check()
    self.pool = pool
    self.settings = settings
    states = pool.candidates.map { _ in CandidateState() }
    plan = StagedPlan(settings.strategy)
    knowledge = Knowledge(candidateCount: pool.candidates.count)
    settlePlan()
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

  /// The candidates of which no trial was ever assigned. O(candidates).
  public var neverTried: [Int] { states.indices.filter { !states[$0].isTried } }

  /// What training every candidate on all data would cost. O(candidates).
  public var gridGPUSeconds: Double { gpuSecondsPerWeight * pool.totalCostWeight }

  var view: StageView {
    StageView(
      pool: pool, settings: settings, states: states, finals: knowledge.finals, spread: knowledge.spread,
      spentGPUSeconds: spending.gpuSeconds, gpuSecondsPerWeight: gpuSecondsPerWeight)
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
