/// Builds a plan for a deadline instruction by instruction and keeps the most promising beginnings.
///
/// **Idea.** ``BoundPrices`` says what each option and each wait costs against the lower bound. Instructions are taken in
/// topological order; each beginning is continued with every option that can still meet the deadline, and the `width`
/// beginnings with the least loss go on. Unlike rounding one instruction after the other, this finds that three microbatches
/// may run a little fast so that a fourth takes an option far better.
///
/// **Guidance.** The loss of an early end shows only when a later instruction waits, which favours beginnings that hurry.
/// So time away from the bound's own schedule is charged in advance, a share of its price, and the charge is taken back
/// when the successors' starts are known.
///
/// **What a beginning is.** The ends of the places that have successors still to come (in slots that are used again), the
/// loss so far and the charge included in it. Beginnings with the same ends are one; the cheaper stays.
///
/// **Why it never fails.** A beginning is kept only if it meets the deadline with all other places at their fastest; the
/// fastest option keeps that true.
///
/// **Complexity.** O(places x width x (options + slots)) time, O(places x width) memory.
///
/// References: Lowerre 1976 (beam search); the loss is that of a Lagrangian bound as in Fisher 1981
/// (10.1287/mnsc.27.1.1).
final class BeamSearch {
  private let space: PlanSpace
  private let width: Int
  private let slots: FrontierSlots
  /// The longest path behind each place when all places run fastest, in ticks.
  private let leastTails: [Int64]

  /// Two generations of beginnings.
  private var now: Generation
  private var next: Generation
  private let candidates: UnsafeMutableBufferPointer<Candidate>
  /// For each place and beginning its parent and option.
  private let steps: UnsafeMutableBufferPointer<Step>
  /// Options worth trying at the place in hand.
  private let offers: UnsafeMutableBufferPointer<Offer>

  private struct Candidate {
    var loss: Double
    var parent: Int32
    var option: Int32
  }

  private struct Step {
    var parent: Int32
    var option: Int32
  }

  private struct Offer {
    var ticks: Int64
    var reducedJoules: Double
    var option: Int32
  }

  /// Beginnings that all end at the same place.
  private struct Generation {
    var count = 0
    /// `slots.count` ends for each beginning.
    let ends: UnsafeMutableBufferPointer<Int64>
    let losses: UnsafeMutableBufferPointer<Double>
    /// Exclusive or of a hash of each used slot's end.
    let hashes: UnsafeMutableBufferPointer<UInt64>

    init(width: Int, slotCount: Int) {
      ends = .allocate(capacity: width * slotCount)
      ends.initialize(repeating: 0)
      losses = .allocate(capacity: width)
      losses.initialize(repeating: 0)
      hashes = .allocate(capacity: width)
      hashes.initialize(repeating: 0)
    }

    func deallocate() {
      ends.deallocate()
      losses.deallocate()
      hashes.deallocate()
    }
  }

  /// How much of its price each tick before or after the bound's own end is charged in advance.
  struct Guidance {
    let early: Double
    let late: Double
  }

  init(_ space: PlanSpace, width: Int) {
    self.space = space
    self.width = width
    slots = FrontierSlots(space)
    var tails = [Int64](repeating: 0, count: space.count)
    for place in (0..<space.count).reversed() {
      for after in space.successors(of: place) {
        let fastest = space.ticks[Int(space.optionStart[Int(after)])]
        tails[place] = max(tails[place], tails[Int(after)] + fastest)
      }
    }
    leastTails = tails
    now = Generation(width: width, slotCount: slots.count)
    next = Generation(width: width, slotCount: slots.count)
    candidates = .allocate(capacity: width)
    candidates.initialize(repeating: Candidate(loss: 0, parent: 0, option: 0))
    steps = .allocate(capacity: space.count * width)
    steps.initialize(repeating: Step(parent: 0, option: 0))
    offers = .allocate(capacity: space.mostOptions)
    offers.initialize(repeating: Offer(ticks: 0, reducedJoules: 0, option: 0))
  }

  deinit {
    now.deallocate()
    next.deallocate()
    candidates.deallocate()
    steps.deallocate()
    offers.deallocate()
  }

  /// The best plan found that lasts at most `deadline` ticks, which is not below the fastest possible.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  func plan(
    deadline: Int64, prices: BoundPrices, guidance: Guidance, _ checkpoint: Checkpoint
  ) throws(FrontierError) -> [Int32] {
    now.count = 1
    now.losses[0] = 0
    now.hashes[0] = 0
    for slot in 0..<slots.count { now.ends[slot] = 0 }
    for place in 0..<space.count {
      if place % 64 == 0 { try checkpoint.check() }
      extend(place, deadline: deadline, prices: prices, guidance: guidance)
      swap(&now, &next)
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

  /// Continues all beginnings with `place`.
  private func extend(_ place: Int, deadline: Int64, prices: BoundPrices, guidance: Guidance) {
    let (now, slotCount) = (now, slots.count)
    let latest = deadline - leastTails[place]
    let price = prices.places[place]
    let due = prices.ends[place]
    let isLast = space.successors(of: place).isEmpty
    let offerCount = collectOffers(place, price: price)
    let first = Int(space.predecessorStart[place])
    let last = Int(space.predecessorStart[place + 1])
    // At the end nothing waits any more: all time up to the deadline is lost for certain.
    let early = price * (isLast ? 1 : guidance.early)
    let late = price * (isLast ? -1 : guidance.late)
    let target = isLast ? deadline : due

    var found = 0
    var cut = Double.infinity
    for beginning in 0..<now.count {
      let row = beginning * slotCount
      var start: Int64 = 0
      for dependency in first..<last { start = max(start, now.ends[row + Int(slots.ofPredecessor[dependency])]) }
      var loss = now.losses[beginning]
      for dependency in first..<last {
        let end = now.ends[row + Int(slots.ofPredecessor[dependency])]
        let ahead = Double(prices.ends[Int(space.predecessors[dependency])] - end)
        let charged = ahead > 0 ? guidance.early * ahead : -guidance.late * ahead
        loss += prices.dependencies[dependency] * (Double(start - end) - charged)
      }
      for index in 0..<offerCount {
        let offer = offers[index]
        // Both lists rise, so that nothing behind can be better.
        if loss + offer.reducedJoules >= cut { break }
        let end = start + offer.ticks
        if end > latest { continue }
        let ahead = Double(target - end)
        let total = loss + offer.reducedJoules + (ahead > 0 ? early * ahead : -late * ahead)
        if total >= cut { continue }
        let candidate = Candidate(loss: total, parent: Int32(beginning), option: offer.option)
        found = self.offer(candidate, to: found)
        if found == width { cut = candidates[0].loss }
      }
    }
    var best = UnsafeMutableBufferPointer(rebasing: candidates[..<found])
    best.sort { $0.loss < $1.loss }
    keep(found, at: place)
  }

  /// Makes the candidates the next generation, without twins.
  private func keep(_ found: Int, at place: Int) {
    let (now, next, slotCount) = (now, next, slots.count)
    let first = Int(space.predecessorStart[place])
    let last = Int(space.predecessorStart[place + 1])
    let own = Int(slots.ofPlace[place])
    var count = 0
    for index in 0..<found {
      let candidate = candidates[index]
      let row = Int(candidate.parent) * slotCount
      var start: Int64 = 0
      var hash = now.hashes[Int(candidate.parent)]
      for dependency in first..<last {
        let slot = Int(slots.ofPredecessor[dependency])
        start = max(start, now.ends[row + slot])
        if slots.isLastUse[dependency] { hash ^= Self.mix(now.ends[row + slot], slot) }
      }
      let end = start + space.ticks[Int(candidate.option)]
      hash ^= Self.mix(end, own)
      var twin = 0
      while twin < count && next.hashes[twin] != hash { twin += 1 }
      if twin < count && next.losses[twin] <= candidate.loss { continue }
      next.losses[twin] = candidate.loss
      steps[place * width + twin] = Step(parent: candidate.parent, option: candidate.option)
      if twin < count { continue }
      next.hashes[twin] = hash
      let newRow = twin * slotCount
      for slot in 0..<slotCount { next.ends[newRow + slot] = now.ends[row + slot] }
      next.ends[newRow + own] = end
      count += 1
    }
    self.next.count = count
  }

  /// Lists the options of `place` by rising reduced cost, without those that cost far too much.
  private func collectOffers(_ place: Int, price: Double) -> Int {
    let range = Int(space.optionStart[place])..<Int(space.optionEnd[place])
    var least = Double.infinity
    for option in range { least = min(least, space.joules[option] + price * Double(space.ticks[option])) }
    let most = Self.dearestShare * space.joules[range.lowerBound]
    var count = 0
    for option in range {
      let reduced = space.joules[option] + price * Double(space.ticks[option]) - least
      // The fastest stays, so that every beginning can be continued.
      if reduced > most && option > range.lowerBound { continue }
      var hole = count
      while hole > 0 && offers[hole - 1].reducedJoules > reduced {
        offers[hole] = offers[hole - 1]
        hole -= 1
      }
      offers[hole] = Offer(ticks: space.ticks[option], reducedJoules: reduced, option: Int32(option))
      count += 1
    }
    return count
  }

  /// Options whose reduced cost is above this share of the fastest option's effective energy are not tried.
  private static let dearestShare = 0.03

  private static func mix(_ end: Int64, _ slot: Int) -> UInt64 {
    var bits = (UInt64(bitPattern: end) ^ (UInt64(slot) << 58)) &* 0x9E37_79B9_7F4A_7C15
    bits ^= bits >> 29
    bits = bits &* 0xBF58_476D_1CE4_E5B9
    return bits ^ (bits >> 32)
  }

  /// Adds a candidate to the best ones seen, a heap with the greatest loss on top, or puts it in place of that one.
  ///
  /// - Returns: how many there are now, at most `width`.
  @inline(__always)
  private func offer(_ candidate: Candidate, to count: Int) -> Int {
    let candidates = candidates
    var hole: Int
    if count < width {
      hole = count
      while hole > 0 && candidates[(hole - 1) / 2].loss < candidate.loss {
        candidates[hole] = candidates[(hole - 1) / 2]
        hole = (hole - 1) / 2
      }
      candidates[hole] = candidate
      return count + 1
    }
    hole = 0
    while true {
      var child = 2 * hole + 1
      if child >= count { break }
      if child + 1 < count && candidates[child + 1].loss > candidates[child].loss { child += 1 }
      if candidates[child].loss <= candidate.loss { break }
      candidates[hole] = candidates[child]
      hole = child
    }
    candidates[hole] = candidate
    return count
  }
}
