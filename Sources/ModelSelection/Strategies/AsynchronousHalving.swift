/// Successive halving that never waits for a rung to fill (ASHA: Li et al. 2020, arXiv 1810.05934).
///
/// Whoever is among the best 1/eta of those seen at a rung goes on to the next; when nobody is, a new candidate begins, in a
/// seeded order that does not depend on when candidates came to the pool.
struct AsynchronousHalving: Equatable, Sendable {
  /// A candidate and the rung to train it to.
  struct Choice: Equatable, Sendable {
    let candidate: Int
    let rung: Int
  }

  private var begun: Set<Int> = []
  /// For each rung those that were promoted from it.
  private var promoted: [Int: Set<Int>] = [:]

  /// The next choice, or nil when nothing can be promoted and everybody that can run has begun. O(rungs x candidates).
  func next(_ view: StageView, canRun: (_ candidate: Int, _ fraction: Double) -> Bool) -> Choice? {
    var top = 0
    while view.fraction(ofRung: top) < 1 { top += 1 }
    for rung in stride(from: top - 1, through: 0, by: -1) {
      let fraction = view.fraction(ofRung: rung)
      let seen = begun.sorted().filter { view.isObserved($0, at: fraction) }
      let best = view.sorted(seen) { view.error($0, at: fraction) }
        .prefix(Int(Double(seen.count) / view.settings.reductionFactor))
      for candidate in best
      where !(promoted[rung]?.contains(candidate) ?? false) && canRun(candidate, view.fraction(ofRung: rung + 1)) {
        return Choice(candidate: candidate, rung: rung + 1)
      }
    }
    let waiting = view.pool.candidates.indices.filter { !begun.contains($0) && canRun($0, view.fraction(ofRung: 0)) }
    return waiting.min {
      (CandidateOrder.rank($0, view.settings.seed), $0) < (CandidateOrder.rank($1, view.settings.seed), $1)
    }.map { Choice(candidate: $0, rung: 0) }
  }

  /// Whether there is a next choice. O(candidates) at worst, and O(1) while most of them have not begun.
  func hasNext(_ view: StageView, canRun: (_ candidate: Int, _ fraction: Double) -> Bool) -> Bool {
    let first = view.fraction(ofRung: 0)
    return view.pool.candidates.indices.contains { !begun.contains($0) && canRun($0, first) }
      || next(view, canRun: canRun) != nil
  }

  /// Takes note that a choice was assigned.
  mutating func take(_ choice: Choice) {
    begun.insert(choice.candidate)
    if choice.rung > 0 { promoted[choice.rung - 1, default: []].insert(choice.candidate) }
  }

  /// Lets a candidate whose trial came to nothing be chosen again.
  mutating func release(candidate: Int, rung: Int) {
    if rung == 0 { begun.remove(candidate) } else { promoted[rung - 1]?.remove(candidate) }
  }
}

extension StageView {
  /// The first error observed at a fraction or beyond.
  func error(_ candidate: Int, at fraction: Double) -> Double {
    states[candidate].observations.first { $0.dataFraction >= fraction * (1 - 1e-9) }?.error ?? .infinity
  }
}
