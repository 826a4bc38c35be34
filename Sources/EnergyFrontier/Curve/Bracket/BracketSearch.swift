internal import Basics

/// Brackets the lower-bound curve where tracing every corner would take too long.
///
/// **Problem.** With thousands of unlike instructions the curve has hundreds of thousands of corners, and each costs a
/// search of the whole network. Most of them bend the curve by less than can be measured.
///
/// **From below.** By weak duality *any* conserved flow f of value F proves, for every iteration time T,
///
///     L(T) >= W T + sum_i min_j (c_ij + f_i t_ij) + sum_b f_b lag_b - F T,
///
/// a straight line (``CurveChecker`` has the argument). The highest of some lines is a lower bound of the whole curve.
///
/// **From above.** Event times that keep all dependencies let each instruction mix its options within the time it has.
/// Mixtures of such schedules are schedules too, so chords between the outcomes of some lie on or above the curve.
///
/// **Idea.** Neither needs an optimal flow or schedule, only good ones. They come from ``ParametricFlow`` with *coarse
/// prices*: the slopes of all hulls are rounded to multiples of a large unit. Each augmentation raises the flow by a
/// unit at least, so there are at most as many corners as units in the steepest price, however many instructions there
/// are. Times stay exact, so every schedule on the way is feasible and the walk ends at the fastest iteration there is.
/// Lines and outcomes are then computed with the energies as measured: a slope that was rounded by a share r makes an
/// instruction choose a neighbouring mix, and near an optimum that costs about r^2.
///
/// **Refinement.** When the bracket is wider than asked, the unit is reduced by the factor that should narrow it to
/// half the width asked for; what was found before stays. A pass costs as much more as its unit is smaller, so all
/// passes together cost little more than the last.
///
/// **Why it stops.** With the unit small enough the walk is the exact one, and the bracket closes but for rounding; the
/// tolerance is not below that, and ``mostRefinements`` bounds the passes all the same.
///
/// **Complexity.** O(S (m + n log n)) for S searches, m arcs and n events, where S is some times the steepest price in
/// units; O(m + n) memory.
///
/// References: weak duality of Fulkerson's network (10.1287/mnsc.7.2.167); sandwiching a convex function between
/// tangents and chords: Burkard, Hamacher & Rote 1991, Sandwich approximation of univariate convex functions, Naval
/// Research Logistics 38.
struct BracketSearch {
  /// Sees each piece of a walk.
  typealias Visit = (CurveTracer.Segment, ScaledProblem) throws(FrontierError) -> Void

  private let problem: IterationProblem
  private let costs: [HullCost]
  private(set) var bracket: CurveBracketing
  private(set) var unitWatts: Double

  /// - Parameter isCoarse: whether the first walk is to be fast rather than to end within the usual tolerance.
  init(_ problem: IterationProblem, isCoarse: Bool = false) {
    let costs = problem.tables.map(HullCost.init)
    self.problem = problem
    self.costs = costs
    func longestPath(_ seconds: (HullCost) -> Double) -> Double {
      Double(problem.longestPathTicks { problem.ticks(seconds(costs[$0])) }) / problem.ticksPerSecond
    }
    bracket = CurveBracketing(timeRange: longestPath(\.fastest)...longestPath(\.slowest))
    // Nothing flows, and everything is slowest: what is known before any walk.
    let least = problem.tableOfInstruction.reduce(0) { $0 + costs[$1].leastCost(atPrice: 0) }
    let slowest = bracket.timeRange.upperBound
    bracket.add(line: CurveBracketing.Line(priceWatts: -problem.waitingPowerWatts, joules: least))
    bracket.add(point: (slowest, least + problem.waitingPowerWatts * slowest))
    let steepest = problem.tableOfInstruction.map { costs[$0].steepestWatts }.sorted()
    let units = problem.graph.count > Self.longCount ? Self.longUnitsPerSlope : Self.unitsPerSlope
    unitWatts = steepest[steepest.count / 2] / (isCoarse ? units.coarse : units.first)
  }

  /// Narrows the bracket until it is no wider than `toleranceFraction` between the fastest and the cheapest time.
  ///
  /// - Parameters:
  ///   - willWalk: called before each walk, which passes the whole curve from slow to fast.
  ///   - visit: sees each piece of each walk.
  /// - Throws: ``FrontierError/cancelled``.
  mutating func narrow(
    to toleranceFraction: Double, _ progress: ProgressHandle, willWalk: (ScaledProblem) -> Void, visit: Visit
  ) throws(FrontierError) -> LowerBoundCurve {
    var refinement = 0
    while true {
      try progress.check()
      let scaled = ScaledProblem(problem, priceUnitWatts: unitWatts)
      willWalk(scaled)
      try walk(scaled, progress, visit: visit)
      let curve = bracket.curve(devices: Double(problem.deviceMultiplicity))
      if curve.bracketFraction <= toleranceFraction || refinement == Self.mostRefinements { return curve }
      // The width is proportional to the square of the unit: aim at half the tolerance at once instead of halving.
      let aim = (0.5 * toleranceFraction / curve.bracketFraction).squareRoot()
      unitWatts *= min(Self.leastRefinement, max(Self.mostRefinement, aim.isFinite ? aim : 0))
      refinement += 1
    }
  }

  private mutating func walk(
    _ scaled: ScaledProblem, _ progress: ProgressHandle, visit: Visit
  ) throws(FrontierError) {
    var tracer = CurveTracer(problem, scaled: scaled, order: Self.searchOrder(problem))
    let range = bracket.timeRange
    let step = (range.upperBound - range.lowerBound) * scaled.ticksPerSecond / Self.samples
    var last: (ticks: Int64, price: FlowNetwork.Units)?
    _ = try tracer.trace(progress) { (segment) throws(FrontierError) in
      try visit(segment, scaled)
      // Neighbours hardly differ; only every so often one is worth the sums. The last one always is.
      if let last, Double(last.ticks - segment.fastTicks) < step, Double(segment.price) < 1.02 * Double(last.price),
        Double(segment.fastTicks) > range.lowerBound * scaled.ticksPerSecond + 1
      {
        return
      }
      last = (segment.fastTicks, segment.price)
      addLine(segment, scaled)
      addPoint(segment, scaled)
    }
  }

  private mutating func addLine(_ segment: CurveTracer.Segment, _ scaled: ScaledProblem) {
    let (network, events) = (segment.flow.network, segment.flow.events)
    var joules = 0.0
    for arc in 0..<network.arcCount {
      let watts = FlowNetwork.double(network.flow(on: arc)) / scaled.unitsPerWatt
      joules +=
        arc < events.instructionCount
        ? costs[problem.tableOfInstruction[arc]].leastCost(atPrice: watts)
        : watts * events.lagsSeconds[arc - events.instructionCount]
    }
    let price = Double(segment.price) / scaled.unitsPerWatt
    bracket.add(line: CurveBracketing.Line(priceWatts: price - problem.waitingPowerWatts, joules: joules))
  }

  /// The outcome of the event times at the fast end of a segment.
  private mutating func addPoint(_ segment: CurveTracer.Segment, _ scaled: ScaledProblem) {
    let (times, events) = (segment.eventTimes(lasting: segment.fastTicks), segment.flow.events)
    var joules = 0.0
    for instruction in 0..<problem.graph.count {
      let ticks = times[events.heads[instruction]] - times[events.tails[instruction]]
      joules += costs[problem.tableOfInstruction[instruction]].joules(lasting: Double(ticks) / scaled.ticksPerSecond)
    }
    let seconds = Double(segment.fastTicks) / scaled.ticksPerSecond
    bracket.add(point: (seconds, joules + problem.waitingPowerWatts * seconds))
  }

  /// Prices that the first walk distinguishes on an instruction of median steepness.
  private static let unitsPerSlope = (first: 16.0, coarse: 16.0)
  /// The same where a walk takes long, so that one is enough: as many bring the bracket below a quarter of a percent.
  private static let longUnitsPerSlope = (first: 40.0, coarse: 4.0)
  private static let longCount = 8192

  /// How a walk with coarse prices searches: in long iterations, where each search costs most, by half as many. In
  /// shorter ones the walk is fast either way, and the flows of the shortest paths are kept.
  static func searchOrder(_ problem: IterationProblem) -> SlackSearch.Order {
    problem.graph.count > longCount ? .settling : .levels
  }

  private static let mostRefinements = 40
  /// The factors by which the unit is reduced from pass to pass, at least and at most.
  private static let (leastRefinement, mostRefinement) = (0.5, 1.0 / 32)
  /// Places between the fastest and the slowest iteration at which a walk adds to the bracket, about.
  private static let samples = 256.0
}
