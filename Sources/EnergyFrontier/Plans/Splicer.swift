/// Shares the iteration between two plans: one up to a cut in time, the other after it.
///
/// **Why.** Where many similar instructions run one after another, a deadline fixes how long each may take, and that
/// time may lie badly between two options. The bound mixes them freely; a plan that treats all of them alike loses on
/// each. Two plans that lie well on both sides of the deadline, each on its part of the iteration, lose about the mean
/// of their own losses instead. Where changes of setting cost something, each rank changes once from one plan's
/// settings to the other's.
///
/// **How.** Positions are sorted by when they run. With the last k of them taken from the slower plan the iteration
/// grows with k, so the largest k that keeps the deadline is bisected. The search may miss a larger one, because time
/// does not rise strictly with k, but what it returns was checked. The slow part comes once last and once first.
///
/// **Complexity.** O((instructions + dependencies) log instructions) for each deadline.
struct Splicer: Sendable {
  private let fast: DraftPlan
  private let slow: DraftPlan
  /// Positions by when they run in the fast plan.
  private let order: [Int]
  /// The iteration time of a plan in ticks.
  private let iterationTicks: @Sendable ([Int32]) -> Int64

  private init(fast: DraftPlan, slow: DraftPlan, keys: [Int64], iterationTicks: @escaping @Sendable ([Int32]) -> Int64)
  {
    (self.fast, self.slow, self.iterationTicks) = (fast, slow, iterationTicks)
    order = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
  }

  /// - Parameter scratch: is loaded with the fast plan.
  init(_ space: PlanSpace, fast: DraftPlan, slow: DraftPlan, scratch: IncrementalLongestPaths) {
    scratch.load(fast.options, deadline: fast.ticks)
    // Head minus tail is twice the middle of the time that a position may use, up to a constant.
    let keys = (0..<space.count).map { scratch.heads[$0] - scratch.tails[$0] }
    self.init(fast: fast, slow: slow, keys: keys, iterationTicks: { space.longestPath($0) })
  }

  init(_ space: SwitchingSpace, fast: DraftPlan, slow: DraftPlan) {
    self.init(fast: fast, slow: slow, keys: space.starts(fast.options)) { space.outcome($0).ticks }
  }

  /// The splices that keep the deadline: slow part last, and slow part first.
  func splices(deadline: Int64) -> [[Int32]] {
    [
      options(slow: { order[(order.count - $0)...] }, deadline: deadline),
      options(slow: { order[..<$0] }, deadline: deadline),
    ]
  }

  /// The fast plan with as many positions taken from the slow one as the deadline allows.
  private func options(slow positions: (Int) -> ArraySlice<Int>, deadline: Int64) -> [Int32] {
    var fits = fast.options
    var (low, high) = (0, order.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      var mixed = fast.options
      for position in positions(middle) { mixed[position] = slow.options[position] }
      if iterationTicks(mixed) <= deadline {
        (low, fits) = (middle, mixed)
      } else {
        high = middle
      }
    }
    return fits
  }
}
