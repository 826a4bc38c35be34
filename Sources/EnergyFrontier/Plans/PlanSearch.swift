internal import Basics

/// Searches plans at the deadlines of a ``BoundTrace``, as if changes of setting cost nothing.
///
/// 1. *First plans* (``searchDeadlines(_:_:)``): each deadline gets a plan by beam search with the bound's prices, or
///    in long iterations by rounding the bound's schedule (``ScheduleRounding``), each forwards and backwards in time,
///    improved by star moves. So do a few deadlines beyond the bound's cheapest time, as far as a plan there could be
///    cheaper than all others.
/// 2. *Splices* (``splice(step:_:)``): the lower convex hull of all plans so far shows which ones are good for their
///    time. Each deadline between two of its corners, and as many times in between as a dense list needs, gets a splice
///    of the two, improved again.
/// 3. *Refinement* (``refine(_:_:)``): deadlines are searched by beam again, guided by the best plans so far, the worst
///    ones most often.
/// 4. *Iterated local search* (``iterate(_:_:)``): the best plan of each deadline is improved by many small
///    disturbances, most where the loss against the bound is greatest. Not with ``PlanEffort/Level/quick``.
/// 5. *Rounds*, where asked for, repeat 3 with more diverse beams, and 4.
///
/// Every step hands out its searches in batches of fixed size, and offers the results in their order: the plans are a
/// function of the problem and the options, whatever the number of workers.
struct PlanSearch {
  private let space: PlanSpace
  private let curve: LowerBoundCurve
  /// Slowest first.
  private var deadlines: [PricedDeadline]
  /// The bound at a deadline in ticks, of one device per rank and with waiting.
  private let boundJoules: (Int64) -> Double
  private let parallel: ParallelMap
  private let tools: WorkerScratch<SearchTools>
  private var drafts: [DraftPlan] = []

  /// The guidance of the first searches, chosen by trial on real profiles of two GPU models.
  private static let guidance = BeamSearch.Guidance(early: 0.1, late: 0.2)
  /// About as many splices as the whole list has room for.
  private static let mostParts = 1024.0
  private static let leastEnergyStep = 1e-5
  /// Deadlines beyond the cheapest time of the bound.
  private static let deadlinesBeyondCheapest = 4
  /// Searches of a refinement that are chosen at a time.
  private static let batch = 8

  struct Result {
    /// The plans found that no other dominates, fastest first.
    let drafts: [DraftPlan]
    /// Whether these are all such plans there are.
    let isComplete: Bool
  }

  /// Searches plans.
  ///
  /// - Parameters:
  ///   - enumerates: whether small problems are to be solved exactly, which ends the search.
  ///   - mayContinue: is asked before each round.
  /// - Throws: ``FrontierError/cancelled``.
  static func run(
    _ bound: BoundTrace, _ options: CharacterizationOptions, in space: PlanSpace, enumerates: Bool,
    _ parallel: ParallelMap, _ progress: ProgressHandle, mayContinue: (PlanRound) -> Bool
  ) throws(FrontierError) -> Result {
    var search = PlanSearch(bound, options, in: space, parallel)
    let effort = options.effort
    // In units of the time that the beams, splices and refinement of the quick level take.
    let standard = effort.level == .quick ? 0.0 : 6
    let whole = 1 + standard + Self.roundDuration * Double(effort.roundCount)
    let stage = { (from: Double, to: Double) in progress.part(min(1, from / whole)...min(1, to / whole)) }
    try search.searchDeadlines(bound.deadlines, stage(0, 0.3))
    try search.searchDeadlines(
      bound.deadlinesBeyondCheapest(upTo: search.cheapestJoules, count: Self.deadlinesBeyondCheapest),
      stage(0.3, 0.32))
    if enumerates {
      var enumeration = ParetoEnumeration(space, bound, knowing: search.front)
      try enumeration.run(progress)
      if enumeration.isComplete {
        progress.report(1)
        return Result(drafts: enumeration.plans, isComplete: true)
      }
      search.drafts += enumeration.plans
    }
    try search.splice(step: max(Self.leastEnergyStep, options.energyStepFraction), stage(0.32, 0.55))
    try search.refine(.basic, effort, stage(0.55, 1))
    if effort.level == .standard {
      try search.refine(.diverse(round: 0), effort, stage(1, 1 + standard / 3))
      try search.iterate(seed: 0, effort, stage(1 + standard / 3, 1 + standard))
    }
    for round in 0..<effort.roundCount {
      guard mayContinue(PlanRound(roundCount: round, meanGapFraction: search.meanGapFraction)) else { break }
      let start = 1 + standard + Self.roundDuration * Double(round)
      try search.refine(.diverse(round: round + 1), effort, stage(start, start + Self.roundDuration * 0.7))
      try search.iterate(
        seed: UInt64(round + 1), effort, stage(start + Self.roundDuration * 0.7, start + Self.roundDuration))
    }
    progress.report(1)
    return Result(drafts: search.front, isComplete: false)
  }

  private static let roundDuration = 20.0

  private init(
    _ bound: BoundTrace, _ options: CharacterizationOptions, in space: PlanSpace, _ parallel: ParallelMap
  ) {
    (self.space, self.parallel, curve, deadlines) = (space, parallel, bound.curve, [])
    boundJoules = bound.joules
    let beamWidth = max(1, options.beamWidth)
    tools = WorkerScratch(workerCount: parallel.workerCount) { SearchTools(space, beamWidth: beamWidth) }
  }

  /// The plans that no other dominates, fastest first.
  private var front: [DraftPlan] { drafts.paretoFront(waitingJoulesPerTick: space.waitingJoulesPerTick) }

  /// Joules of the cheapest plan of one device per rank, waiting included.
  private var cheapestJoules: Double { drafts.map(joules).min() ?? .infinity }

  private func joules(_ draft: DraftPlan) -> Double {
    draft.joules(waitingJoulesPerTick: space.waitingJoulesPerTick)
  }

  /// Searches each deadline in both directions of time: by rounding the bound's schedule where the iteration is long,
  /// and by beam unless it is very long.
  private mutating func searchDeadlines(
    _ new: [PricedDeadline], _ progress: ProgressHandle
  ) throws(FrontierError) {
    deadlines = (deadlines + new).sorted { $0.ticks > $1.ticks }
    if space.count > Self.fewestRoundedPositions { try roundSchedules(new, progress.part(0...0.1)) }
    if space.count <= Self.mostBeamPositions { try searchByBeam(new, progress.part(0.1...1)) }
    progress.report(1)
    // Where the curve is a single point, running everything slowest takes no longer.
    if drafts.isEmpty { drafts.append(DraftPlan((0..<space.count).map { space.optionEnd[$0] - 1 }, in: space)) }
  }

  private mutating func roundSchedules(
    _ new: [PricedDeadline], _ progress: ProgressHandle
  ) throws(FrontierError) {
    let space = space
    drafts += try parallel.map(2 * new.count, tools) { (index, tools) throws(FrontierError) in
      let (deadline, prices) = (new[index / 2].ticks, new[index / 2].prices)
      let rounded =
        index % 2 == 0
        ? ScheduleRounding.forwards(space, prices)
        : ScheduleRounding.backwards(space, prices, deadline: deadline)
      return try tools.local.improved(rounded, deadline: deadline, progress)
    }
    progress.report(1)
  }

  private mutating func searchByBeam(_ new: [PricedDeadline], _ progress: ProgressHandle) throws(FrontierError) {
    let batch = 2 * Self.batch
    for start in stride(from: 0, to: 2 * new.count, by: batch) {
      let count = min(batch, 2 * new.count - start)
      drafts += try parallel.map(count, tools) { (index, tools) throws(FrontierError) in
        let deadline = new[(start + index) / 2]
        let variant = Refinement.Variant(isBackward: (start + index) % 2 == 1, guidance: Self.guidance)
        return try tools.plan(deadline: deadline.ticks, prices: deadline.prices, variant, progress)
      }
      progress.report(Double(start + count) / Double(2 * new.count))
    }
  }

  /// Splices the plans at both ends of each edge of the hull, for the deadlines in between.
  ///
  /// - Parameter step: the share of the energy by which neighbouring plans are to differ at most.
  private mutating func splice(step: Double, _ progress: ProgressHandle) throws(FrontierError) {
    let corners = drafts.lowerHullCorners
    let wholeDrop = corners.isEmpty ? 0 : joules(corners[0]) - (corners.map(joules).min() ?? 0)
    let local = LocalSearch(space)
    for (index, (fast, slow)) in zip(corners, corners.dropFirst()).enumerated() {
      // Effective energies may be negative, and then the energy is no measure; the whole drop keeps the list finite.
      let drop = joules(fast) - joules(slow)
      let stepJoules = max(step * abs(joules(fast)), wholeDrop / Self.mostParts)
      let parts = drop > 0 ? max(1, min(Int64((drop / stepJoules).rounded(.up)), slow.ticks - fast.ticks)) : 1
      let between = (1..<parts).map { fast.ticks + (slow.ticks - fast.ticks) / parts * $0 }
      let asked = between + deadlines.map(\.ticks).filter { fast.ticks < $0 && $0 < slow.ticks }
      if asked.isEmpty { continue }
      let splicer = Splicer(space, fast: fast, slow: slow, scratch: local.paths)
      let space = space
      drafts += try parallel.map(asked.count, tools) { (index, tools) throws(FrontierError) in
        let splices = splicer.splices(deadline: asked[index])
        let cheaper = space.joules(of: splices[1]) < space.joules(of: splices[0]) ? splices[1] : splices[0]
        return try tools.local.improved(cheaper, deadline: asked[index], progress)
      }
      progress.report(Double(index + 1) / Double(corners.count))
    }
    progress.report(1)
  }

  /// Searches deadlines again as ``Refinement`` chooses; the diverse kinds also search one deadline between each two.
  private mutating func refine(
    _ kind: Refinement.Kind, _ effort: PlanEffort, _ progress: ProgressHandle
  ) throws(FrontierError) {
    var incumbents = incumbents(kind == .basic ? deadlines : withMiddles(deadlines))
    var refinement = Refinement(
      kind, targetCount: incumbents.targets.count, mostSearches: mostSearches(kind),
      sufficientGapFraction: effort.sufficientGapFraction)
    while true {
      let tasks = refinement.next(Self.batch, incumbents)
      if tasks.isEmpty { break }
      let known = incumbents
      let found = try parallel.map(tasks.count, tools) { (index, tools) throws(FrontierError) in
        try tools.plan(tasks[index], known, progress)
      }
      // A plan that improves no deadline is dropped, or long searches would fill the memory.
      for draft in found where incumbents.offer(draft, joules: joules(draft)) { drafts.append(draft) }
      progress.report(Double(refinement.searchesDone) / Double(refinement.mostSearches))
    }
    progress.report(1)
  }

  /// Two searches for five instructions: small problems are done at once, larger ones are searched more thoroughly. So
  /// that the time stays linear in the end, the searches together go through a limited number of positions, or unless
  /// the iteration is long as many as one search of each deadline takes. Round 0 belongs to the standard level and has
  /// a fixed budget; later rounds have twenty times as many searches.
  private func mostSearches(_ kind: Refinement.Kind) -> Int {
    let isLong = space.count > Self.mostBeamPositions
    let first = max(
      isLong ? 1 : deadlines.count, min(2 * space.count / 5, Self.mostBasicPositions / space.count))
    return switch kind {
    case .basic: first
    case .diverse(let round): round == 0 ? min(Self.mostDiversePositions / space.count, 32 * first) : 20 * first
    }
  }

  /// With fewer instructions beams find plans as good.
  static let fewestRoundedPositions = 2048
  /// With more instructions a beam, which keeps few of the many states that there are, finds nothing that rounding the
  /// bound's schedule does not.
  private static let mostBeamPositions = 4096
  private static let mostBasicPositions = 1_200_000
  private static let mostDiversePositions = 400_000

  /// Improves the best plan of each deadline by ``IteratedLocalSearch``, with most iterations where the loss is
  /// greatest.
  private mutating func iterate(seed: UInt64, _ effort: PlanEffort, _ progress: ProgressHandle) throws(FrontierError) {
    var incumbents = incumbents(deadlines)
    let losses = incumbents.targets.map { $0.loss > effort.sufficientGapFraction * $0.boundJoules ? $0.loss : 0 }
    let whole = losses.reduce(0, +)
    if whole <= 0 { return progress.report(1) }
    let count = Double(space.count)
    let iterations =
      min(
        Self.iterationsPerInstruction * count * (count / 192).squareRoot() * Double(losses.count), Self.mostIterations)
      * min(1, Self.localCount / count * Self.localCount / count)
    let tasks = losses.indices.filter { losses[$0] > 0 }
    for start in stride(from: 0, to: tasks.count, by: Self.batch) {
      let count = min(Self.batch, tasks.count - start)
      let known = incumbents
      let found = try parallel.map(count, tools) { (index, tools) throws(FrontierError) in
        let number = tasks[start + index]
        let target = known.targets[number]
        let share = min(
          max(losses[number] / whole, Self.leastShare / Double(tasks.count)), Self.mostShare / Double(tasks.count))
        return try IteratedLocalSearch(tools.local).improved(
          target.plan, deadline: target.deadline, iterations: Int(iterations * share),
          seed: seed &* 0x1_0000 &+ UInt64(number), progress)
      }
      for draft in found where incumbents.offer(draft, joules: joules(draft)) { drafts.append(draft) }
      progress.report(Double(start + count) / Double(tasks.count))
    }
  }

  /// Disturbances for each instruction and deadline of a problem with 192 instructions. Longer iterations need more for
  /// each.
  private static let iterationsPerInstruction = 5.0
  private static let mostIterations = 300_000.0
  /// With more instructions a disturbance affects a long part of the iteration and costs in proportion to it.
  private static let localCount = 2048.0
  /// The share of all iterations that a deadline gets, over the mean share.
  private static let (leastShare, mostShare) = (0.5, 4.0)

  private func incumbents(_ deadlines: [PricedDeadline]) -> Incumbents {
    Incumbents(
      deadlines, plans: front, waitingJoulesPerTick: space.waitingJoulesPerTick, boundJoules: boundJoules)
  }

  private var meanGapFraction: Double {
    let targets = incumbents(deadlines).targets
    if targets.isEmpty { return 0 }
    return targets.reduce(0) { $0 + $1.loss / $1.boundJoules } / Double(targets.count)
  }

  /// The deadlines and one between each two of them, with the prices of the faster one.
  private func withMiddles(_ deadlines: [PricedDeadline]) -> [PricedDeadline] {
    zip(deadlines, deadlines.dropFirst()).flatMap { slow, fast in
      [slow, PricedDeadline(ticks: (slow.ticks + fast.ticks) / 2, prices: fast.prices)]
    } + deadlines.suffix(1)
  }
}
