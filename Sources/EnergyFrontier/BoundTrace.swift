internal import Basics

/// The lower bound of a problem, with its prices at the deadlines that plans are searched for.
struct BoundTrace {
  let curve: LowerBoundCurve
  /// Slowest first; empty where the curve is a single point.
  let deadlines: [PricedDeadline]
  private let ticksPerSecond: Double
  private let deviceMultiplicity: Int

  /// Prices are kept for each deadline, instruction and dependency. Large problems get fewer deadlines, so that memory
  /// stays within about forty times that of the problem itself.
  private static let mostPricedPositions = 1 << 22

  /// Walks the curve and records the prices at `options.deadlineCount` deadlines.
  ///
  /// - Throws: ``FrontierError/cancelled``; the progress handle is asked at every corner.
  /// - Complexity: that of ``LowerBoundCurve/init(of:precision:progress:)``, and O(positions + dependencies) for each
  ///   deadline.
  init(
    _ problem: IterationProblem, _ options: CharacterizationOptions, in space: PlanSpace, _ progress: ProgressHandle
  ) throws(FrontierError) {
    let count = min(options.deadlineCount, max(2, Self.mostPricedPositions / problem.graph.count))
    let fastTicks = problem.fastestTicks
    var grid = DeadlineGrid(problem, fastTicks: fastTicks, unitsPerWatt: 1, count: count)
    var deadlines: [PricedDeadline] = []
    var walks = 0.0
    curve = try LowerBoundCurve.walked(problem, options.precision, progress) { scaled in
      // Only the last walk is over the curve that is returned, so each one starts over.
      grid = DeadlineGrid(problem, fastTicks: fastTicks, unitsPerWatt: scaled.unitsPerWatt, count: count)
      deadlines.removeAll()
      walks += 1
    } visit: { (segment, scaled) throws(FrontierError) in
      for ticks in grid.take(in: segment) {
        deadlines.append(
          PricedDeadline(
            ticks: ticks, prices: BoundPrices(segment, lasting: ticks, space: space, scaled: scaled)))
      }
      // Each walk takes longer than the one before, and their number is not known in advance.
      progress.report(1 - 1 / walks + grid.doneShare(after: segment) / walks / (walks + 1))
    }
    self.deadlines = deadlines
    ticksPerSecond = problem.ticksPerSecond
    deviceMultiplicity = problem.deviceMultiplicity
  }

  /// The bound at a deadline in ticks, in joules of one device per rank and with waiting.
  func joules(_ ticks: Int64) -> Double {
    curve.boundJoules(at: Double(ticks) / ticksPerSecond) / Double(deviceMultiplicity)
  }

  /// Deadlines evenly spaced from the bound's cheapest time, exclusive, to the last time at which a plan could draw
  /// less than `joules` of one device per rank; with the prices at the cheapest time.
  ///
  /// A plan's time comes in steps, so the cheapest plan may lie beyond the cheapest time of the bound.
  func deadlinesBeyondCheapest(upTo joules: Double, count: Int) -> [PricedDeadline] {
    guard let cheapest = deadlines.first else { return [] }
    let last = curve.lastTimeSeconds(withinEnergyJoules: joules * Double(deviceMultiplicity))
    // No plan lasts longer than that many ticks, however little waiting costs.
    let span = Int64(min((last * ticksPerSecond).rounded(.down), ScaledProblem.tickBound)) - cheapest.ticks
    if span < Int64(count) { return [] }
    return (1...Int64(count)).map { step in
      let ticks = cheapest.ticks + span / Int64(count) * step
      return PricedDeadline(ticks: ticks, prices: cheapest.prices.stretched(from: cheapest.ticks, to: ticks))
    }
  }
}

/// A deadline and what time costs there.
struct PricedDeadline: Sendable {
  let ticks: Int64
  let prices: BoundPrices
}
