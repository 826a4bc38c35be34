public import Basics

/// Walks the lower-bound curve from the slowest iteration to the fastest and collects its corners.
struct CurveTracer {
  private let problem: IterationProblem
  private let scaled: ScaledProblem
  private let flow: ParametricFlow
  private var corners: [LowerBoundCurve.Breakpoint] = []
  /// Corners traced so far, and the time of the last one in ticks.
  var cornerCount: Int { corners.count }
  var iterationTicks: Int64 { flow.iterationTicks }
  /// Whether the fastest iteration was reached.
  private(set) var isComplete = false
  /// The most corners to trace; may be raised to go on.
  var cornerLimit: Int
  /// Effective joules of one device per rank at the current iteration time.
  private var energy: Double

  /// One straight piece of the curve, about to be walked: between the two iteration times the price does not change.
  struct Segment {
    let slowTicks: Int64
    let fastTicks: Int64
    let price: FlowNetwork.Units
    /// Effective joules at the slow end and at the fast end, of one device per rank, waiting not included.
    let slowEffectiveJoules: Double
    let fastEffectiveJoules: Double
    let flow: ParametricFlow

    /// The event times of an optimal schedule that lasts `ticks`, within the segment.
    func eventTimes(lasting ticks: Int64) -> [Int64] { flow.times(shiftedBy: slowTicks - ticks) }
  }

  /// - Parameters:
  ///   - cornerLimit: the most corners to trace; ``isComplete`` says whether they were enough.
  ///   - order: how tight paths are searched. The curve does not depend on it, flows with ties do.
  init(
    _ problem: IterationProblem, scaled: ScaledProblem, cornerLimit: Int = .max, order: SlackSearch.Order = .levels
  ) {
    self.cornerLimit = cornerLimit
    self.problem = problem
    self.scaled = scaled
    flow = ParametricFlow(problem, scaled: scaled, order: order)
    energy = 0
    for instruction in 0..<problem.graph.count {
      energy += problem.table(of: instruction).effectiveEnergies[problem.table(of: instruction).hull.last!]
    }
  }

  /// Walks the curve to its end or to the corner limit; a second call goes on where the first one ended.
  ///
  /// - Parameter visit: sees each piece before it is walked, slowest first, and may ask for schedules in it.
  /// - Throws: ``FrontierError/cancelled``; the progress is asked at every corner.
  mutating func trace(
    _ progress: ProgressHandle, visit: (Segment) throws(FrontierError) -> Void
  ) throws(FrontierError) -> LowerBoundCurve {
    record()
    while corners.count <= cornerLimit {
      try progress.check()
      let slack = flow.findSlack()
      if slack == 0 {
        if flow.raisePrice() { continue }
        isComplete = true
        break
      }
      let slowTicks = flow.iterationTicks
      // The price was final only now; it belongs to the piece left of the corner recorded last.
      let fastEnergy = energy + Double(flow.price) / scaled.unitsPerWatt * (Double(slack) / scaled.ticksPerSecond)
      try visit(
        Segment(
          slowTicks: slowTicks, fastTicks: slowTicks - slack, price: flow.price, slowEffectiveJoules: energy,
          fastEffectiveJoules: fastEnergy, flow: flow))
      flow.shorten(by: slack)
      energy = fastEnergy
      record()
    }
    return LowerBoundCurve(breakpoints: corners.reversed())
  }

  /// Adds the current point; the price of the piece to its right is the flow now.
  ///
  /// Ticks are finer than doubles, so the two ends of a short piece may be the same time in seconds. Only the corner at
  /// its slow end is then recorded: it is the cheaper one, so nothing real lies below it.
  private mutating func record() {
    let seconds = Double(flow.iterationTicks) / scaled.ticksPerSecond
    if let last = corners.last, last.iterationTimeSeconds == seconds { return }
    let devices = Double(problem.deviceMultiplicity)
    let waiting = problem.waitingPowerWatts
    corners.append(
      LowerBoundCurve.Breakpoint(
        iterationTimeSeconds: seconds,
        energyJoules: devices * (energy + waiting * seconds),
        priceWatts: devices * (Double(flow.price) / scaled.unitsPerWatt - waiting)))
  }
}

extension LowerBoundCurve {
  /// The curve of a problem: exact where it has no more corners than the budget, else bracketed.
  ///
  /// - Complexity: see ``ParametricFlow``, one augmentation for most corners, and ``BracketSearch``.
  /// - Throws: ``FrontierError/cancelled``.
  public init(
    of problem: IterationProblem, precision: CurvePrecision = CurvePrecision(),
    progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) {
    self = try Self.walked(
      problem, precision, progress, willWalk: { _ in }, visit: { (_, _) throws(FrontierError) in })
  }

  /// The same, showing each walk and its pieces. Of several walks only the last is over the curve that is returned.
  ///
  /// Without a given budget the exact walk is tried first, and its corners are compared with those of a coarse walk as
  /// it goes on: when they foretell more than the budget, the curve is bracketed. So little time is lost to walks that
  /// do not reach their end, and the time grows smoothly with the problem.
  static func walked(
    _ problem: IterationProblem, _ precision: CurvePrecision, _ progress: ProgressHandle,
    willWalk: (ScaledProblem) -> Void, visit: BracketSearch.Visit
  ) throws(FrontierError) -> LowerBoundCurve {
    let budget = precision.budget(instructionCount: problem.graph.count)
    if budget > 0 {
      let scaled = ScaledProblem(problem)
      willWalk(scaled)
      var tracer = CurveTracer(problem, scaled: scaled)
      var coarse: CoarseCorners?
      tracer.cornerLimit =
        precision.breakpointBudget ?? min(budget, max(Self.leastTrial, Self.trialWork / problem.graph.count))
      while true {
        let curve = try tracer.trace(progress) { (segment) throws(FrontierError) in try visit(segment, scaled) }
        if tracer.isComplete { return curve }
        if tracer.cornerLimit >= budget { break }
        if coarse == nil { coarse = try CoarseCorners(problem, progress) }
        if let coarse, coarse.expectedCorners(tracer) > Double(budget) { break }
        tracer.cornerLimit = min(budget, 2 * tracer.cornerLimit)
      }
    }
    var search = BracketSearch(problem)
    let tolerance = max(precision.toleranceFraction, CurvePrecision.leastToleranceFraction)
    return try search.narrow(to: tolerance, progress, willWalk: willWalk, visit: visit)
  }

  /// Corners times instructions that are traced before the corners to come are estimated.
  private static let trialWork = 1 << 22
  private static let leastTrial = 64
}

/// Where the corners of a walk with coarse prices lie, to estimate how many the exact walk has left.
private struct CoarseCorners {
  /// Ticks of the corners, falling.
  private let ticks: [Int64]

  init(_ problem: IterationProblem, _ progress: ProgressHandle) throws(FrontierError) {
    var ticks: [Int64] = []
    let unitWatts = BracketSearch(problem, isCoarse: true).unitWatts
    var tracer = CurveTracer(
      problem, scaled: ScaledProblem(problem, priceUnitWatts: unitWatts), order: BracketSearch.searchOrder(problem))
    _ = try tracer.trace(progress) { (segment) throws(FrontierError) in ticks.append(segment.fastTicks) }
    self.ticks = ticks
  }

  /// The corners of the whole curve when the exact walk goes on as so far: it has passed this share of the coarse ones.
  func expectedCorners(_ tracer: CurveTracer) -> Double {
    let passed = ticks.partitioningIndex { $0 < tracer.iterationTicks }
    return Double(tracer.cornerCount) * Double(ticks.count + 1) / Double(passed + 1)
  }
}
