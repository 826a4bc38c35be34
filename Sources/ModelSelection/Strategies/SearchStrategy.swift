/// A way to decide what a search trains next.
///
/// The search owns trials, costs and posteriors, and shows them as a ``StrategyContext``; a strategy stores only its
/// own progress. Only events change that progress, so a request that gets no trial changes nothing.
///
/// To add a strategy: write one file beside this one, and add a case to ``Strategy``, which also says at which part of
/// the data it starts by default.
protocol SearchStrategy: Sendable {
  /// Whether the search stops a trial on its way once its candidate can hardly be the best. Published baselines train
  /// every trial to the end of its assignment.
  var stopsHopelessTrials: Bool { get }

  /// Brings the progress up to date after an event, by one decision at a time.
  ///
  /// - Returns: the candidates that the decision ends because they can hardly be the best, often none; nil when nothing
  ///   was left to decide.
  mutating func advance(_ context: StrategyContext) -> [Int]?

  /// The best work that can start now, or nil when there is none.
  ///
  /// - Parameter canStart: whether the candidate is idle and open, the budget allows training it to the fraction, and
  ///   it fits the worker's device.
  func nextWork(_ context: StrategyContext, where canStart: (_ candidate: Int, _ fraction: Double) -> Bool) -> Work?

  /// Calls `visit` with the work that is left, the preferred first, until it returns false. Called while no trial is
  /// open.
  func visitRemainingWork(_ context: StrategyContext, _ visit: (_ candidate: Int, _ fraction: Double) -> Bool)

  /// Records that the work was assigned to a worker.
  mutating func didAssign(_ work: Work)

  /// Records that a trial ended; `isReached` says whether it reached its assigned fraction.
  mutating func didEnd(_ assignment: Assignment, isReached: Bool)

  /// Records that the pool has new candidates.
  mutating func didGrowPool()

  /// Records that what is known from outside has changed.
  mutating func didTakeEvidence(_ context: StrategyContext)
}

extension SearchStrategy {
  mutating func didAssign(_ work: Work) {}
  mutating func didEnd(_ assignment: Assignment, isReached: Bool) {}
  mutating func didTakeEvidence(_ context: StrategyContext) {}
}

/// Training of one candidate up to a fraction of the data, before it is assigned.
struct Work: Equatable, Sendable {
  let candidate: Int
  let fraction: Double
  /// Counts the fractions of one sequence of rungs from 0.
  let rung: Int
  let phase: SearchPhase
  /// Whether the candidate is trained from the start, with another seed.
  var isRepeat = false
}
