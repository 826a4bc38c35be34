/// Shares the iteration between two plans: one up to a cut in time, the other after it.
///
/// **Why.** Where many instructions alike run one after another, a deadline fixes how long each may take, and that time can
/// lie badly between two options. The bound mixes them freely; a plan that treats all alike loses on each of them.
/// Two plans that lie well on both sides of the deadline, each on its part of the iteration, lose about the mean of their
/// own losses instead.
///
/// **How.** Instructions are sorted by when they run. With the k last of them taken from the slower plan the iteration lasts
/// about as long as k says, so the largest k that keeps the deadline is bisected. The search may miss a larger one,
/// because time does not rise strictly with k, but what it returns was checked. Two seams, slow part first and slow part
/// last, are tried. Local search then mends the seam.
///
/// **Complexity.** O((instructions + dependencies) log instructions) for each.
struct Splicer {
  private let space: PlanSpace
  private let fast: DraftPlan
  private let slow: DraftPlan
  /// Places by when they run in the fast plan.
  private let order: [Int]

  init(_ space: PlanSpace, fast: DraftPlan, slow: DraftPlan, scratch: Timetable) {
    self.space = space
    self.fast = fast
    self.slow = slow
    scratch.load(fast.options, deadline: fast.ticks)
    // Head minus tail is twice the middle of the room that a place has, up to a constant.
    let keys = (0..<space.count).map { scratch.heads[$0] - scratch.tails[$0] }
    order = (0..<space.count).sorted { (keys[$0], $0) < (keys[$1], $1) }
  }

  /// The cheaper of the two splices that keep to the deadline, in effective joules.
  func splice(deadline: Int64) -> [Int32] {
    let last = options(slow: { order[(order.count - $0)...] }, deadline: deadline)
    let first = options(slow: { order[..<$0] }, deadline: deadline)
    return space.joules(of: first) < space.joules(of: last) ? first : last
  }

  /// The fast plan with as many places taken from the slow one as the deadline allows.
  private func options(slow places: (Int) -> ArraySlice<Int>, deadline: Int64) -> [Int32] {
    var fits = fast.options
    var low = 0
    var high = order.count
    while high - low > 1 {
      let middle = (low + high) / 2
      var mixed = fast.options
      for place in places(middle) { mixed[place] = slow.options[place] }
      if space.longestPath(mixed) <= deadline {
        low = middle
        fits = mixed
      } else {
        high = middle
      }
    }
    return fits
  }
}
