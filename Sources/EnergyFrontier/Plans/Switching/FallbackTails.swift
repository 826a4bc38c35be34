/// The longest path from the end of each position to the end of the iteration when the rest runs as a given plan, or at
/// best.
struct FallbackTails {
  private let space: SwitchingSpace
  private let plan: [Int32]
  private let countsChanges: Bool
  /// The longest path through the rank's next position, without the time between the two.
  private var own: [Int64]
  /// The lag between each position and its rank's next one; a change of setting runs beside it and not after it.
  private var ownLags: [Int64]
  /// The longest path through any other successor.
  private var others: [Int64]

  /// - Parameter plan: the plan to go on with; nil assumes everything at its fastest and no change of setting.
  init(_ space: SwitchingSpace, _ plan: [Int32]?) {
    let rest = plan ?? space.optionStart.map(Int32.init)
    (self.space, self.plan, countsChanges) = (space, rest, plan != nil)
    own = .init(repeating: 0, count: space.count)
    (others, ownLags) = (own, own)
    for position in (0..<space.count).reversed() {
      for (later, lag) in zip(space.base.successors(of: position), space.base.successorLags(of: position)) {
        let later = Int(later)
        let path = space.ticks[Int(rest[later])] + after(later, setting: space.settings[Int(rest[later])])
        if later == space.after[position] {
          (own[position], ownLags[position]) = (path, lag)
        } else {
          others[position] = max(others[position], lag + path)
        }
      }
    }
  }

  /// The longest path after a position that ran at a setting, in ticks.
  @inline(__always)
  func after(_ position: Int, setting: Int32) -> Int64 {
    let later = space.after[position]
    if later < 0 { return others[position] }
    let next = space.settings[Int(plan[later])]
    let isChanging = countsChanges && next != setting
    let latency = isChanging ? space.latency(space.ranks[position], from: setting, to: next) : 0
    return max(others[position], own[position] + max(ownLags[position], latency))
  }
}
