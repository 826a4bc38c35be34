/// Every candidate on little data, then one step at a time where the suggestion's final error is expected to fall most
/// for the cost; see ``GradientSteps``. Needs no clusters, so no medoid can hide the best candidate.
///
/// All candidates start together, from the start fraction on in rungs of the reduction factor, up to what
/// ``startShare`` of the budget pays for: what all have seen can be compared, and what only the first ones have seen
/// cannot. Where that is one rung, two halvings follow. A single point of each curve does not tell how far curves fall,
/// and the curve of a leader alone tells of leaders. Evidence from outside that the first rung has confirmed leaves
/// out who is unlikely by it. Then the budget is spent, until no step promises a gain.
struct Race: RungStrategy {
  var progress = RungProgress()
  /// The number of the next rung.
  private var rungCount = 0
  /// The rungs begun for all candidates, and the halvings after them.
  private var commonCount = 0
  private var halvingCount = 0

  /// The share of the budget that may go to training all candidates alike.
  private static let startShare = 0.47
  /// The halvings after a single common rung.
  private static let mostHalvings = 2
  /// A race within a budget ends when no step is expected to gain this much log error: the rounding of errors.
  private static let leastGain = 1e-6
  /// A race without any budget or bound of the regret ends for this much, below what would matter to a user.
  private static let leastGainUnlimited = 0.00025

  let stopsHopelessTrials = true

  mutating func nextRung(_ context: StrategyContext, stopped: inout [Int]) -> Rung? {
    if rungCount == 0, context.starts.areKnown {
      // Each candidate is started once: a rung of its own for each level would pay for as many starts.
      rungCount = Self.onlyRung(context)
      commonCount = 1
      return begin(context.fraction(ofRung: rungCount), Array(context.pool.candidates.indices))
    }
    let fraction = context.fraction(ofRung: rungCount)
    guard rungCount == 0 || context.fraction(ofRung: rungCount - 1) < 1 else { return nil }
    if rungCount == 0 || (commonCount == rungCount && fraction <= Self.lastStart(context)) {
      commonCount += 1
      let members = context.pool.candidates.indices.filter {
        !context.knowledge.isUnlikely($0, leader: context.leader)
      }
      return begin(fraction, members)
    }
    guard commonCount == 1, halvingCount < Self.mostHalvings, !Self.showsCourses(context) else { return nil }
    halvingCount += 1
    let before = context.fraction(ofRung: rungCount - 1)
    let seen = context.pool.candidates.indices.filter { context.isObserved($0, at: before) }
    guard seen.count > 1 else { return nil }
    let ranked = context.sorted(seen, by: context.rank(seen, at: before))
    return begin(fraction, Array(ranked.prefix(context.keptCount(of: seen.count))))
  }

  private mutating func begin(_ fraction: Double, _ members: [Int]) -> Rung {
    rungCount += 1
    return Rung(.baseline, number: rungCount - 1, fraction: fraction, members: members)
  }

  /// The largest fraction that all candidates are trained to.
  private static func lastStart(_ context: StrategyContext) -> Double {
    let budget = context.affordableWeight + context.usedWeight
    // Without a budget two points of each curve, and a third where the observed fraction is as published.
    guard budget.isFinite else { return context.settings.observedFraction / 2 }
    return startShare * (budget - context.totalStartWeight) / context.pool.totalCostWeight * (1 + 1e-9)
  }

  /// The rung that all candidates are trained to at once where starts cost something: the last one that is paid for by
  /// the share of what starting each once leaves of the budget.
  private static func onlyRung(_ context: StrategyContext) -> Int {
    let most = lastStart(context)
    var rung = 0
    while context.fraction(ofRung: rung) < 1, context.fraction(ofRung: rung + 1) <= most { rung += 1 }
    return rung
  }

  /// Whether most candidates were observed more than once, so that their curves show how far they fall.
  private static func showsCourses(_ context: StrategyContext) -> Bool {
    guard context.starts.areKnown else { return false }
    let count = context.states.count { $0.observations.count > 1 }
    return 2 * count > context.states.count
  }

  func nextWork(_ context: StrategyContext, where canStart: (Int, Double) -> Bool) -> Work? {
    if let work = progress.current?.work(context, where: canStart) { return work }
    return Self.steps(context).best(where: canStart)
  }

  func visitRemainingWork(_ context: StrategyContext, _ visit: (Int, Double) -> Bool) {
    if let rung = progress.current {
      for member in rung.openMembers(context) where !visit(member, rung.fraction) { return }
    }
    Self.steps(context).visitAll { visit($0.candidate, $0.fraction) }
  }

  private static func steps(_ context: StrategyContext) -> GradientSteps {
    // A client that prefers time to cost wants no worker to wait while others still train.
    if context.settings.prefersElapsed, context.openTrialCount > 0 {
      return GradientSteps(context, leastGain: .leastNonzeroMagnitude)
    }
    let isLimited = context.settings.regretBoundFraction > 0 || context.affordableWeight.isFinite
    return GradientSteps(context, leastGain: isLimited ? leastGain : leastGainUnlimited)
  }
}
