internal import Basics

/// Finds a plan for a deadline by beam search with the prices of the lower bound.
///
/// **Idea.** ``BoundPrices`` splits a plan's loss against the lower bound into the options taken and the waits. Each
/// partial plan is continued with every option that can still meet the deadline, and the ``Beam`` keeps those of least
/// loss. Unlike rounding one instruction after the other, this finds that three microbatches may run a little fast so
/// that a fourth takes a much better option.
///
/// **Guidance.** The loss of an early end shows only when a later instruction waits, which favours partial plans that
/// hurry. So deviations from a given schedule, at first the bound's own, are charged in advance with a share of their
/// price, and the charge is taken back when the successors' starts are known.
///
/// **Why it never fails.** A partial plan is kept only if it meets the deadline with all other positions at their
/// fastest option, and the fastest option preserves that.
///
/// **Complexity.** O(positions x width x (options + slots)) time. States and options are tried by rising loss, so most
/// options are never looked at.
///
/// Reference: the loss is that of a Lagrangian bound as in Fisher 1981 (10.1287/mnsc.27.1.1).
final class BeamSearch {
  private let space: PlanSpace
  private let slots: FrontierSlots
  private let beam: Beam
  /// The longest path after each position when all positions run fastest, in ticks.
  private let minimumTails: [Int64]
  private let offers: OfferLists

  /// The share of its price that each tick is charged in advance by which an end is earlier or later than in the
  /// guiding schedule.
  struct Guidance: Sendable {
    let early: Double
    let late: Double
  }

  /// - Parameter width: partial plans to keep, at least 1.
  init(_ space: PlanSpace, width: Int) {
    self.space = space
    slots = FrontierSlots(space)
    beam = Beam(space, width: width, slotCount: slots.count)
    var tails = [Int64](repeating: 0, count: space.count)
    for position in (0..<space.count).reversed() {
      for (after, lag) in zip(space.successors(of: position), space.successorLags(of: position)) {
        let fastest = space.ticks[Int(space.optionStart[Int(after)])]
        tails[position] = max(tails[position], tails[Int(after)] + fastest + lag)
      }
    }
    minimumTails = tails
    offers = OfferLists(space)
  }

  deinit { offers.deallocate() }

  /// The best plan found that lasts at most `deadline` ticks, which is not below the fastest possible.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  func plan(
    deadline: Int64, prices: BoundPrices, guidance: Guidance, _ progress: ProgressHandle
  ) throws(FrontierError) -> [Int32] {
    let expansion = Expansion(
      space: space, slots: slots, minimumTails: minimumTails, offers: offers, deadline: deadline, prices: prices,
      guidance: guidance)
    guard let plan = try beam.plan(expansion, progress) else {
      preconditionFailure("a deadline is not below the fastest iteration")
    }
    return plan
  }

  private struct Expansion: BeamExpansion {
    let space: PlanSpace
    let slots: FrontierSlots
    let minimumTails: [Int64]
    let offers: OfferLists
    let deadline: Int64
    let prices: BoundPrices
    let guidance: Guidance

    func extend(_ position: Int, from states: BeamStates, into best: inout BeamSuccessors) {
      let latest = deadline - minimumTails[position]
      let price = prices.positions[position]
      let isLast = space.successors(of: position).isEmpty
      let offers = offers.sorted(at: position, price: price, in: space)
      let dependencies = space.dependencies(before: position)
      // Nothing follows a last instruction: all time between its end and the deadline is lost.
      let target = isLast ? deadline : prices.ends[position]
      let early = price * (isLast ? 1 : guidance.early)
      let late = price * guidance.late

      for state in 0..<states.count {
        let row = state * states.slotCount
        var start: Int64 = 0
        for dependency in dependencies {
          start = max(
            start, states.ends[row + Int(slots.ofPredecessor[dependency])] + space.predecessorLags[dependency])
        }
        var loss = states.losses[state]
        for dependency in dependencies {
          let end = states.ends[row + Int(slots.ofPredecessor[dependency])]
          let ahead = Double(prices.ends[Int(space.predecessors[dependency])] - end)
          let charged = ahead > 0 ? guidance.early * ahead : -guidance.late * ahead
          let waited = start - end - space.predecessorLags[dependency]
          loss += prices.dependencies[dependency] * (Double(waited) - charged)
        }
        for offer in offers {
          // Offers are sorted, so no later one can be better.
          if loss + offer.reducedJoules >= best.limit { break }
          let end = start + offer.ticks
          if end > latest { continue }
          let ahead = Double(target - end)
          let total = loss + offer.reducedJoules + (ahead > 0 ? early * ahead : -late * ahead)
          if total >= best.limit { continue }
          best.insert(BeamSuccessor(loss: total, parent: Int32(state), option: offer.option))
        }
      }
    }

    @inline(__always)
    func addition(_ position: Int, _ successor: BeamSuccessor, from states: BeamStates) -> BeamStates.Addition {
      let parent = Int(successor.parent)
      let row = parent * states.slotCount
      let ownSlot = Int(slots.ofPosition[position])
      var start: Int64 = 0
      var hash = states.hash(of: parent)
      for dependency in space.dependencies(before: position) {
        let slot = Int(slots.ofPredecessor[dependency])
        start = max(start, states.ends[row + slot] + space.predecessorLags[dependency])
        if slots.isLastUse[dependency] { hash ^= BeamStates.hash(states.ends[row + slot], at: slot) }
      }
      let end = start + space.ticks[Int(successor.option)]
      hash ^= BeamStates.hash(end, at: ownSlot)
      return BeamStates.Addition(slot: ownSlot, end: end, loss: successor.loss, hash: hash)
    }
  }
}

/// For each option table its options by rising reduced cost, at the price that was asked for last.
///
/// Instructions of one table often have one price, too, and then share the list.
private struct OfferLists {
  struct Offer {
    var ticks: Int64
    var reducedJoules: Double
    var option: Int32
  }

  /// Options worth trying, by rising reduced cost, from each table's first option on.
  private let offers: UnsafeMutableBufferPointer<Offer>
  /// The price of each list and its length, at each table's first option.
  private let lists: UnsafeMutableBufferPointer<(price: Double, count: Int)>

  /// Options whose reduced cost exceeds this share of the fastest option's effective energy are not tried: good plans
  /// lose a tenth of that over the whole iteration.
  private static let mostReducedShare = 0.03

  init(_ space: PlanSpace) {
    offers = .allocate(capacity: space.ticks.count)
    offers.initialize(repeating: Offer(ticks: 0, reducedJoules: 0, option: 0))
    lists = .allocate(capacity: space.ticks.count)
    lists.initialize(repeating: (.nan, 0))
  }

  func deallocate() {
    offers.deallocate()
    lists.deallocate()
  }

  /// The options of `position` by rising reduced cost, without those that cost far too much.
  func sorted(at position: Int, price: Double, in space: PlanSpace) -> Slice<UnsafeMutableBufferPointer<Offer>> {
    let range = Int(space.optionStart[position])..<Int(space.optionEnd[position])
    let first = range.lowerBound
    if lists[first].price == price { return offers[first..<first + lists[first].count] }
    var least = Double.infinity
    for option in range { least = min(least, space.joules[option] + price * Double(space.ticks[option])) }
    let most = Self.mostReducedShare * abs(space.joules[range.lowerBound])
    var count = 0
    for option in range {
      let reduced = space.joules[option] + price * Double(space.ticks[option]) - least
      // The fastest option stays, so that every partial plan can be continued.
      if reduced > most && option > range.lowerBound { continue }
      var hole = first + count
      while hole > first && offers[hole - 1].reducedJoules > reduced {
        offers[hole] = offers[hole - 1]
        hole -= 1
      }
      offers[hole] = Offer(ticks: space.ticks[option], reducedJoules: reduced, option: Int32(option))
      count += 1
    }
    lists[first] = (price, count)
    return offers[first..<first + count]
  }
}
