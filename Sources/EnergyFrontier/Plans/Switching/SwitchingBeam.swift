internal import Basics

/// ``BeamSearch`` with changes of setting: each beginning knows where its ranks' settings stand.
///
/// What a beginning has lost counts the energy of its changes, and their latencies through the waits that they cause. To it is
/// added what each rank will lose at least from its setting on (``RankOutlook``), so that a change is judged by
/// what it brings and not only by what it costs.
///
/// **When it fails.** A beginning is kept only if it meets the deadline by going on as a given plan does, changing to that
/// plan's settings at once; without a plan, if it could meet it with everything fastest and no change. What a rank's change at the end of the iteration takes is known only there; a search that
/// has no room left for it finds nothing.
///
/// **Complexity.** O(places x width x (options + slots + ranks)) time, O(places x width) memory.
final class SwitchingBeam {
  private let space: SwitchingSpace
  private let base: PlanSpace
  private let width: Int
  private let slots: FrontierSlots
  private var now: SwitchingBeginnings
  private var next: SwitchingBeginnings
  private var best: Continuations
  /// For each place and beginning, its parent and option.
  private var steps: [(parent: Int32, option: Int32)]

  /// What a search goes by.
  struct Goal {
    let deadline: Int64
    let prices: BoundPrices
    let guidance: BeamSearch.Guidance
    /// A plan that keeps the deadline; nil where none is known, and then beginnings are kept that might meet it at best.
    let safe: [Int32]?
  }

  init(_ space: SwitchingSpace, width: Int) {
    (self.space, base, self.width) = (space, space.base, width)
    slots = FrontierSlots(space.base)
    now = SwitchingBeginnings(width: width, slotCount: slots.count, rankCount: space.chains.count)
    next = SwitchingBeginnings(width: width, slotCount: slots.count, rankCount: space.chains.count)
    best = Continuations(capacity: width)
    steps = Array(repeating: (0, 0), count: space.count * width)
  }

  deinit {
    now.deallocate()
    next.deallocate()
    best.deallocate()
  }

  /// The best plan found that lasts at most as long as the goal says; nil when none was found.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  func plan(_ goal: Goal, _ progress: ProgressHandle) throws(FrontierError) -> [Int32]? {
    let outlook = RankOutlook(space, prices: goal.prices)
    let tails = SafeTails(space, goal.safe)
    now.restart()
    for place in 0..<space.count {
      if place % 32 == 0 { try progress.check() }
      extend(place, goal, outlook, tails)
      keep(place)
      swap(&now, &next)
      if now.count == 0 { return nil }
    }
    var best = 0
    for beginning in 0..<now.count where now.losses[beginning] < now.losses[best] { best = beginning }
    var options = [Int32](repeating: 0, count: space.count)
    for place in (0..<space.count).reversed() {
      let step = steps[place * width + best]
      options[place] = step.option
      best = Int(step.parent)
    }
    return options
  }

  /// When a beginning may begin a place, without and with a change of setting before it.
  private func starts(
    of place: Int, _ now: SwitchingBeginnings, after beginning: Int
  ) -> (staying: Int64, changing: Int64) {
    let row = beginning * now.slotCount
    var start: Int64 = 0
    var ownEnd: Int64 = 0
    for dependency in Int(base.predecessorStart[place])..<Int(base.predecessorStart[place + 1]) {
      let end = now.ends[row + Int(slots.ofPredecessor[dependency])]
      start = max(start, end + base.predecessorLags[dependency])
      if Int(base.predecessors[dependency]) == space.before[place] { ownEnd = end }
    }
    let isFirst = space.before[place] < 0
    return (start, isFirst ? start : max(start, ownEnd + space.latencies[space.ranks[place]]))
  }

  /// Gathers the best continuations of all beginnings with `place`.
  private func extend(_ place: Int, _ goal: Goal, _ outlook: RankOutlook, _ tails: SafeTails) {
    let now = now
    var best = best
    let prices = goal.prices
    let price = prices.places[place]
    let dependencies = Int(base.predecessorStart[place])..<Int(base.predecessorStart[place + 1])
    let isLast = base.successors(of: place).isEmpty
    let rank = space.ranks[place]
    let endsRank = space.after[place] < 0
    // Nothing waits for the last ones: all their time up to the deadline is lost for certain.
    let target = isLast ? goal.deadline : prices.ends[place]
    let early = price * (isLast ? 1 : goal.guidance.early)
    let late = price * goal.guidance.late
    var entering = 0.0
    for dependency in dependencies { entering += prices.dependencies[dependency] }

    for beginning in 0..<now.count {
      let row = beginning * now.slotCount
      let (staying, changing) = starts(of: place, now, after: beginning)
      var loss = now.losses[beginning]
      for dependency in dependencies {
        let end = now.ends[row + Int(slots.ofPredecessor[dependency])]
        let ahead = Double(prices.ends[Int(base.predecessors[dependency])] - end)
        let charged = ahead > 0 ? goal.guidance.early * ahead : -goal.guidance.late * ahead
        loss += prices.dependencies[dependency] * (Double(staying - end - base.predecessorLags[dependency]) - charged)
      }
      let last = Int(now.lasts[beginning * now.rankCount + rank])
      var changingLoss = loss
      if last >= 0 {
        let rest = outlook.restJoules(last, at: space.before[place])
        loss -= rest
        changingLoss += entering * Double(changing - staying) + space.switchJoules[rank] - rest
      }
      let lastSetting = last >= 0 ? space.settings[last] : -1
      let first = now.firsts[beginning * now.rankCount + rank]
      for option in space.optionStart[place]..<space.optionEnd[place] {
        let setting = space.settings[option]
        let isChanging = last >= 0 && setting != lastSetting
        var total = (isChanging ? changingLoss : loss) + outlook.reducedJoules(option, at: place)
        if total >= best.limit { continue }
        total += outlook.restJoules(option, at: place)
        var tail = tails.after(place, setting: setting)
        if endsRank && first >= 0 && first != setting {
          total += space.switchJoules[rank]
          tail = max(tail, space.latencies[rank])
        }
        let end = (isChanging ? changing : staying) + space.ticks[option]
        if end + tail > goal.deadline { continue }
        let ahead = Double(target - end)
        total += ahead > 0 ? early * ahead : -late * ahead
        if total >= best.limit { continue }
        best.insert(Continuation(loss: total, parent: Int32(beginning), option: Int32(option)))
      }
    }
    self.best = best
  }

  /// Makes the continuations gathered for `place` the next beginnings, without twins.
  private func keep(_ place: Int) {
    let now = now
    var next = next
    next.removeAll()
    let rank = space.ranks[place]
    let slot = Int(slots.ofPlace[place])
    for continuation in best.entries {
      let parent = Int(continuation.parent)
      let setting = space.settings[Int(continuation.option)]
      let last = now.lasts[parent * now.rankCount + rank]
      let (staying, changing) = starts(of: place, now, after: parent)
      let isChanging = last >= 0 && space.settings[Int(last)] != setting
      let end = (isChanging ? changing : staying) + space.ticks[Int(continuation.option)]
      let first = last < 0 ? setting : now.firsts[parent * now.rankCount + rank]
      var hash = now.hashes[parent]
      for dependency in Int(base.predecessorStart[place])..<Int(base.predecessorStart[place + 1])
      where slots.isLastUse[dependency] {
        let slot = Int(slots.ofPredecessor[dependency])
        hash ^= SwitchingBeginnings.mix(now.ends[parent * now.slotCount + slot], at: slot)
      }
      hash ^= SwitchingBeginnings.mix(end, at: slot)
      let place0 = now.slotCount + 2 * rank
      if last < 0 {
        hash ^= SwitchingBeginnings.mix(Int64(first), at: place0)
      } else {
        hash ^= SwitchingBeginnings.mix(Int64(space.settings[Int(last)]), at: place0 + 1)
      }
      hash ^= SwitchingBeginnings.mix(Int64(setting), at: place0 + 1)
      let step = SwitchingBeginnings.Step(
        rank: rank, slot: slot, end: end, option: continuation.option, first: first, hash: hash,
        loss: continuation.loss)
      if let new = next.add(from: now, parent: parent, step) {
        steps[place * width + new] = (continuation.parent, continuation.option)
      }
    }
    best.removeAll()
    self.next = next
  }
}

/// How long the rest of an iteration lasts when it goes on as a given plan, or at best.
private struct SafeTails {
  private let space: SwitchingSpace
  private let plan: [Int32]
  private let countsChanges: Bool
  /// Behind each place, by its rank's next place and by all others, in ticks.
  private var own: [Int64]
  /// The lag between each place and its rank's next, which passes besides a change and not after it.
  private var ownLags: [Int64]
  private var others: [Int64]

  init(_ space: SwitchingSpace, _ given: [Int32]?) {
    let plan = given ?? space.optionStart.map(Int32.init)
    (self.space, self.plan, countsChanges) = (space, plan, given != nil)
    own = .init(repeating: 0, count: space.count)
    (others, ownLags) = (own, own)
    for place in (0..<space.count).reversed() {
      for (later, lag) in zip(space.base.successors(of: place), space.base.successorLags(of: place)) {
        let later = Int(later)
        let path = space.ticks[Int(plan[later])] + after(later, setting: space.settings[Int(plan[later])])
        if later == space.after[place] {
          (own[place], ownLags[place]) = (path, lag)
        } else {
          others[place] = max(others[place], lag + path)
        }
      }
    }
  }

  /// The longest path behind a place that ran at a setting.
  @inline(__always)
  func after(_ place: Int, setting: Int32) -> Int64 {
    let later = space.after[place]
    if later < 0 { return others[place] }
    let isChanging = countsChanges && space.settings[Int(plan[later])] != setting
    let latency = isChanging ? space.latencies[space.ranks[place]] : 0
    return max(others[place], own[place] + max(ownLags[place], latency))
  }
}
