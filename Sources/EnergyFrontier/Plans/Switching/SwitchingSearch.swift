internal import Basics

/// Finds good plans where changing a setting costs time or energy.
///
/// 1. *Start*: the plans found as if changes were free, with their changes charged, so that the result is never worse
///    than them; and the fastest plan with one setting on each rank.
/// 2. *Uniform settings* (``UniformSettingPlans``) at prices that account for changes (``SwitchingPrices``).
/// 3. *Beams*: for each deadline plans by ``SwitchingBeam``, at the prices that prove the highest bound there and at
///    neighbouring ones: time spent on changes is lost to the instructions, so time is dearer than the bound says.
/// 4. *Splices* between corners of the hull (``Splicer``).
/// 5. *Incumbents*: from fast to slow, each deadline takes the best plan that keeps it and improves it.
///
/// ``RunSearch`` improves the plans of every step. The plans are a function of the problem and the options.
struct SwitchingSearch {
  private let space: SwitchingSpace
  private let beam: SwitchingBeam
  private let search: RunSearch
  private var drafts: [DraftPlan] = []
  /// Plans that were improved already: neighbouring prices often give the same uniform plans.
  private var triedPlans: Set<[Int32]> = []

  private static let mostFasterSearches = 16
  private static let mostPerturbedOptions = 64
  /// Which prices, counted from those of the highest bound, a deadline is searched with. Small problems are searched
  /// more thoroughly; in large ones a single instruction matters less.
  private var priceOffsets: ArraySlice<Int> { [0, -2, 2].prefix(max(1, 800 / max(1, space.count))) }
  /// Where changes leave little time for the instructions, time is dearer than the bound without changes ever finds it.
  private static let dearerFactors = [4, 2.8, 2, 1.4]
  private static let guidance = BeamSearch.Guidance(early: 0.1, late: 0.2)

  /// The plans found that no other dominates, fastest first.
  ///
  /// - Parameter drafts: plans of the space without changes of setting.
  /// - Throws: ``FrontierError/cancelled``.
  static func run(
    _ bound: BoundTrace, startingFrom drafts: [DraftPlan], _ options: CharacterizationOptions,
    in space: SwitchingSpace, _ progress: ProgressHandle
  ) throws(FrontierError) -> [DraftPlan] {
    var search = SwitchingSearch(space, beamWidth: max(1, options.beamWidth))
    let deadlines = bound.deadlines.sorted { $0.ticks < $1.ticks }
    try search.start(from: drafts, progress)
    let priced = try search.prices(deadlines, progress)
    progress.report(0.2)
    try search.addUniformSettings(priced, progress)
    try search.searchFaster(priced[0].prices, progress)
    progress.report(0.3)
    try search.searchDeadlines(deadlines, priced, progress.part(0.3...0.7))
    try search.splice(deadlines, progress)
    progress.report(0.9)
    try search.propagateIncumbents(deadlines, progress)
    progress.report(1)
    return search.drafts.paretoFront(waitingJoulesPerTick: space.base.waitingJoulesPerTick)
  }

  private init(_ space: SwitchingSpace, beamWidth: Int) {
    self.space = space
    beam = SwitchingBeam(space, width: beamWidth)
    search = RunSearch(space)
  }

  private mutating func start(from drafts: [DraftPlan], _ progress: ProgressHandle) throws(FrontierError) {
    for draft in drafts {
      try progress.check()
      self.drafts.append(DraftPlan(space.options(of: draft), in: space))
    }
    try addImproved(UniformSettingPlans.fastest(space), progress)
  }

  private mutating func addUniformSettings(
    _ priced: [SwitchingPrices], _ progress: ProgressHandle
  ) throws(FrontierError) {
    for prices in priced {
      for plan in UniformSettingPlans(space, prices.prices).plans { try addImproved(plan, progress) }
    }
  }

  private mutating func searchDeadlines(
    _ deadlines: [PricedDeadline], _ priced: [SwitchingPrices], _ progress: ProgressHandle
  ) throws(FrontierError) {
    let fallback = drafts.min { $0.ticks < $1.ticks }!
    for (index, deadline) in deadlines.enumerated() where deadline.ticks >= fallback.ticks {
      let best = priced.indices.max {
        priced[$0].boundJoules(deadline.ticks) < priced[$1].boundJoules(deadline.ticks)
      }!
      for offset in priceOffsets where priced.indices.contains(best + offset) {
        _ = try searchByPrices(deadline.ticks, priced[best + offset].prices, fallback.options, progress)
      }
      progress.report(Double(index + 1) / Double(deadlines.count))
    }
  }

  /// Adds a plan, and the result of improving it without making it slower.
  private mutating func addImproved(_ plan: [Int32], _ progress: ProgressHandle) throws(FrontierError) {
    guard triedPlans.insert(plan).inserted else { return }
    let draft = DraftPlan(plan, in: space)
    drafts.append(draft)
    drafts.append(try search.improved(plan, deadline: draft.ticks, progress))
  }

  /// Adds plans for the deadlines between two corners of the hull that share the iteration between the two.
  private mutating func splice(_ deadlines: [PricedDeadline], _ progress: ProgressHandle) throws(FrontierError) {
    let corners = drafts.lowerHullCorners
    for (fast, slow) in zip(corners, corners.dropFirst()) {
      let between = deadlines.map(\.ticks).filter { fast.ticks < $0 && $0 < slow.ticks }
      if between.isEmpty { continue }
      let splicer = Splicer(space, fast: fast, slow: slow)
      for deadline in between {
        try progress.check()
        for plan in splicer.splices(deadline: deadline) {
          drafts.append(try search.improved(plan, deadline: deadline, progress))
        }
      }
    }
  }

  /// Prices that account for changes of setting, the dearest first and at last those at which time costs nothing.
  private func prices(
    _ deadlines: [PricedDeadline], _ progress: ProgressHandle
  ) throws(FrontierError) -> [SwitchingPrices] {
    let dearest = deadlines.first.map { first in Self.dearerFactors.map { first.prices.scaled(by: $0) } } ?? []
    let none = [Int64](repeating: 0, count: space.count)
    let free = BoundPrices(
      positions: none.map(Double.init), dependencies: space.base.predecessors.map { _ in 0 }, starts: none, ends: none)
    let flows = dearest + deadlines.map(\.prices) + [free]
    return try flows.map { (flow) throws(FrontierError) in
      try SwitchingPrices(raising: flow, value: flow.value(in: space.base), in: space, progress)
    }
  }

  /// Searches plans faster than the fastest so far, as long as there are any.
  private mutating func searchFaster(_ prices: BoundPrices, _ progress: ProgressHandle) throws(FrontierError) {
    for _ in 0..<Self.mostFasterSearches {
      let fastest = drafts.reduce(Int64.max) { min($0, $1.ticks) }
      guard try searchByPrices(fastest - 1, prices, nil, progress) else { return }
    }
  }

  /// Adds a plan for a deadline at given prices; false when none was found.
  private mutating func searchByPrices(
    _ deadline: Int64, _ prices: BoundPrices, _ fallback: [Int32]?, _ progress: ProgressHandle
  ) throws(FrontierError) -> Bool {
    var prices = prices
    let scale = Double(deadline) / Double(max(1, prices.ends.max() ?? 1))
    prices.starts = prices.starts.map { Int64((Double($0) * scale).rounded()) }
    prices.ends = prices.ends.map { Int64((Double($0) * scale).rounded()) }
    let goal = SwitchingBeam.Goal(
      deadline: deadline, prices: prices, guidance: Self.guidance, fallback: fallback)
    guard let plan = try beam.plan(goal, progress) else { return false }
    drafts.append(try search.improved(plan, deadline: deadline, progress))
    return true
  }

  /// Improves for each deadline the best plan that keeps it, fastest first.
  private mutating func propagateIncumbents(
    _ deadlines: [PricedDeadline], _ progress: ProgressHandle
  ) throws(FrontierError) {
    func joules(_ draft: DraftPlan) -> Double {
      draft.joules(waitingJoulesPerTick: space.base.waitingJoulesPerTick)
    }
    for deadline in deadlines.map(\.ticks) {
      let fitting = drafts.filter { $0.ticks <= deadline }
      guard let best = fitting.min(by: { joules($0) < joules($1) }) else { continue }
      var improved = try search.improved(best.options, deadline: deadline, progress)
      drafts.append(improved)
      while let better = try perturbed(improved, deadline: deadline, progress) {
        improved = better
        drafts.append(better)
      }
    }
  }

  /// The first better plan found by giving one position another option, better or worse, and improving the result. Only
  /// for small problems, where this costs little and a single instruction is a large part of the plan.
  private func perturbed(
    _ draft: DraftPlan, deadline: Int64, _ progress: ProgressHandle
  ) throws(FrontierError) -> DraftPlan? {
    let optionCount = (0..<space.count).reduce(0) { $0 + space.optionEnd[$1] - space.optionStart[$1] }
    if optionCount > Self.mostPerturbedOptions { return nil }
    for position in 0..<space.count {
      for option in space.optionStart[position]..<space.optionEnd[position]
      where draft.options[position] != Int32(option) {
        var options = draft.options
        options[position] = Int32(option)
        if space.outcome(options).ticks > deadline { continue }
        let better = try search.improved(options, deadline: deadline, progress)
        if better.effectiveJoules < draft.effectiveJoules - LocalSearch.leastGain { return better }
      }
    }
    return nil
  }
}

extension BoundPrices {
  /// The value of the flow, in joules per tick.
  fileprivate func value(in space: PlanSpace) -> Double {
    (0..<space.count).reduce(0) { $0 + (space.successors(of: $1).isEmpty ? positions[$1] : 0) }
  }

  fileprivate func scaled(by factor: Double) -> BoundPrices {
    BoundPrices(
      positions: positions.map { $0 * factor }, dependencies: dependencies.map { $0 * factor }, starts: starts,
      ends: ends)
  }
}
