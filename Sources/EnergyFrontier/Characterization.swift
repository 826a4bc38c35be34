public import Basics

/// How a frontier is to be computed.
public struct CharacterizationOptions: Sendable, Equatable {
  /// How many deadlines, evenly spaced from the fastest to the cheapest iteration time, get a search of their own; at
  /// least 2. Plans in between come from splicing.
  public var deadlineCount: Int
  /// How many beginnings of a plan ``BeamSearch`` keeps at a time, at least 1; time and memory grow in proportion.
  public var beamWidth: Int
  /// The share of the energy by which plans next to each other in the list differ, at most where one can be made.
  public var energyStepFraction: Double
  /// How hard plans are searched for.
  public var effort: PlanEffort
  /// How exactly the curve is computed.
  public var precision: CurvePrecision

  public init(
    deadlineCount: Int = 64, beamWidth: Int = 8, energyStepFraction: Double = 0.0005, effort: PlanEffort = PlanEffort(),
    precision: CurvePrecision = CurvePrecision()
  ) {
    self.effort = effort
    self.precision = precision
    self.deadlineCount = deadlineCount
    self.beamWidth = beamWidth
    self.energyStepFraction = energyStepFraction
  }
}

extension Frontier {
  /// Computes the lower bound and near-optimal plans, and keeps the plans that no other dominates.
  ///
  /// - Throws: ``FrontierError/cancelled``; the progress is asked at every corner and within every search for a plan.
  /// - Complexity: that of ``ParametricFlow`` and, for each deadline, of ``BeamSearch`` and ``LocalSearch`` up to a dozen times;
  ///   for each round of ``PlanEffort`` twenty to forty times as many searches as in its last step.
  public init(
    of problem: IterationProblem, options: CharacterizationOptions = CharacterizationOptions(),
    progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) {
    let switching = problem.switching.flatMap { $0.isFree ? nil : $0 }
    // Plans with switches are made from those without.
    let wholeProgress = progress
    let progress = wholeProgress.part(switching == nil ? 0...1 : 0...0.3)
    // On tens of thousands of instructions each of these takes some 20 ms.
    let scaled = ScaledProblem(problem)
    let space = PlanSpace(problem, scaled: scaled)
    try progress.check()
    var search = PlanSearch(space, beamWidth: max(1, options.beamWidth))
    let waitingJoulesPerTick = problem.waitingPowerWatts / scaled.ticksPerSecond
    try progress.check()
    let deadlineCount = min(options.deadlineCount, max(2, Self.mostPricedPlaces / problem.graph.count))
    var deadlines = DeadlineGrid(problem, scaled: scaled, count: deadlineCount)
    var targets: [(ticks: Int64, prices: BoundPrices)] = []
    var walks = 0.0
    curve = try LowerBoundCurve.walked(problem, options.precision, progress) { scaled in
      deadlines = DeadlineGrid(problem, scaled: scaled, count: deadlineCount)
      targets.removeAll()
      walks += 1
    } visit: { (segment, scaled) throws(FrontierError) in
      for ticks in deadlines.take(in: segment) {
        targets.append((ticks, BoundPrices(segment, lasting: ticks, space: space, scaled: scaled)))
      }
      // The walks double, and nobody knows how many there will be.
      progress.report(0.1 * (1 - 1 / walks + deadlines.doneShare(after: segment) / walks / (walks + 1)))
    }
    for (index, (ticks, prices)) in targets.enumerated() {
      try search.gather(deadline: ticks, prices: prices, progress)
      progress.report(0.1 + 0.25 * Double(index + 1) / Double(targets.count))
    }
    search.addSlowestIfEmpty()
    try search.splice(
      waitingJoulesPerTick: waitingJoulesPerTick, step: max(1e-5, options.energyStepFraction), progress
    ) { progress.report(0.35 + 0.25 * $0) }
    let (curve, devices) = (curve, Double(problem.deviceMultiplicity))
    let rankBoundJoules = { (ticks: Int64) in curve.boundJoules(at: Double(ticks) / scaled.ticksPerSecond) / devices }
    try search.refine(
      options.effort, waitingJoulesPerTick: waitingJoulesPerTick, boundJoules: rankBoundJoules, progress
    ) { progress.report(0.6 + 0.4 * $0) }
    let drafts = search.paretoDrafts(waitingJoulesPerTick: waitingJoulesPerTick)
    guard let switching else {
      plans = try drafts.map { (draft) throws(FrontierError) in
        try progress.check()
        let choices = space.choices(of: draft.options)
        return Plan(
          ticks: draft.ticks, effectiveJoules: draft.effectiveJoules, choices: choices,
          switchCount: problem.switchCount(ofChoices: choices), of: problem, scaled: scaled, curve: curve)
      }
      return
    }
    let switchingSpace = SwitchingSpace(problem, switching, base: space)
    var switchingSearch = SwitchingSearch(
      switchingSpace, beamWidth: max(1, options.beamWidth), waitingJoulesPerTick: waitingJoulesPerTick)
    let switchingTargets = targets.map { SwitchingSearch.Target(deadline: $0.ticks, prices: $0.prices) }
    let switched = try switchingSearch.plans(switchingTargets, naive: drafts, wholeProgress.part(0.3...1))
    plans = try switched.map { (draft) throws(FrontierError) in
      try progress.check()
      return Plan(
        ticks: draft.ticks, effectiveJoules: draft.joules, choices: switchingSpace.choices(of: draft.options),
        switchCount: draft.switchCount, of: problem, scaled: scaled, curve: curve)
    }
  }

  /// Each deadline keeps a price for each instruction and dependency; large problems get fewer deadlines, so that memory
  /// stays within some ten times what the problem itself takes.
  private static let mostPricedPlaces = 1 << 20
}

/// The deadlines that get a plan: evenly spaced from the fastest iteration to the cheapest, both included.
///
/// The curve is walked from slow to fast, and the cheapest time is known when the price first reaches the waiting power.
struct DeadlineGrid {
  private let count: Int
  private let fastTicks: Int64
  private var slowTicks: Int64 = 0
  private let waitingPrice: Double
  /// Deadlines still to come, the slowest last; nil until the cheapest time is known.
  private var pending: [Int64]?

  init(_ problem: IterationProblem, scaled: ScaledProblem, count: Int) {
    self.count = max(2, count)
    let events = EventNetwork(problem.graph)
    let times = events.earliestTimes(problem) { scaled.tables[problem.tableOfInstruction[$0]].ticks[0] }
    fastTicks = times[events.sink]
    waitingPrice = problem.waitingPowerWatts * scaled.unitsPerWatt
  }

  /// How much of the curve lies right of the segment's fast end, in 0...1.
  func doneShare(after segment: CurveTracer.Segment) -> Double {
    segment.slowTicks == fastTicks ? 1 : Double(slowTicks - segment.fastTicks) / Double(slowTicks - fastTicks)
  }

  /// The deadlines within the segment, slowest first, each handed out once.
  mutating func take(in segment: CurveTracer.Segment) -> [Int64] {
    slowTicks = max(slowTicks, segment.slowTicks)
    if pending == nil, Double(segment.price) >= waitingPrice {
      let span = Double(segment.slowTicks - fastTicks)
      pending = (0..<count).map { fastTicks + Int64((span * Double($0) / Double(count - 1)).rounded()) }
    }
    // Waiting costs more than any saving: the fastest iteration is the cheapest, and the only deadline.
    if pending == nil, segment.fastTicks == fastTicks { pending = [fastTicks] }
    var taken: [Int64] = []
    while let next = pending?.last, next >= segment.fastTicks {
      taken.append(next)
      pending?.removeLast()
    }
    return taken
  }
}
