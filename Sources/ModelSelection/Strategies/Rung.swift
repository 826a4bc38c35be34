/// Candidates that a strategy trains to one data fraction before it decides again.
struct Rung: Equatable, Sendable {
  let phase: SearchPhase
  /// Counts the fractions of one sequence of rungs from 0.
  let number: Int
  let fraction: Double
  private(set) var members: [Int]
  /// All members before this position are settled, so a request need not look at them again.
  private(set) var firstOpen = 0
  /// Whether members whose training to the fraction would take less than their start are trained further.
  private var isWorthStarts = false

  /// At most this share of what the budget allows may go to a rung because its trials are to be worth their starts.
  private static let mostShare = 0.7

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

  /// The first open member's work that can start.
  func work(_ context: StrategyContext, where canStart: (_ candidate: Int, _ fraction: Double) -> Bool) -> Work? {
    for member in openMembers(context) {
      let longer = isWorthStarts ? worthwhile(member, context) : fraction
      for fraction in longer > fraction ? [longer, fraction] : [fraction] where canStart(member, fraction) {
        return Work(candidate: member, fraction: fraction, rung: number, phase: phase)
      }
    }
    return nil
  }

  /// Brings the members into the order of what is believed of them, where evidence from outside says something.
  /// O(members log members).
  mutating func order(_ context: StrategyContext) {
    guard context.knowledge.evidence != nil else { return }
    members = context.knowledge.ordered(members, context.pool)
    firstOpen = 0
  }

  /// Lets trials be worth their starts, where the budget allows it for all members. O(members).
  mutating func lengthenTrials(_ context: StrategyContext) {
    guard context.starts.areKnown else { return }
    var weight = 0.0
    for member in members where !isSettled(member, context) {
      let begun = context.states[member].begunFraction(isRepeat: false)
      weight += context.startWeight(of: member)
      weight += context.pool.candidates[member].costWeight * (worthwhile(member, context) - begun)
    }
    isWorthStarts = weight <= Self.mostShare * context.affordableWeight
  }

  private func worthwhile(_ member: Int, _ context: StrategyContext) -> Double {
    let begun = context.states[member].begunFraction(isRepeat: false)
    return context.fraction(worthStarting: member, from: begun, wanted: fraction)
  }
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
    // Published baselines train as far as was published.
    if stopsHopelessTrials {
      progress.current?.order(context)
      progress.current?.lengthenTrials(context)
    }
    progress.isComplete = progress.current == nil
    return stopped
  }

  mutating func didTakeEvidence(_ context: StrategyContext) {
    if stopsHopelessTrials { progress.current?.order(context) }
  }

  func nextWork(_ context: StrategyContext, where canStart: (Int, Double) -> Bool) -> Work? {
    if let work = progress.current?.work(context, where: canStart) { return work }
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
