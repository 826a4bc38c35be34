internal import Basics

/// Gathers plans while the curve is traced, and makes better ones of those that turn out to matter.
///
/// 1. Each deadline gets two plans by beam search with the bound's prices, one forwards and one backwards in time, improved
///    by star moves (``gather``).
/// 2. The lower convex hull of all outcomes shows which plans are good for their time. Each deadline between two of its
///    corners, and as many times in between as the list needs to be dense, gets a splice of the two, improved again
///    (``splice``).
/// 3. Deadlines are searched once more, guided by the best plans they have by then, the worst most often, and again in rounds
///    where more effort is asked for (``refine``).
///
/// Nothing here depends on anything but the problem and the options: the same input gives the same plans.
struct PlanSearch {
  let space: PlanSpace
  private let beams: BeamPair
  private let beamWidth: Int
  /// For ``PlanEffort``'s rounds.
  private lazy var wideBeams = BeamPair(space, width: Self.widening * beamWidth)
  private let search: LocalSearch
  /// What was asked for, slowest first.
  private var targets: [(deadline: Int64, prices: BoundPrices)] = []
  private var drafts: [DraftPlan] = []

  /// The guidance of the first searches, chosen by trial on real profiles of two GPU models.
  private static let guidance = BeamSearch.Guidance(early: 0.1, late: 0.2)

  /// How many times as wide some beams of later rounds are.
  private static let widening = 3
  /// Splices that the whole list has room for, about.
  private static let mostParts = 1024.0

  /// - Parameter beamWidth: beginnings that each search keeps.
  init(_ space: PlanSpace, beamWidth: Int) {
    self.space = space
    self.beamWidth = beamWidth
    beams = BeamPair(space, width: beamWidth)
    search = LocalSearch(space)
  }

  /// Finds plans for a deadline; deadlines come slowest first.
  mutating func gather(
    deadline: Int64, prices: BoundPrices, _ progress: ProgressHandle
  ) throws(FrontierError) {
    targets.append((deadline, prices))
    try searchBothWays(deadline: deadline, prices: prices, guidance: Self.guidance, progress)
  }

  private mutating func searchBothWays(
    deadline: Int64, prices: BoundPrices, guidance: BeamSearch.Guidance, _ progress: ProgressHandle
  ) throws(FrontierError) {
    for isBackward in [false, true] {
      let plan = try beams.plan(
        isBackward: isBackward, deadline: deadline, prices: prices, guidance: guidance, progress)
      drafts.append(try search.improved(plan, deadline: deadline, progress))
    }
  }

  /// Adds the plan with everything slowest where the curve is a single point: then nothing slower takes longer.
  mutating func addSlowestIfEmpty() {
    if drafts.isEmpty { drafts.append(DraftPlan((0..<space.count).map { space.optionEnd[$0] - 1 }, in: space)) }
  }

  /// Splices the plans at both ends of each edge of the hull, for the deadlines in between.
  ///
  /// - Parameters:
  ///   - waitingJoulesPerTick: what a tick of the iteration costs beside effective energy.
  ///   - step: the share of the energy that two plans next to each other are to differ by, at most.
  ///   - report: takes the done share of this step, in 0...1.
  mutating func splice(
    waitingJoulesPerTick: Double, step: Double, _ progress: ProgressHandle, report: (Double) -> Void
  ) throws(FrontierError) {
    let corners = PlanHull(drafts).corners
    func energy(_ draft: DraftPlan) -> Double { draft.effectiveJoules + waitingJoulesPerTick * Double(draft.ticks) }
    let wholeDrop = corners.isEmpty ? 0 : energy(corners[0]) - (corners.map(energy).min() ?? 0)
    for (index, (fast, slow)) in zip(corners, corners.dropFirst()).enumerated() {
      // Effective energies may be negative, and then the energy is no measure; the whole drop is, so that the list stays finite.
      let drop = energy(fast) - energy(slow)
      let stepJoules = max(step * abs(energy(fast)), wholeDrop / Self.mostParts)
      let parts = drop > 0 ? max(1, min(Int64((drop / stepJoules).rounded(.up)), slow.ticks - fast.ticks)) : 1
      let between = (1..<parts).map { fast.ticks + (slow.ticks - fast.ticks) / parts * $0 }
      let asked = targets.map(\.deadline).filter { fast.ticks < $0 && $0 < slow.ticks }
      if between.isEmpty && asked.isEmpty { continue }
      let splicer = Splicer(space, fast: fast, slow: slow, scratch: search.timetable)
      for deadline in between + asked {
        drafts.append(try search.improved(splicer.splice(deadline: deadline), deadline: deadline, progress))
      }
      report(Double(index + 1) / Double(corners.count))
    }
    report(1)
  }

  /// Searches deadlines again as ``Refinement`` chooses, each guided by the times of the cheapest plan that keeps it.
  ///
  /// - Parameters:
  ///   - boundJoules: the bound at a deadline in ticks, for one device per rank and with waiting.
  ///   - report: takes the done share of this step, in 0...1.
  mutating func refine(
    _ effort: PlanEffort, waitingJoulesPerTick: Double, boundJoules: (Int64) -> Double, _ progress: ProgressHandle,
    report: (Double) -> Void
  ) throws(FrontierError) {
    func energy(_ draft: DraftPlan) -> Double { draft.effectiveJoules + waitingJoulesPerTick * Double(draft.ticks) }
    func goals(_ targets: [(deadline: Int64, prices: BoundPrices)]) -> [Refinement.Target] {
      let pareto = paretoDrafts(waitingJoulesPerTick: waitingJoulesPerTick)
      return targets.map { deadline, prices in
        let incumbent = pareto[pareto.partitionIndex { $0.ticks > deadline } - 1]
        return Refinement.Target(
          deadline: deadline, prices: prices, boundJoules: boundJoules(deadline), incumbent: incumbent,
          joules: energy(incumbent))
      }
    }
    let gap = effort.sufficientGapFraction
    var first = Refinement(goals(targets), sufficientGapFraction: gap, in: space)
    try run(&first, energy: energy, progress) { report($0 / Double(effort.roundCount + 1)) }
    let start = goals(withMiddles(targets))
    for round in 0..<effort.roundCount {
      var refinement = Refinement(start, round: round, sufficientGapFraction: gap, in: space)
      try run(&refinement, energy: energy, progress) {
        report((Double(round + 1) + $0) / Double(effort.roundCount + 1))
      }
    }
    report(1)
  }

  /// The deadlines and one between each two of them, by the faster one's prices.
  private func withMiddles(
    _ targets: [(deadline: Int64, prices: BoundPrices)]
  ) -> [(deadline: Int64, prices: BoundPrices)] {
    zip(targets, targets.dropFirst()).flatMap { slow, fast in
      [slow, ((slow.deadline + fast.deadline) / 2, fast.prices)]
    } + targets.suffix(1)
  }

  private mutating func run(
    _ refinement: inout Refinement, energy: (DraftPlan) -> Double, _ progress: ProgressHandle, report: (Double) -> Void
  ) throws(FrontierError) {
    while let task = refinement.next() {
      let (target, variant) = (refinement.targets[task.target], task.variant)
      let guide = refinement.target(task.target, offset: variant.guideOffset).incumbent
      search.timetable.load(guide.options, deadline: guide.ticks)
      var prices = refinement.target(task.target, offset: variant.priceOffset).prices
      (prices.starts, prices.ends) = search.timetable.middleTimes(stretchedTo: target.deadline)
      let beams = variant.isWide ? wideBeams : beams
      let plan = try beams.plan(
        isBackward: variant.isBackward, deadline: target.deadline, prices: prices, guidance: variant.guidance,
        progress)
      let draft = try search.improved(plan, deadline: target.deadline, progress)
      // What nobody needs is forgotten, or long searches would fill the memory.
      if refinement.offer(draft, joules: energy(draft)) { drafts.append(draft) }
      report(Double(refinement.searchesDone) / Double(refinement.mostSearches))
    }
    report(1)
  }

  /// The drafts that no other dominates, fastest first, by time and by energy with waiting.
  func paretoDrafts(waitingJoulesPerTick: Double) -> [DraftPlan] {
    DraftPlan.pareto(drafts, waitingJoulesPerTick: waitingJoulesPerTick)
  }
}
