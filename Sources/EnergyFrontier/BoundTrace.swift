internal import Basics

/// The lower bound of a problem, with its prices at the deadlines that plans are searched for.
struct BoundTrace {
  let curve: LowerBoundCurve
  /// Slowest first; empty where the curve is a single point.
  let deadlines: [PricedDeadline]

  /// Prices are kept for each deadline, instruction and dependency. Large problems get fewer deadlines, so that memory
  /// stays within about ten times that of the problem itself.
  private static let mostPricedPositions = 1 << 20

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
      // Each walk takes about twice as long as the one before, and their number is not known in advance.
      progress.report(1 - 1 / walks + grid.doneShare(after: segment) / walks / (walks + 1))
    }
    self.deadlines = deadlines
  }
}

/// A deadline and what time costs there.
struct PricedDeadline {
  let ticks: Int64
  let prices: BoundPrices
}
