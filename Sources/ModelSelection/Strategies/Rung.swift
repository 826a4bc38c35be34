/// Candidates that a strategy trains to one data fraction before it decides again.
struct Rung: Equatable, Sendable {
  let phase: SearchPhase
  /// Counts the fractions of one sequence of rungs from 0.
  let number: Int
  let fraction: Double
  let members: [Int]
  /// All members before this position are settled, so a request need not look at them again.
  private(set) var firstOpen = 0

  init(_ phase: SearchPhase, number: Int, fraction: Double, members: [Int]) {
    self.phase = phase
    self.number = number
    self.fraction = min(1, fraction)
    self.members = members
  }

  /// Whether the rung no longer waits for a candidate: it reached the fraction, or will not be trained further.
  func isSettled(_ candidate: Int, _ context: StrategyContext) -> Bool {
    context.states[candidate].isClosed || context.isObserved(candidate, at: fraction)
  }

  /// Whether the rung waits for no member any more. Amortized O(1) for each member.
  mutating func isSettled(_ context: StrategyContext) -> Bool {
    while firstOpen < members.count, isSettled(members[firstOpen], context) { firstOpen += 1 }
    return firstOpen == members.count
  }

  /// The members that the rung waits for, in its order.
  func openMembers(_ context: StrategyContext) -> some Sequence<Int> {
    members[firstOpen...].lazy.filter { !isSettled($0, context) }
  }

  func work(on candidate: Int) -> Work { Work(candidate: candidate, fraction: fraction, rung: number, phase: phase) }
}

/// A strategy that trains one rung after the other, each chosen from the results of the rungs before.
protocol RungStrategy: SearchStrategy {
  init()

  /// The rung in progress.
  var progress: RungProgress { get set }

  /// The rung after the one that has just settled, or the first one; nil when the strategy is complete.
  ///
  /// - Parameter stopped: receives candidates that can hardly be the best.
  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung?

  /// What workers train while a rung waits for trials of others, and after the last rung; nil for nothing.
  func improvementSteps(_ context: StrategyContext) -> ImprovementSteps?
}

/// How far a ``RungStrategy`` has come.
struct RungProgress: Equatable, Sendable {
  /// Nil before the first rung and after the last.
  var current: Rung?
  /// Whether the last rung has settled.
  var isComplete = false
}

extension RungStrategy {
  var stopsHopelessTrials: Bool { false }

  func improvementSteps(_ context: StrategyContext) -> ImprovementSteps? { nil }

  mutating func advance(_ context: StrategyContext) -> [Int]? {
    guard !progress.isComplete, progress.current?.isSettled(context) ?? true else { return nil }
    var stopped: [Int] = []
    progress.current = nextRung(context, stopped: &stopped)
    progress.isComplete = progress.current == nil
    return stopped
  }

  func nextWork(_ context: StrategyContext, where canStart: (Int, Double) -> Bool) -> Work? {
    if let rung = progress.current, let member = rung.openMembers(context).first(where: { canStart($0, rung.fraction) })
    {
      return rung.work(on: member)
    }
    return improvementSteps(context)?.best(where: canStart)
  }

  func visitRemainingWork(_ context: StrategyContext, _ visit: (Int, Double) -> Bool) {
    if let rung = progress.current {
      for member in rung.openMembers(context) where !visit(member, rung.fraction) { return }
    }
    improvementSteps(context)?.visitAll { visit($0.candidate, $0.fraction) }
  }

  /// The rungs begin again; what is observed already settles at once.
  mutating func didGrowPool() { self = Self() }
}
