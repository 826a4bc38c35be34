public import Basics

/// Walks the lower-bound curve from the slowest iteration to the fastest and collects its corners.
struct CurveTracer {
  private let problem: IterationProblem
  private let scaled: ScaledProblem
  private let flow: ParametricFlow
  private var corners: [LowerBoundCurve.Breakpoint] = []
  /// Whether the fastest iteration was reached.
  private(set) var isComplete = false
  private let cornerLimit: Int
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

  /// - Parameter cornerLimit: the most corners to trace; ``isComplete`` says whether they were enough.
  init(_ problem: IterationProblem, scaled: ScaledProblem, cornerLimit: Int = .max) {
    self.cornerLimit = cornerLimit
    self.problem = problem
    self.scaled = scaled
    flow = ParametricFlow(problem, scaled: scaled)
    energy = 0
    for instruction in 0..<problem.graph.count {
      energy += problem.table(of: instruction).effectiveEnergies[problem.table(of: instruction).hull.last!]
    }
  }

  /// Walks the whole curve.
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

  /// The same, and what a walk passes on its way: of several walks only the last is over the curve that is returned.
  static func walked(
    _ problem: IterationProblem, _ precision: CurvePrecision, _ progress: ProgressHandle,
    willWalk: (ScaledProblem) -> Void, visit: BracketSearch.Visit
  ) throws(FrontierError) -> LowerBoundCurve {
    let budget = precision.budget(instructionCount: problem.graph.count)
    if budget > 0 {
      let scaled = ScaledProblem(problem)
      willWalk(scaled)
      var tracer = CurveTracer(problem, scaled: scaled, cornerLimit: budget)
      let curve = try tracer.trace(progress) { (segment) throws(FrontierError) in try visit(segment, scaled) }
      if tracer.isComplete { return curve }
    }
    var search = BracketSearch(problem)
    let tolerance = max(precision.toleranceFraction, CurvePrecision.leastToleranceFraction)
    return try search.narrow(to: tolerance, progress, willWalk: willWalk, visit: visit)
  }
}
