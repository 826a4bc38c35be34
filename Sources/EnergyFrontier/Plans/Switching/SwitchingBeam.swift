internal import Basics

/// ``BeamSearch`` where changes of setting cost something: each partial plan knows at which setting each rank stands.
///
/// A partial plan has lost the energy of its changes, and their latencies through the waits that they cause. What each
/// rank will lose at least from its setting on (``RankCostToGo``) is added, so that a change is weighed by what it
/// brings and not only by what it costs.
///
/// Where changes are restricted, it also knows how often each rank has changed, and is dropped where the rest of a rank
/// cannot be run with what is left.
///
/// **When it fails.** A partial plan is kept only if it meets the deadline when it goes on as a given plan does,
/// changing to that plan's settings at once; without a given plan, if it could meet the deadline with everything
/// fastest and no change. The latency of a rank's change at the end of the iteration is known only there, so a search
/// without room for it finds nothing.
///
/// **Complexity.** O(positions x width x (options + slots + ranks)) time, O(positions x width) memory.
final class SwitchingBeam {
  private let space: SwitchingSpace
  private let slots: FrontierSlots
  private let beam: Beam

  /// What a search aims at.
  struct Goal: Sendable {
    let deadline: Int64
    let prices: BoundPrices
    let guidance: BeamSearch.Guidance
    /// A plan that keeps the deadline; nil where none is known, and then partial plans are kept that might meet it at
    /// best.
    let fallback: [Int32]?
  }

  init(_ space: SwitchingSpace, width: Int) {
    self.space = space
    slots = FrontierSlots(space.base)
    beam = Beam(space.base, width: width, slotCount: slots.count, rankCount: space.chains.count)
  }

  /// The best plan found that keeps the goal's deadline; nil when none was found.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  func plan(_ goal: Goal, _ progress: ProgressHandle) throws(FrontierError) -> [Int32]? {
    let expansion = Expansion(
      space: space, base: space.base, slots: slots, costToGo: RankCostToGo(space, prices: goal.prices),
      tails: FallbackTails(space, goal.fallback), goal: goal)
    return try beam.plan(expansion, progress)
  }

  private struct Expansion: BeamExpansion {
    let space: SwitchingSpace
    let base: PlanSpace
    let slots: FrontierSlots
    let costToGo: RankCostToGo
    let tails: FallbackTails
    let goal: Goal

    /// When a state may begin a position without a change of setting before it, and when its rank has ended what it
    /// runs before.
    @inline(__always)
    private func starts(of position: Int, _ states: BeamStates, after state: Int) -> (staying: Int64, ownEnd: Int64) {
      let row = state * states.slotCount
      var start: Int64 = 0
      var ownEnd: Int64 = 0
      for dependency in base.dependencies(before: position) {
        let end = states.ends[row + Int(slots.ofPredecessor[dependency])]
        start = max(start, end + base.predecessorLags[dependency])
        if Int(base.predecessors[dependency]) == space.before[position] { ownEnd = end }
      }
      return (start, ownEnd)
    }

    func extend(_ position: Int, from states: BeamStates, into best: inout BeamSuccessors) {
      let prices = goal.prices
      let price = prices.positions[position]
      let dependencies = base.dependencies(before: position)
      let isLast = base.successors(of: position).isEmpty
      let rank = space.ranks[position]
      let dependsOnSettings = space.pairLatencies != nil
      let mostSwitches = space.mostSwitches[rank]
      let isRestricted = mostSwitches < .max
      let endsRank = space.after[position] < 0
      // Nothing follows a last instruction: all time between its end and the deadline is lost.
      let target = isLast ? goal.deadline : prices.ends[position]
      let early = price * (isLast ? 1 : goal.guidance.early)
      let late = price * goal.guidance.late
      var enteringPrice = 0.0
      for dependency in dependencies { enteringPrice += prices.dependencies[dependency] }

      for state in 0..<states.count {
        let row = state * states.slotCount
        let (staying, ownEnd) = starts(of: position, states, after: state)
        var changing = max(staying, ownEnd + space.latencies[rank])
        var loss = states.losses[state]
        for dependency in dependencies {
          let end = states.ends[row + Int(slots.ofPredecessor[dependency])]
          let ahead = Double(prices.ends[Int(base.predecessors[dependency])] - end)
          let charged = ahead > 0 ? goal.guidance.early * ahead : -goal.guidance.late * ahead
          let waited = staying - end - base.predecessorLags[dependency]
          loss += prices.dependencies[dependency] * (Double(waited) - charged)
        }
        let last = Int(states.lastOptions[state * states.rankCount + rank])
        let unchangedLoss = loss
        var (changingLoss, rest) = (loss, 0.0)
        // How often the rank may still change.
        let left = isRestricted ? mostSwitches - Int(states.changeCounts[state * states.rankCount + rank]) : .max
        if last >= 0 {
          rest = costToGo.joules(after: last, at: space.before[position], left: left)
          loss -= rest
          changingLoss += enteringPrice * Double(changing - staying) + space.switchJoules[rank] - rest
        }
        let lastSetting = last >= 0 ? space.settings[last] : -1
        let first = states.firstSettings[state * states.rankCount + rank]
        for option in space.optionStart[position]..<space.optionEnd[position] {
          let setting = space.settings[option]
          let isChanging = last >= 0 && setting != lastSetting
          var leftAfter = left
          if isRestricted {
            leftAfter = isChanging ? left - 1 : left
            // After its last change a rank stands where it began, since the change back would be one too many.
            if leftAfter < 0 || leftAfter == 0 && first >= 0 && first != setting { continue }
          }
          if isChanging && dependsOnSettings {
            changing = max(staying, ownEnd + space.latency(rank, from: lastSetting, to: setting))
            changingLoss =
              unchangedLoss + (enteringPrice * Double(changing - staying) + space.switchJoules[rank] - rest)
          }
          var total = (isChanging ? changingLoss : loss) + costToGo.reducedJoules(option, at: position)
          if total >= best.limit { continue }
          total += costToGo.joules(after: option, at: position, left: leftAfter)
          var tail = tails.after(position, setting: setting)
          if endsRank && first >= 0 && first != setting {
            total += space.switchJoules[rank]
            tail = max(tail, space.latency(rank, from: setting, to: first))
          }
          let end = (isChanging ? changing : staying) + space.ticks[option]
          if end + tail > goal.deadline { continue }
          let ahead = Double(target - end)
          total += ahead > 0 ? early * ahead : -late * ahead
          if total >= best.limit { continue }
          best.insert(BeamSuccessor(loss: total, parent: Int32(state), option: Int32(option)))
        }
      }
    }

    func addition(_ position: Int, _ successor: BeamSuccessor, from states: BeamStates) -> BeamStates.Addition {
      let parent = Int(successor.parent)
      let rank = space.ranks[position]
      let slot = Int(slots.ofPosition[position])
      let setting = space.settings[Int(successor.option)]
      let last = states.lastOptions[parent * states.rankCount + rank]
      let (staying, ownEnd) = starts(of: position, states, after: parent)
      var begin = staying
      var changeCount = states.changeCounts[parent * states.rankCount + rank]
      if last >= 0, space.settings[Int(last)] != setting {
        if space.isRestricted { changeCount += 1 }
        begin = max(staying, ownEnd + space.latency(rank, from: space.settings[Int(last)], to: setting))
      }
      let end = begin + space.ticks[Int(successor.option)]
      let first = last < 0 ? setting : states.firstSettings[parent * states.rankCount + rank]
      var hash = states.hash(of: parent)
      for dependency in base.dependencies(before: position) where slots.isLastUse[dependency] {
        let slot = Int(slots.ofPredecessor[dependency])
        hash ^= BeamStates.hash(states.ends[parent * states.slotCount + slot], at: slot)
      }
      hash ^= BeamStates.hash(end, at: slot)
      let rankPlace = states.slotCount + 2 * rank
      if last < 0 {
        hash ^= BeamStates.hash(Int64(first), at: rankPlace)
      } else {
        hash ^= BeamStates.hash(Int64(space.settings[Int(last)]), at: rankPlace + 1)
      }
      hash ^= BeamStates.hash(Int64(setting), at: rankPlace + 1)
      if space.isRestricted {
        let place = states.slotCount + 2 * states.rankCount + rank
        hash ^= BeamStates.hash(Int64(states.changeCounts[parent * states.rankCount + rank]), at: place)
        hash ^= BeamStates.hash(Int64(changeCount), at: place)
      }
      return BeamStates.Addition(
        slot: slot, end: end, loss: successor.loss, hash: hash, rank: rank, option: successor.option,
        firstSetting: first, changeCount: changeCount)
    }
  }
}
