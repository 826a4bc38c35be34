internal import Basics

/// Finds plans that are good although changing a setting costs time and energy.
///
/// 1. *Seeds*: the plans found as if changes were free, with their changes charged, so that none of them is better than what is
///    delivered; and the plan with one setting on each rank that is fastest.
/// 2. For each deadline the fast seed, slowed down where it fits, and plans by ``SwitchingBeam`` with the bound's prices at the
///    deadline and at tighter ones: what changes take is lost to the instructions, so time is dearer than the bound says.
///    All are improved by ``RunSearch``.
/// 3. From fast to slow, each deadline takes over the best plan that keeps it and improves on it.
///
/// Nothing here depends on anything but the problem and the options.
struct SwitchingSearch {
  struct Target {
    let deadline: Int64
    let prices: BoundPrices
  }

  private let space: SwitchingSpace
  private let beam: SwitchingBeam
  private let search: RunSearch
  private let waitingJoulesPerTick: Double
  private var drafts: [SwitchingDraft] = []
  /// Habits that were improved already; prices next to each other often give the same.
  private var knownHabits: Set<[Int32]> = []

  private static let mostHurries = 16
  private static let mostNudges = 64
  /// Which prices, counted from those of the highest bound, a deadline is searched with. Small problems are searched more
  /// thoroughly; in large ones a single instruction matters less.
  private var offsets: ArraySlice<Int> { [0, -2, 2].prefix(max(1, 800 / max(1, space.count))) }
  private static let dearer = [1.4, 2, 2.8, 4]
  private static let guidance = BeamSearch.Guidance(early: 0.1, late: 0.2)

  init(_ space: SwitchingSpace, beamWidth: Int, waitingJoulesPerTick: Double) {
    self.space = space
    beam = SwitchingBeam(space, width: beamWidth)
    search = RunSearch(space)
    self.waitingJoulesPerTick = waitingJoulesPerTick
  }

  /// The plans that no other dominates, fastest first.
  ///
  /// - Parameters:
  ///   - targets: deadlines and the bound's prices there, in any order.
  ///   - naive: plans found as if changes were free.
  mutating func plans(
    _ targets: [Target], naive: [DraftPlan], _ progress: ProgressHandle
  ) throws(FrontierError) -> [SwitchingDraft] {
    let targets = targets.sorted { $0.deadline < $1.deadline }
    drafts = try naive.map { (draft) throws(FrontierError) in
      try progress.check()
      return SwitchingDraft(space.options(of: draft), in: space)
    }
    try addImproved(RankHabits.fastestSteadyPlan(space), progress)
    let priced = try prices(targets, progress)
    progress.report(0.2)
    for price in priced {
      for plan in RankHabits(space, price.prices).plans { try addImproved(plan, progress) }
    }
    try hurry(priced[0].prices, progress)
    let safe = drafts.min { $0.ticks < $1.ticks }!
    progress.report(0.3)
    for (index, target) in targets.enumerated() where target.deadline >= safe.ticks {
      let best = priced.indices.max {
        priced[$0].boundJoules(target.deadline) < priced[$1].boundJoules(target.deadline)
      }!
      for offset in offsets where priced.indices.contains(best + offset) {
        _ = try searchByPrices(target.deadline, priced[best + offset].prices, safe.options, progress)
      }
      progress.report(0.3 + 0.4 * Double(index + 1) / Double(targets.count))
    }
    try splice(targets.map(\.deadline), progress)
    progress.report(0.9)
    try carryOver(targets.map(\.deadline), progress)
    progress.report(1)
    return SwitchingDraft.pareto(drafts, waitingJoulesPerTick: waitingJoulesPerTick)
  }

  /// Adds a plan, and what becomes of it when it may last as long as it does.
  private mutating func addImproved(_ plan: [Int32], _ progress: ProgressHandle) throws(FrontierError) {
    guard knownHabits.insert(plan).inserted else { return }
    let draft = SwitchingDraft(plan, in: space)
    drafts.append(draft)
    drafts.append(try search.improved(plan, deadline: draft.ticks, progress))
  }

  /// Adds plans for the deadlines between two corners of the hull that share the iteration between the two.
  private mutating func splice(_ deadlines: [Int64], _ progress: ProgressHandle) throws(FrontierError) {
    let corners = SwitchingDraft.hull(drafts)
    for (fast, slow) in zip(corners, corners.dropFirst()) {
      let between = deadlines.filter { fast.ticks < $0 && $0 < slow.ticks }
      if between.isEmpty { continue }
      let splicer = SwitchingSplicer(space, fast: fast, slow: slow)
      for deadline in between {
        try progress.check()
        for plan in splicer.splices(deadline: deadline) {
          drafts.append(try search.improved(plan, deadline: deadline, progress))
        }
      }
    }
  }

  /// Prices that know of changes, the dearest first.
  private func prices(_ targets: [Target], _ progress: ProgressHandle) throws(FrontierError) -> [SwitchingPrices] {
    // Where changes leave little time for the instructions, it is dearer than the bound ever finds it; and at last it may cost
    // nothing.
    let dearest = targets.first.map { target in Self.dearer.reversed().map { target.prices.scaled(by: $0) } } ?? []
    let none = [Int64](repeating: 0, count: space.count)
    let free = BoundPrices(
      places: none.map(Double.init), dependencies: space.base.predecessors.map { _ in 0 }, starts: none, ends: none)
    let flows = dearest + targets.map(\.prices) + [free]
    return try flows.map { (flow) throws(FrontierError) in
      try SwitchingPrices(raising: flow, value: flow.value(in: space.base), in: space, progress)
    }
  }

  /// Looks for plans faster than the fastest so far, as long as there are any.
  private mutating func hurry(_ prices: BoundPrices, _ progress: ProgressHandle) throws(FrontierError) {
    for _ in 0..<Self.mostHurries {
      let fastest = drafts.reduce(Int64.max) { min($0, $1.ticks) }
      guard try searchByPrices(fastest - 1, prices, nil, progress) else { return }
    }
  }

  /// Adds a plan for a deadline by prices; false when none was found.
  private mutating func searchByPrices(
    _ deadline: Int64, _ prices: BoundPrices, _ safe: [Int32]?, _ progress: ProgressHandle
  ) throws(FrontierError) -> Bool {
    var prices = prices
    let scale = Double(deadline) / Double(max(1, prices.ends.max() ?? 1))
    prices.starts = prices.starts.map { Int64((Double($0) * scale).rounded()) }
    prices.ends = prices.ends.map { Int64((Double($0) * scale).rounded()) }
    let goal = SwitchingBeam.Goal(
      deadline: deadline, prices: prices, guidance: Self.guidance, safe: safe)
    guard let plan = try beam.plan(goal, progress) else { return false }
    drafts.append(try search.improved(plan, deadline: deadline, progress))
    return true
  }

  /// Improves for each deadline the best plan that keeps it, fastest first.
  private mutating func carryOver(_ deadlines: [Int64], _ progress: ProgressHandle) throws(FrontierError) {
    func joules(_ draft: SwitchingDraft) -> Double { draft.joules + waitingJoulesPerTick * Double(draft.ticks) }
    for deadline in deadlines {
      let fitting = drafts.filter { $0.ticks <= deadline }
      guard let best = fitting.min(by: { joules($0) < joules($1) }) else { continue }
      var improved = try search.improved(best.options, deadline: deadline, progress)
      drafts.append(improved)
      while let better = try nudged(improved, deadline: deadline, progress) {
        improved = better
        drafts.append(better)
      }
    }
  }

  /// The first better plan that is found by giving one place another option, better or worse, and improving on that; small
  /// problems only, where it costs little and where a single instruction is much of the plan.
  private func nudged(
    _ draft: SwitchingDraft, deadline: Int64, _ progress: ProgressHandle
  ) throws(FrontierError) -> SwitchingDraft? {
    let optionCount = (0..<space.count).reduce(0) { $0 + space.optionEnd[$1] - space.optionStart[$1] }
    if optionCount > Self.mostNudges { return nil }
    for place in 0..<space.count {
      for option in space.optionStart[place]..<space.optionEnd[place] where draft.options[place] != Int32(option) {
        var options = draft.options
        options[place] = Int32(option)
        if space.outcome(options).ticks > deadline { continue }
        let better = try search.improved(options, deadline: deadline, progress)
        if better.joules < draft.joules - LocalSearch.leastGain { return better }
      }
    }
    return nil
  }
}

extension BoundPrices {
  /// What flows to the iteration's end, in joules per tick.
  fileprivate func value(in space: PlanSpace) -> Double {
    (0..<space.count).reduce(0) { $0 + (space.successors(of: $1).isEmpty ? places[$1] : 0) }
  }

  fileprivate func scaled(by factor: Double) -> BoundPrices {
    BoundPrices(
      places: places.map { $0 * factor }, dependencies: dependencies.map { $0 * factor }, starts: starts, ends: ends)
  }
}
