/// How a frontier is to be computed.
public struct CharacterizationOptions: Sendable, Equatable {
  /// How many deadlines, evenly spaced from the fastest to the cheapest iteration time, get a plan of their own; at least 2.
  public var deadlineCount: Int
  /// Whether every piece of the curve is checked by ``CurveCertificate`` while it is traced.
  public var certifies: Bool

  public init(deadlineCount: Int = 128, certifies: Bool = false) {
    self.deadlineCount = deadlineCount
    self.certifies = certifies
  }
}

extension Frontier {
  /// Computes the exact curve, a plan for each deadline, and keeps the plans that no other dominates.
  ///
  /// - Throws: ``FrontierError/cancelled``; the checkpoint is asked at every corner and for every plan.
  /// - Complexity: that of ``ParametricFlow`` and, for each deadline, of rounding.
  public init(
    of problem: IterationProblem, options: CharacterizationOptions = CharacterizationOptions(),
    checkpoint: Checkpoint = Checkpoint()
  ) throws(FrontierError) {
    let scaled = ScaledProblem(problem)
    let space = PlanSpace(problem, scaled: scaled)
    var tracer = CurveTracer(problem, scaled: scaled)
    var deadlines = DeadlineGrid(problem, scaled: scaled, count: options.deadlineCount)
    var drafts: [DraftPlan] = []
    let curve = try tracer.trace(checkpoint) { (segment) throws(FrontierError) in
      for ticks in deadlines.take(in: segment) {
        drafts.append(space.rounded(eventTimes: segment.eventTimes(lasting: ticks), events: segment.flow.events))
      }
    }
    self.curve = curve
    plans = Self.paretoPlans(drafts, problem: problem, scaled: scaled, curve: curve)
  }

  /// Turns drafts into plans with realised figures and drops the dominated ones.
  private static func paretoPlans(
    _ drafts: [DraftPlan], problem: IterationProblem, scaled: ScaledProblem, curve: LowerBoundCurve
  ) -> [Plan] {
    let devices = Double(problem.deviceMultiplicity)
    var plans: [Plan] = []
    let realised = drafts.map { draft in
      let seconds = Double(draft.ticks) / scaled.ticksPerSecond
      return (draft, seconds, devices * (draft.effectiveJoules + problem.waitingPowerWatts * seconds))
    }
    for (draft, seconds, energy) in realised.sorted(by: { ($0.1, $0.2) < ($1.1, $1.2) })
    where plans.isEmpty || energy < plans[plans.count - 1].energyJoules {
      let bound = curve.energyJoules(at: seconds) ?? curve.breakpoints[0].energyJoules
      plans.append(
        Plan(
          choices: draft.choices, iterationTimeSeconds: seconds, energyJoules: energy, gapFraction: energy / bound - 1))
    }
    return plans
  }
}

/// The deadlines that get a plan: evenly spaced from the fastest iteration to the cheapest, both included.
///
/// The curve is walked from slow to fast, and the cheapest time is known when the price first reaches the waiting power.
struct DeadlineGrid {
  private let count: Int
  private let fastTicks: Int64
  private let waitingPrice: Double
  /// Deadlines still to come, the slowest last; nil until the cheapest time is known.
  private var pending: [Int64]?

  init(_ problem: IterationProblem, scaled: ScaledProblem, count: Int) {
    self.count = max(2, count)
    let events = EventNetwork(problem.graph)
    let times = events.earliestTimes(problem.graph) { scaled.tables[problem.tableOfInstruction[$0]].ticks[0] }
    fastTicks = times[events.sink]
    waitingPrice = problem.waitingPowerWatts * scaled.unitsPerWatt
  }

  /// The deadlines within the segment, slowest first, each handed out once.
  mutating func take(in segment: CurveTracer.Segment) -> [Int64] {
    if pending == nil, Double(segment.price) >= waitingPrice {
      let span = Double(segment.slowTicks - fastTicks)
      pending = (0..<count).map { fastTicks + Int64((span * Double($0) / Double(count - 1)).rounded()) }
    }
    var taken: [Int64] = []
    while let next = pending?.last, next >= segment.fastTicks {
      taken.append(next)
      pending?.removeLast()
    }
    return taken
  }
}
