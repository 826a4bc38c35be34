internal import Basics

/// Finds good plans where changing a setting costs time or energy.
///
/// 1. *Start*: the plans found as if changes were free, with their changes charged, so that the result is never worse
///    than them; and the fastest plan with one setting on each rank. Where changes are restricted, of the former those
///    that keep to it, and what is nearest to corners of their hull (``RestrictedPlans``).
/// 2. *Uniform settings* (``UniformSettingPlans``) at prices that account for changes (``SwitchingPrices``).
/// 3. *Beams*: for each deadline plans by ``SwitchingBeam``, at the prices that prove the highest bound there and at
///    neighbouring ones: time spent on changes is lost to the instructions, so time is dearer than the bound says.
/// 4. *Splices* between corners of the hull (``Splicer``).
/// 5. *Incumbents*: from fast to slow, each deadline takes the best plan that keeps it and improves it.
///
/// ``RunSearch`` improves the plans of every step. The plans are a function of the problem and the options.
struct SwitchingSearch {
  private let space: SwitchingSpace
  private let parallel: ParallelMap
  private let tools: WorkerScratch<Tools>
  private var drafts: [DraftPlan] = []
  /// Plans that were improved already: neighbouring prices often give the same uniform plans.
  private var triedPlans: Set<[Int32]> = []

  /// The searches of one worker.
  private final class Tools {
    let beam: SwitchingBeam
    let runs: RunSearch

    init(_ space: SwitchingSpace, beamWidth: Int) {
      beam = SwitchingBeam(space, width: beamWidth)
      runs = RunSearch(space)
    }
  }

  private static let mostFasterSearches = 16
  private static let mostCorners = 32
  private static let mostPerturbedOptions = 64
  /// Deadlines beyond the cheapest time of the bound, which ignores changes and so is too early.
  private static let deadlinesBeyondCheapest = 8
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
    in space: SwitchingSpace, _ parallel: ParallelMap, _ progress: ProgressHandle
  ) throws(FrontierError) -> [DraftPlan] {
    var search = SwitchingSearch(space, beamWidth: max(1, options.beamWidth), parallel)
    var deadlines = bound.deadlines.sorted { $0.ticks < $1.ticks }
    try search.start(from: drafts, progress)
    let priced = try search.prices(deadlines, progress)
    progress.report(0.2)
    try search.addUniformSettings(priced, progress)
    try search.searchFaster(priced[0].prices, progress)
    progress.report(0.3)
    let cheapest = search.drafts.map(search.joules).min() ?? .infinity
    deadlines += bound.deadlinesBeyondCheapest(upTo: cheapest, count: Self.deadlinesBeyondCheapest)
    try search.searchDeadlines(deadlines, priced, progress.part(0.3...0.7))
    try search.splice(deadlines, progress)
    progress.report(0.9)
    try search.propagateIncumbents(deadlines, progress)
    progress.report(1)
    return search.drafts.paretoFront(waitingJoulesPerTick: space.base.waitingJoulesPerTick)
  }

  private init(_ space: SwitchingSpace, beamWidth: Int, _ parallel: ParallelMap) {
    (self.space, self.parallel) = (space, parallel)
    tools = WorkerScratch(workerCount: parallel.workerCount) { Tools(space, beamWidth: beamWidth) }
  }

  private func joules(_ draft: DraftPlan) -> Double {
    draft.joules(waitingJoulesPerTick: space.base.waitingJoulesPerTick)
  }

  private mutating func start(from drafts: [DraftPlan], _ progress: ProgressHandle) throws(FrontierError) {
    for draft in drafts {
      try progress.check()
      let options = space.options(of: draft)
      if space.allows(options) { self.drafts.append(DraftPlan(options, in: space)) }
    }
    try addImproved([UniformSettingPlans.fastest(space)], progress)
    if space.isRestricted { try addNearest(to: drafts.lowerHullCorners, progress) }
  }

  /// Adds plans that keep the restriction and take, as far as they can, as long for each instruction as given ones.
  private mutating func addNearest(to corners: [DraftPlan], _ progress: ProgressHandle) throws(FrontierError) {
    let stride = (corners.count + Self.mostCorners - 1) / Self.mostCorners
    let space = space
    for index in corners.indices where index % max(1, stride) == 0 {
      try progress.check()
      let options = space.options(of: corners[index])
      let nearest = RestrictedPlans.cheapest(space) { position, option in
        abs(Double(space.ticks[option] - space.ticks[Int(options[position])]))
      }
      try addImproved([nearest], progress)
    }
  }

  private mutating func addUniformSettings(
    _ priced: [SwitchingPrices], _ progress: ProgressHandle
  ) throws(FrontierError) {
    try addImproved(priced.flatMap { UniformSettingPlans(space, $0.prices).plans }, progress)
  }

  private mutating func searchDeadlines(
    _ deadlines: [PricedDeadline], _ priced: [SwitchingPrices], _ progress: ProgressHandle
  ) throws(FrontierError) {
    let fallback = drafts.min { $0.ticks < $1.ticks }!
    var goals: [SwitchingBeam.Goal] = []
    for deadline in deadlines where deadline.ticks >= fallback.ticks {
      let best = priced.indices.max {
        priced[$0].boundJoules(deadline.ticks) < priced[$1].boundJoules(deadline.ticks)
      }!
      for offset in priceOffsets where priced.indices.contains(best + offset) {
        goals.append(goal(deadline.ticks, priced[best + offset].prices, fallback: fallback.options))
      }
    }
    try search(goals, progress)
    progress.report(1)
  }

  /// Adds the plans that beams find for some goals, improved by run moves.
  ///
  /// - Returns: whether there were any.
  @discardableResult
  private mutating func search(
    _ goals: [SwitchingBeam.Goal], _ progress: ProgressHandle
  ) throws(FrontierError) -> Bool {
    let found = try parallel.map(goals.count, tools) { (index, tools) throws(FrontierError) -> DraftPlan? in
      guard let plan = try tools.beam.plan(goals[index], progress) else { return nil }
      return try tools.runs.improved(plan, deadline: goals[index].deadline, progress)
    }
    drafts += found.compactMap { $0 }
    return found.contains { $0 != nil }
  }

  private func goal(_ deadline: Int64, _ prices: BoundPrices, fallback: [Int32]?) -> SwitchingBeam.Goal {
    SwitchingBeam.Goal(
      deadline: deadline, prices: prices.stretched(from: prices.ends.max() ?? 1, to: deadline),
      guidance: Self.guidance, fallback: fallback)
  }

  /// Adds plans, and the results of improving them without making them slower.
  private mutating func addImproved(_ plans: [[Int32]], _ progress: ProgressHandle) throws(FrontierError) {
    let space = space
    let new = plans.filter { triedPlans.insert($0).inserted }
    drafts += try parallel.map(new.count, tools) { (index, tools) throws(FrontierError) in
      let draft = DraftPlan(new[index], in: space)
      return [draft, try tools.runs.improved(draft.options, deadline: draft.ticks, progress)]
    }.flatMap { $0 }
  }

  /// Adds plans for the deadlines between two corners of the hull that share the iteration between the two.
  private mutating func splice(_ deadlines: [PricedDeadline], _ progress: ProgressHandle) throws(FrontierError) {
    let corners = drafts.lowerHullCorners
    let space = space
    for (fast, slow) in zip(corners, corners.dropFirst()) {
      let between = deadlines.map(\.ticks).filter { fast.ticks < $0 && $0 < slow.ticks }
      if space.isRestricted { try addMixes(fast, slow, progress) }
      if between.isEmpty { continue }
      let splicer = Splicer(space, fast: fast, slow: slow)
      drafts += try parallel.map(between.count, tools) { (index, tools) throws(FrontierError) in
        var plans: [DraftPlan] = []
        for plan in splicer.splices(deadline: between[index]) where space.allows(plan) {
          plans.append(try tools.runs.improved(plan, deadline: between[index], progress))
        }
        return plans
      }.flatMap { $0 }
    }
  }

  /// Adds plans of which some ranks are from one plan and the others from another, which adds no changes.
  private mutating func addMixes(
    _ fast: DraftPlan, _ slow: DraftPlan, _ progress: ProgressHandle
  ) throws(FrontierError) {
    var mixes: [[Int32]] = []
    for (few, many) in [(fast, slow), (slow, fast)] {
      var mix = many.options
      for chain in space.chains.dropLast() {
        for position in chain { mix[position] = few.options[position] }
        mixes.append(mix)
      }
    }
    try addImproved(mixes, progress)
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
    let space = space
    return try parallel.map(flows.count, tools) { (index, _) throws(FrontierError) in
      try SwitchingPrices(raising: flows[index], value: flows[index].value(in: space.base), in: space, progress)
    }
  }

  /// Searches plans faster than the fastest so far, as long as there are any.
  private mutating func searchFaster(_ prices: BoundPrices, _ progress: ProgressHandle) throws(FrontierError) {
    for _ in 0..<Self.mostFasterSearches {
      let fastest = drafts.reduce(Int64.max) { min($0, $1.ticks) }
      if try !search([goal(fastest - 1, prices, fallback: nil)], progress) { return }
    }
  }

  /// Improves for each deadline the best plan that keeps it, fastest first.
  private mutating func propagateIncumbents(
    _ deadlines: [PricedDeadline], _ progress: ProgressHandle
  ) throws(FrontierError) {
    let runs = tools[0].runs
    for deadline in deadlines.map(\.ticks) {
      let fitting = drafts.filter { $0.ticks <= deadline }
      guard let best = fitting.min(by: { joules($0) < joules($1) }) else { continue }
      var improved = try runs.improved(best.options, deadline: deadline, progress)
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
    let runs = tools[0].runs
    let optionCount = (0..<space.count).reduce(0) { $0 + space.optionEnd[$1] - space.optionStart[$1] }
    if optionCount > Self.mostPerturbedOptions { return nil }
    for position in 0..<space.count {
      for option in space.optionStart[position]..<space.optionEnd[position]
      where draft.options[position] != Int32(option) {
        var options = draft.options
        options[position] = Int32(option)
        if space.outcome(options).ticks > deadline || !space.allows(options) { continue }
        let better = try runs.improved(options, deadline: deadline, progress)
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
