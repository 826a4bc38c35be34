internal import Basics

/// Builds a plan for a deadline instruction by instruction and keeps the most promising beginnings.
///
/// **Idea.** ``BoundPrices`` says what each option and each wait costs against the lower bound. Instructions are taken in
/// topological order; each beginning is continued with every option that can still meet the deadline, and the `width`
/// beginnings with the least loss go on. Unlike rounding one instruction after the other, this finds that three microbatches
/// may run a little fast so that a fourth takes an option far better.
///
/// **Guidance.** The loss of an early end shows only when a later instruction waits, which favours beginnings that hurry.
/// So time away from a given schedule, at first the bound's own, is charged in advance, a share of its price, and the
/// charge is taken back when the successors' starts are known.
///
/// **Why it never fails.** A beginning is kept only if it meets the deadline with all other places at their fastest; the
/// fastest option keeps that true.
///
/// **Complexity.** O(places x width x (options + slots)) time, O(places x width) memory. Beginnings and options are tried by
/// rising loss, so most options are cut off unseen.
///
/// References: Lowerre 1976 (beam search); the loss is that of a Lagrangian bound as in Fisher 1981 (10.1287/mnsc.27.1.1).
final class BeamSearch {
  private let space: PlanSpace
  private let width: Int
  private let slots: FrontierSlots
  /// The longest path behind each place when all places run fastest, in ticks.
  private let leastTails: [Int64]

  private let memory: Memory
  /// For each place and beginning, its parent and option.
  private let steps: UnsafeMutableBufferPointer<(parent: Int32, option: Int32)>
  /// Options worth trying, by rising reduced cost, from each table's first option on.
  private let offers: UnsafeMutableBufferPointer<Offer>
  /// For which price and how many they are, at each table's first option.
  private let offered: UnsafeMutableBufferPointer<(price: Double, count: Int)>

  private struct Offer {
    var ticks: Int64
    var reducedJoules: Double
    var option: Int32
  }

  /// What a search writes to: handed from step to step, so that no step has to ask who else writes.
  private struct Memory {
    var now: Beginnings
    var next: Beginnings
    var best: Continuations
  }

  /// How much of its price each tick is charged in advance that an end is before or after the guiding schedule's.
  struct Guidance {
    let early: Double
    let late: Double
  }

  /// - Parameter width: beginnings to keep, at least 1.
  init(_ space: PlanSpace, width: Int) {
    self.space = space
    self.width = width
    slots = FrontierSlots(space)
    var tails = [Int64](repeating: 0, count: space.count)
    for place in (0..<space.count).reversed() {
      for (after, lag) in zip(space.successors(of: place), space.successorLags(of: place)) {
        let fastest = space.ticks[Int(space.optionStart[Int(after)])]
        tails[place] = max(tails[place], tails[Int(after)] + fastest + lag)
      }
    }
    leastTails = tails
    memory = Memory(
      now: Beginnings(width: width, slotCount: slots.count), next: Beginnings(width: width, slotCount: slots.count),
      best: Continuations(capacity: width))
    steps = .allocate(capacity: space.count * width)
    steps.initialize(repeating: (0, 0))
    offers = .allocate(capacity: space.ticks.count)
    offers.initialize(repeating: Offer(ticks: 0, reducedJoules: 0, option: 0))
    offered = .allocate(capacity: space.ticks.count)
    offered.initialize(repeating: (.nan, 0))
  }

  deinit {
    memory.now.deallocate()
    memory.next.deallocate()
    memory.best.deallocate()
    steps.deallocate()
    offers.deallocate()
    offered.deallocate()
  }

  /// The best plan found that lasts at most `deadline` ticks, which is not below the fastest possible.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  func plan(
    deadline: Int64, prices: BoundPrices, guidance: Guidance, _ progress: ProgressHandle
  ) throws(FrontierError) -> [Int32] {
    var memory = memory
    memory.now.restart()
    for place in 0..<space.count {
      if place % 64 == 0 { try progress.check() }
      extend(place, deadline: deadline, prices: prices, guidance: guidance, &memory.best, from: memory.now)
      keep(place, &memory)
      swap(&memory.now, &memory.next)
    }
    let now = memory.now
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

  /// Gathers the best continuations of all beginnings with `place`.
  private func extend(
    _ place: Int, deadline: Int64, prices: BoundPrices, guidance: Guidance, _ best: inout Continuations,
    from now: Beginnings
  ) {
    let latest = deadline - leastTails[place]
    let price = prices.places[place]
    let isLast = space.successors(of: place).isEmpty
    let offers = offers(at: place, price: price)
    let dependencies = Int(space.predecessorStart[place])..<Int(space.predecessorStart[place + 1])
    // Nothing waits for the last ones: all their time up to the deadline is lost for certain.
    let target = isLast ? deadline : prices.ends[place]
    let early = price * (isLast ? 1 : guidance.early)
    let late = price * guidance.late

    for beginning in 0..<now.count {
      let row = beginning * now.slotCount
      var start: Int64 = 0
      for dependency in dependencies {
        start = max(start, now.ends[row + Int(slots.ofPredecessor[dependency])] + space.predecessorLags[dependency])
      }
      var loss = now.losses[beginning]
      for dependency in dependencies {
        let end = now.ends[row + Int(slots.ofPredecessor[dependency])]
        let ahead = Double(prices.ends[Int(space.predecessors[dependency])] - end)
        let charged = ahead > 0 ? guidance.early * ahead : -guidance.late * ahead
        let waited = start - end - space.predecessorLags[dependency]
        loss += prices.dependencies[dependency] * (Double(waited) - charged)
      }
      for offer in offers {
        // Offers rise, so that nothing behind can be better.
        if loss + offer.reducedJoules >= best.limit { break }
        let end = start + offer.ticks
        if end > latest { continue }
        let ahead = Double(target - end)
        let total = loss + offer.reducedJoules + (ahead > 0 ? early * ahead : -late * ahead)
        if total >= best.limit { continue }
        best.insert(Continuation(loss: total, parent: Int32(beginning), option: offer.option))
      }
    }
  }

  /// Makes the continuations gathered for `place` the next beginnings, without twins.
  private func keep(_ place: Int, _ memory: inout Memory) {
    let now = memory.now
    memory.next.count = 0
    let dependencies = Int(space.predecessorStart[place])..<Int(space.predecessorStart[place + 1])
    let slot = Int(slots.ofPlace[place])
    for continuation in memory.best.entries {
      let parent = Int(continuation.parent)
      let row = parent * now.slotCount
      var start: Int64 = 0
      var hash = now.hash(of: parent)
      for dependency in dependencies {
        let slot = Int(slots.ofPredecessor[dependency])
        start = max(start, now.ends[row + slot] + space.predecessorLags[dependency])
        if slots.isLastUse[dependency] { hash ^= Beginnings.mix(now.ends[row + slot], slot: slot) }
      }
      let end = start + space.ticks[Int(continuation.option)]
      hash ^= Beginnings.mix(end, slot: slot)
      let loss = continuation.loss
      if let new = memory.next.add(from: now, parent: parent, end: end, slot: slot, hash: hash, loss: loss) {
        steps[place * width + new] = (continuation.parent, continuation.option)
      }
    }
    memory.best.removeAll()
  }

  /// The options of `place` by rising reduced cost, without those that cost far too much.
  ///
  /// Instructions of one table often have one price, too, and then share the list.
  private func offers(at place: Int, price: Double) -> Slice<UnsafeMutableBufferPointer<Offer>> {
    let range = Int(space.optionStart[place])..<Int(space.optionEnd[place])
    let first = range.lowerBound
    if offered[first].price == price { return offers[first..<first + offered[first].count] }
    var least = Double.infinity
    for option in range { least = min(least, space.joules[option] + price * Double(space.ticks[option])) }
    let most = Self.dearestShare * abs(space.joules[range.lowerBound])
    var count = 0
    for option in range {
      let reduced = space.joules[option] + price * Double(space.ticks[option]) - least
      // The fastest stays, so that every beginning can be continued.
      if reduced > most && option > range.lowerBound { continue }
      var hole = first + count
      while hole > first && offers[hole - 1].reducedJoules > reduced {
        offers[hole] = offers[hole - 1]
        hole -= 1
      }
      offers[hole] = Offer(ticks: space.ticks[option], reducedJoules: reduced, option: Int32(option))
      count += 1
    }
    offered[first] = (price, count)
    return offers[first..<first + count]
  }

  /// Options whose reduced cost is above this share of the fastest option's effective energy are not tried: good plans
  /// lose a tenth of that on a whole.
  private static let dearestShare = 0.03
}
