/// Shares the iteration between two plans as ``Splicer`` does: one up to a cut in time, the other after it, so that each rank
/// changes once from the one's settings to the other's.
///
/// Where settings in between are bad, or reached only by changing all the time, this is how a deadline between two good plans
/// is met: the best plans of real profiles look like it.
///
/// **Complexity.** O((instructions + dependencies) log instructions) for each splice.
struct SwitchingSplicer {
  private let space: SwitchingSpace
  private let fast: SwitchingDraft
  private let slow: SwitchingDraft
  /// Places by when they begin in the fast plan.
  private let order: [Int]

  init(_ space: SwitchingSpace, fast: SwitchingDraft, slow: SwitchingDraft) {
    (self.space, self.fast, self.slow) = (space, fast, slow)
    let starts = space.starts(fast.options)
    order = (0..<space.count).sorted { (starts[$0], $0) < (starts[$1], $1) }
  }

  /// The splices that keep to the deadline: slow part last, and slow part first.
  func splices(deadline: Int64) -> [[Int32]] {
    [options(slow: { order[(order.count - $0)...] }, deadline), options(slow: { order[..<$0] }, deadline)]
  }

  /// The fast plan with as many places taken from the slow one as the deadline allows, as far as bisection finds.
  private func options(slow places: (Int) -> ArraySlice<Int>, _ deadline: Int64) -> [Int32] {
    var fits = fast.options
    var (low, high) = (0, order.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      var mixed = fast.options
      for place in places(middle) { mixed[place] = slow.options[place] }
      if space.outcome(mixed).ticks <= deadline { (low, fits) = (middle, mixed) } else { high = middle }
    }
    return fits
  }
}
