internal import Basics

/// Searches plans at the deadlines of a ``BoundTrace``, as if changes of setting cost nothing.
///
/// 1. Each deadline gets two plans by beam search with the bound's prices, one forwards and one backwards in time,
///    improved by star moves (``searchDeadlines``).
/// 2. The lower convex hull of all plans so far shows which ones are good for their time. Each deadline between two of
///    its corners, and as many times in between as a dense list needs, gets a splice of the two, improved again
///    (``splice``).
/// 3. Deadlines are searched again, guided by the best plans so far, the worst ones most often, and again in rounds
///    where more effort is asked for (``refine``).
///
/// The plans are a function of the problem and the options.
struct PlanSearch {
  private let space: PlanSpace
  /// Slowest first.
  private let deadlines: [PricedDeadline]
  /// The bound at a deadline in ticks, of one device per rank and with waiting.
  private let boundJoules: (Int64) -> Double
  private let beams: BeamPair
  private let beamWidth: Int
  /// For the rounds of ``PlanEffort``.
  private lazy var wideBeams = BeamPair(space, width: Self.widening * beamWidth)
  private let search: LocalSearch
  private var drafts: [DraftPlan] = []

  /// The guidance of the first searches, chosen by trial on real profiles of two GPU models.
  private static let guidance = BeamSearch.Guidance(early: 0.1, late: 0.2)
  /// How many times as wide some beams of later rounds are.
  private static let widening = 3
  /// About as many splices as the whole list has room for.
  private static let mostParts = 1024.0
  private static let leastEnergyStep = 1e-5

  /// The plans found that no other dominates, fastest first.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  static func run(
    _ problem: IterationProblem, _ bound: BoundTrace, _ options: CharacterizationOptions, in space: PlanSpace,
    _ progress: ProgressHandle
  ) throws(FrontierError) -> [DraftPlan] {
    let (curve, devices) = (bound.curve, Double(problem.deviceMultiplicity))
    var search = PlanSearch(space, bound.deadlines, beamWidth: max(1, options.beamWidth)) { ticks in
      curve.boundJoules(at: Double(ticks) / problem.ticksPerSecond) / devices
    }
    try search.searchDeadlines(progress.part(0...0.3))
    try search.splice(step: max(Self.leastEnergyStep, options.energyStepFraction), progress.part(0.3...0.55))
    try search.refine(options.effort, progress.part(0.55...1))
    return search.front
  }

  /// - Parameter beamWidth: partial plans that each beam keeps.
  private init(
    _ space: PlanSpace, _ deadlines: [PricedDeadline], beamWidth: Int, boundJoules: @escaping (Int64) -> Double
  ) {
    (self.space, self.deadlines, self.beamWidth, self.boundJoules) = (space, deadlines, beamWidth, boundJoules)
    beams = BeamPair(space, width: beamWidth)
    search = LocalSearch(space)
  }

  /// The plans that no other dominates, fastest first.
  private var front: [DraftPlan] { drafts.paretoFront(waitingJoulesPerTick: space.waitingJoulesPerTick) }

  private func joules(_ draft: DraftPlan) -> Double {
    draft.joules(waitingJoulesPerTick: space.waitingJoulesPerTick)
  }

  /// Searches each deadline in both directions of time.
  private mutating func searchDeadlines(_ progress: ProgressHandle) throws(FrontierError) {
    for (index, deadline) in deadlines.enumerated() {
      for isBackward in [false, true] {
        let plan = try beams.plan(
          isBackward: isBackward, deadline: deadline.ticks, prices: deadline.prices, guidance: Self.guidance, progress)
        drafts.append(try search.improved(plan, deadline: deadline.ticks, progress))
      }
      progress.report(Double(index + 1) / Double(deadlines.count))
    }
    // Where the curve is a single point, running everything slowest takes no longer.
    if drafts.isEmpty { drafts.append(DraftPlan((0..<space.count).map { space.optionEnd[$0] - 1 }, in: space)) }
  }

  /// Splices the plans at both ends of each edge of the hull, for the deadlines in between.
  ///
  /// - Parameter step: the share of the energy by which neighbouring plans are to differ at most.
  private mutating func splice(step: Double, _ progress: ProgressHandle) throws(FrontierError) {
    let corners = drafts.lowerHullCorners
    let wholeDrop = corners.isEmpty ? 0 : joules(corners[0]) - (corners.map(joules).min() ?? 0)
    for (index, (fast, slow)) in zip(corners, corners.dropFirst()).enumerated() {
      // Effective energies may be negative, and then the energy is no measure; the whole drop keeps the list finite.
      let drop = joules(fast) - joules(slow)
      let stepJoules = max(step * abs(joules(fast)), wholeDrop / Self.mostParts)
      let parts = drop > 0 ? max(1, min(Int64((drop / stepJoules).rounded(.up)), slow.ticks - fast.ticks)) : 1
      let between = (1..<parts).map { fast.ticks + (slow.ticks - fast.ticks) / parts * $0 }
      let asked = deadlines.map(\.ticks).filter { fast.ticks < $0 && $0 < slow.ticks }
      if between.isEmpty && asked.isEmpty { continue }
      let splicer = Splicer(space, fast: fast, slow: slow, scratch: search.paths)
      for deadline in between + asked {
        let splices = splicer.splices(deadline: deadline)
        let cheaper = space.joules(of: splices[1]) < space.joules(of: splices[0]) ? splices[1] : splices[0]
        drafts.append(try search.improved(cheaper, deadline: deadline, progress))
      }
      progress.report(Double(index + 1) / Double(corners.count))
    }
    progress.report(1)
  }

  /// Searches deadlines again as ``Refinement`` chooses, each guided by the times of the cheapest plan that keeps it.
  private mutating func refine(_ effort: PlanEffort, _ progress: ProgressHandle) throws(FrontierError) {
    let gap = effort.sufficientGapFraction
    let share = 1 / Double(effort.roundCount + 1)
    var first = Refinement(targets(deadlines), sufficientGapFraction: gap, in: space)
    try run(&first, progress.part(0...share))
    let start = targets(withMiddles(deadlines))
    for round in 0..<effort.roundCount {
      var refinement = Refinement(start, round: round, sufficientGapFraction: gap, in: space)
      try run(&refinement, progress.part(Double(round + 1) * share...min(1, Double(round + 2) * share)))
    }
    progress.report(1)
  }

  private func targets(_ deadlines: [PricedDeadline]) -> [Refinement.Target] {
    let front = front
    return deadlines.map { deadline in
      let incumbent = front[front.partitioningIndex { $0.ticks > deadline.ticks } - 1]
      return Refinement.Target(
        deadline: deadline.ticks, prices: deadline.prices, boundJoules: boundJoules(deadline.ticks),
        incumbent: incumbent, joules: joules(incumbent))
    }
  }

  /// The deadlines and one between each two of them, with the prices of the faster one.
  private func withMiddles(_ deadlines: [PricedDeadline]) -> [PricedDeadline] {
    zip(deadlines, deadlines.dropFirst()).flatMap { slow, fast in
      [slow, PricedDeadline(ticks: (slow.ticks + fast.ticks) / 2, prices: fast.prices)]
    } + deadlines.suffix(1)
  }

  private mutating func run(_ refinement: inout Refinement, _ progress: ProgressHandle) throws(FrontierError) {
    while let task = refinement.next() {
      let (target, variant) = (refinement.targets[task.target], task.variant)
      let guide = refinement.target(task.target, offset: variant.guideOffset).incumbent
      search.paths.load(guide.options, deadline: guide.ticks)
      var prices = refinement.target(task.target, offset: variant.priceOffset).prices
      (prices.starts, prices.ends) = search.paths.middleTimes(stretchedTo: target.deadline)
      let beams = variant.isWide ? wideBeams : beams
      let plan = try beams.plan(
        isBackward: variant.isBackward, deadline: target.deadline, prices: prices, guidance: variant.guidance,
        progress)
      let draft = try search.improved(plan, deadline: target.deadline, progress)
      // A plan that improves no deadline is dropped, or long searches would fill the memory.
      if refinement.offer(draft, joules: joules(draft)) { drafts.append(draft) }
      progress.report(Double(refinement.searchesDone) / Double(refinement.mostSearches))
    }
    progress.report(1)
  }
}
