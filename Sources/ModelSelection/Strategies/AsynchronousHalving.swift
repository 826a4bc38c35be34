/// Successive halving that never waits for a rung to fill (ASHA: Li et al. 2020, arXiv 1810.05934).
///
/// A candidate among the best 1/eta of those observed at a rung is promoted to the next rung; when none can be
/// promoted, a new candidate begins. The order of new candidates is seeded and does not depend on when they joined the
/// pool.
struct AsynchronousHalving: SearchStrategy {
  private var begun: Set<Int> = []
  /// For each rung the candidates that were promoted from it.
  private var promoted: [Int: Set<Int>] = [:]

  let stopsHopelessTrials = false

  /// There are no rungs to wait for.
  mutating func advance(_ context: StrategyContext) -> [Int]? { nil }

  /// O(rungs x candidates).
  func nextWork(_ context: StrategyContext, where canStart: (Int, Double) -> Bool) -> Work? {
    var next: Work?
    visitPromotions(context) { candidate, rung in
      let work = Self.work(candidate, rung, context)
      if canStart(candidate, work.fraction) { next = work }
      return next == nil
    }
    if let next { return next }
    let seed = context.settings.seed
    let first = context.fraction(ofRung: 0)
    return context.pool.candidates.indices.filter { isNew($0, context) && canStart($0, first) }
      .min { (CandidateOrder.rank($0, seed), $0) < (CandidateOrder.rank($1, seed), $1) }
      .map { Self.work($0, 0, context) }
  }

  /// O(1) when the first candidate that has not begun ends the visit.
  func visitRemainingWork(_ context: StrategyContext, _ visit: (Int, Double) -> Bool) {
    func isOpen(_ candidate: Int) -> Bool { !context.states[candidate].isClosed }
    let first = context.fraction(ofRung: 0)
    for candidate in context.pool.candidates.indices where isNew(candidate, context) && isOpen(candidate) {
      guard visit(candidate, first) else { return }
    }
    visitPromotions(context) { candidate, rung in
      !isOpen(candidate) || visit(candidate, context.fraction(ofRung: rung))
    }
  }

  mutating func didAssign(_ work: Work) {
    begun.insert(work.candidate)
    if work.rung > 0 { promoted[work.rung - 1, default: []].insert(work.candidate) }
  }

  /// A candidate whose trial did not reach its rung may be chosen for it again.
  mutating func didEnd(_ assignment: Assignment, isReached: Bool) {
    guard !isReached else { return }
    if assignment.rung == 0 {
      begun.remove(assignment.candidate)
    } else {
      promoted[assignment.rung - 1]?.remove(assignment.candidate)
    }
  }

  /// New candidates begin in their turn.
  mutating func didGrowPool() {}

  /// Whether the candidate has not begun; one that a person asked for has begun without this strategy.
  private func isNew(_ candidate: Int, _ context: StrategyContext) -> Bool {
    !begun.contains(candidate) && !context.isObserved(candidate, at: context.fraction(ofRung: 0))
  }

  /// Shows the candidates that may be promoted and the rung each would go to, the highest rung first, until `visit`
  /// returns false.
  private func visitPromotions(_ context: StrategyContext, _ visit: (_ candidate: Int, _ rung: Int) -> Bool) {
    var top = 0
    while context.fraction(ofRung: top) < 1 { top += 1 }
    for rung in stride(from: top - 1, through: 0, by: -1) {
      let fraction = context.fraction(ofRung: rung)
      let seen = context.pool.candidates.indices.filter { context.isObserved($0, at: fraction) }
      let ranked = context.sorted(seen) { context.error($0, at: fraction) }
      for candidate in ranked.prefix(Int(Double(seen.count) / context.settings.reductionFactor))
      where !(promoted[rung]?.contains(candidate) ?? false)
        && !context.isObserved(candidate, at: context.fraction(ofRung: rung + 1))
      {
        guard visit(candidate, rung + 1) else { return }
      }
    }
  }

  private static func work(_ candidate: Int, _ rung: Int, _ context: StrategyContext) -> Work {
    Work(candidate: candidate, fraction: context.fraction(ofRung: rung), rung: rung, phase: .baseline)
  }
}
