internal import Basics

/// Finds all plans that no other dominates, by branch and bound over the certified lower bound, where that takes few
/// steps.
///
/// **Branching.** Positions are fixed one after the other in topological order, each with every option.
///
/// **Bounding.** By the identity of ``BoundPrices`` the flow at each priced deadline proves for every completion of a
/// partial plan that lasts T
///
///     effective joules >= base - value T + loss,
///
/// where `base` and `value` belong to the flow and `loss` is what the fixed positions have lost so far. The flow
/// without prices (`value` 0) is included, since it is the strongest one far beyond the cheapest time. The plans known
/// so far cut the time axis into intervals; a completion is of use only if it is cheaper than the plan at the beginning
/// of the interval that it ends in. So a partial plan is dropped when in every interval that it can still reach some
/// line is at least that high.
///
/// **Result.** When the search ends within its budget, the list is complete: no other plan is faster or cheaper by more
/// than ``DraftPlan/roundingFraction``. Changes of setting only add waits and energy, so the bound holds with them as
/// well.
///
/// **Complexity.** At most `mostNodes` partial plans, each O(lines x (predecessors + intervals)); O(positions x lines)
/// memory.
///
/// Reference: Land & Doig 1960, 10.2307/1910129 (branch and bound).
struct ParetoEnumeration {
  /// The plans that no other dominates, fastest first.
  private(set) var plans: [DraftPlan]
  /// Whether all of them were found.
  private(set) var isComplete = false

  private let space: EnumerationSpace
  private let waitingJoulesPerTick: Double
  private let makeDraft: ([Int32]) -> DraftPlan
  private let lines: [Line]
  /// Least tail of each position: the longest path after it when everything runs fastest.
  private let minimumTails: [Int64]
  private let slowestTicks: Int64
  /// Joules of the plans, waiting included.
  private var planJoules: [Double]

  /// What one flow proves.
  private struct Line {
    let prices: BoundPrices
    /// Joules that any plan costs at least with its time paid for.
    let base: Double
    /// The flow's value in joules per tick.
    let value: Double
    /// For each position the least cost of an option with its time paid for.
    let least: [Double]

    init(_ prices: BoundPrices, _ space: EnumerationSpace) {
      self.prices = prices
      var (base, value) = (0.0, 0.0)
      var least = [Double](repeating: 0, count: space.count)
      for position in 0..<space.count {
        let price = prices.positions[position]
        for option in space.optionStart[position]..<space.optionEnd[position] {
          let cost = space.joules[option] + price * Double(space.ticks[option])
          least[position] = option == space.optionStart[position] ? cost : min(least[position], cost)
        }
        base += least[position]
        for dependency in space.base.dependencies(before: position) {
          base += prices.dependencies[dependency] * Double(space.base.predecessorLags[dependency])
        }
        if space.base.successors(of: position).isEmpty { value += price }
      }
      (self.base, self.value, self.least) = (base, value, least)
    }
  }

  private static let mostLines = 12
  /// Rounding of a sum over the positions of a small problem, relative to its terms.
  private static let sumRounding = 0x1p-44

  /// How many partial plans may be looked at for a problem of `count` instructions, so that the search takes
  /// milliseconds where it does not end.
  static func mostNodes(count: Int) -> Int { (1 << 26) / (count * count) }

  init(_ space: PlanSpace, _ bound: BoundTrace, knowing plans: [DraftPlan]) {
    self.init(EnumerationSpace(space), bound, plans) { DraftPlan($0, in: space) }
  }

  init(_ space: SwitchingSpace, _ bound: BoundTrace, knowing plans: [DraftPlan]) {
    self.init(EnumerationSpace(space), bound, plans) { DraftPlan($0, in: space) }
  }

  private init(
    _ space: EnumerationSpace, _ bound: BoundTrace, _ plans: [DraftPlan], _ makeDraft: @escaping ([Int32]) -> DraftPlan
  ) {
    (self.space, self.plans, self.makeDraft) = (space, plans, makeDraft)
    let waitingJoulesPerTick = space.base.waitingJoulesPerTick
    self.waitingJoulesPerTick = waitingJoulesPerTick
    planJoules = plans.map { $0.joules(waitingJoulesPerTick: waitingJoulesPerTick) }
    let none = [Int64](repeating: 0, count: space.count)
    let free = BoundPrices(
      positions: none.map(Double.init), dependencies: space.base.predecessors.map { _ in 0 }, starts: none, ends: none)
    let stride = max(1, (bound.deadlines.count + Self.mostLines - 1) / Self.mostLines)
    let chosen = bound.deadlines.indices.filter { $0 % stride == 0 || $0 == bound.deadlines.count - 1 }
    lines = ([free] + chosen.map { bound.deadlines[$0].prices }).map { Line($0, space) }
    var tails = none
    for position in (0..<space.count).reversed() {
      for (after, lag) in zip(space.base.successors(of: position), space.base.successorLags(of: position)) {
        tails[position] = max(tails[position], tails[Int(after)] + space.ticks[space.optionStart[Int(after)]] + lag)
      }
    }
    minimumTails = tails
    // No useful plan is longer than all instructions, lags and changes one after the other.
    var slowest: Int64 = 0
    for position in 0..<space.count {
      slowest += space.ticks[space.optionStart[position]..<space.optionEnd[position]].max() ?? 0
      slowest += space.base.predecessorLags(of: position).max() ?? 0
      if !space.settings.isEmpty { slowest += 2 * space.latencies[position] }
    }
    slowestTicks = slowest
  }

  /// Searches until all plans are found or the budget is used up.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  mutating func run(_ progress: ProgressHandle) throws(FrontierError) {
    let (count, lineCount) = (space.count, lines.count)
    var options = space.optionStart
    var ends = [Int64](repeating: 0, count: count)
    // For each position how often its rank has changed up to it, where that is restricted.
    var changeCounts = [Int](repeating: 0, count: count)
    // What is known when a position is about to be fixed, one row more than positions.
    var joules = [Double](repeating: 0, count: count + 1)
    var longest = [Int64](repeating: 0, count: count + 1)
    var losses = [Double](repeating: 0, count: (count + 1) * lineCount)
    var next = space.optionStart
    var position = 0
    var nodes = 0
    let mostNodes = Self.mostNodes(count: count)
    while position >= 0 {
      let option = next[position]
      if option == space.optionEnd[position] {
        position -= 1
        continue
      }
      next[position] = option + 1
      options[position] = option
      let (earlier, isChanging) = change(before: position, options)
      if !space.mostSwitches.isEmpty {
        changeCounts[position] = earlier < 0 ? 0 : changeCounts[earlier] + (isChanging ? 1 : 0)
        if !mayChange(changeCounts[position], at: position, options) { continue }
      }
      nodes += 1
      if nodes > mostNodes { return }
      if nodes % 4096 == 0 { try progress.check() }
      var start: Int64 = 0
      let latency = isChanging ? space.latency(position, from: options[earlier], to: option) : 0
      for dependency in space.base.dependencies(before: position) {
        let before = Int(space.base.predecessors[dependency])
        let lag = space.base.predecessorLags[dependency]
        start = max(start, ends[before] + (before == earlier ? max(lag, latency) : lag))
      }
      let end = start + space.ticks[option]
      ends[position] = end
      var spent = joules[position] + space.joules[option]
      if isChanging { spent += space.switchJoules[position] }
      var reached = max(longest[position], end + minimumTails[position])
      if isChangingAtEnd(position, options) {
        spent += space.switchJoules[position]
        reached = max(
          reached, end + space.latency(position, from: option, to: options[space.firstOfEndingRank[position]]))
      }
      joules[position + 1] = spent
      longest[position + 1] = reached
      for (index, line) in lines.enumerated() {
        var loss = losses[position * lineCount + index] + (spent - joules[position])
        loss += line.prices.positions[position] * Double(space.ticks[option]) - line.least[position]
        for dependency in space.base.dependencies(before: position) {
          let wait = start - ends[Int(space.base.predecessors[dependency])] - space.base.predecessorLags[dependency]
          loss += line.prices.dependencies[dependency] * Double(wait)
        }
        losses[(position + 1) * lineCount + index] = loss
      }
      if position + 1 == count {
        add(spent, ticks: reached, options)
      } else if isUseful(longest: reached, losses[((position + 1) * lineCount)...]) {
        position += 1
        next[position] = space.optionStart[position]
      }
    }
    isComplete = true
  }

  /// The previous position on the rank, and whether the setting changes after it.
  @inline(__always)
  private func change(before position: Int, _ options: [Int]) -> (earlier: Int, isChanging: Bool) {
    if space.settings.isEmpty { return (-1, false) }
    let earlier = space.before[position]
    return (earlier, earlier >= 0 && space.settings[options[earlier]] != space.settings[options[position]])
  }

  @inline(__always)
  private func isChangingAtEnd(_ position: Int, _ options: [Int]) -> Bool {
    if space.settings.isEmpty { return false }
    let first = space.firstOfEndingRank[position]
    return first >= 0 && space.settings[options[first]] != space.settings[options[position]]
  }

  /// Whether a rank that has changed so often can still end where it began with no more changes than it may.
  @inline(__always)
  private func mayChange(_ count: Int, at position: Int, _ options: [Int]) -> Bool {
    let most = space.mostSwitches[position]
    if count < most { return true }
    let isAtFirst = space.settings[options[space.firstOfRank[position]]] == space.settings[options[position]]
    return count == most && isAtFirst
  }

  /// Whether a completion could be a plan that none of those known dominates.
  ///
  /// - Parameter longest: the least time of a completion.
  private func isUseful(longest: Int64, _ losses: ArraySlice<Double>) -> Bool {
    // The last plan that is no slower; before the first there is nothing that could dominate.
    var index = plans.partitioningIndex { $0.ticks > longest } - 1
    if index < 0 { return true }
    while index < plans.count {
      let from = max(longest, plans[index].ticks)
      let to = index + 1 < plans.count ? plans[index + 1].ticks - 1 : max(from, slowestTicks)
      let limit = planJoules[index] - DraftPlan.roundingFraction * abs(planJoules[index])
      var isExcluded = false
      for (line, loss) in zip(lines, losses) {
        let slope = waitingJoulesPerTick - line.value
        let ticks = Double(slope >= 0 ? from : to)
        let rounding = Self.sumRounding * (abs(line.base) + abs(line.value * ticks))
        if line.base + loss + slope * ticks - rounding >= limit {
          isExcluded = true
          break
        }
      }
      if !isExcluded { return true }
      index += 1
    }
    return false
  }

  /// Adds a whole plan unless one of those known dominates it.
  private mutating func add(_ effectiveJoules: Double, ticks: Int64, _ options: [Int]) {
    let total = effectiveJoules + waitingJoulesPerTick * Double(ticks)
    let after = plans.partitioningIndex { $0.ticks > ticks }
    if after > 0, total >= planJoules[after - 1] - DraftPlan.roundingFraction * abs(planJoules[after - 1]) { return }
    // Its figures are summed once more as for all plans, so that equal plans have equal figures.
    plans = (plans + [makeDraft(options.map(Int32.init))]).paretoFront(waitingJoulesPerTick: waitingJoulesPerTick)
    planJoules = plans.map { $0.joules(waitingJoulesPerTick: waitingJoulesPerTick) }
  }
}
