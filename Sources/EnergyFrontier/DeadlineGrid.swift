/// Hands out deadlines evenly spaced from the fastest iteration to the cheapest, both included, while the curve is
/// walked. Long iterations get a few more between the fastest two, where the curve is steepest: splices lose more there
/// than plans of their own.
///
/// The curve is walked from slow to fast, and the cheapest time is known when the price first reaches the waiting
/// power.
struct DeadlineGrid {
  private let count: Int
  /// The parts into which the time between the fastest two is divided.
  private let firstParts: Int64
  private let fastTicks: Int64
  private var slowTicks: Int64 = 0
  private let waitingPrice: Double
  /// Deadlines still to come, the slowest last; nil until the cheapest time is known.
  private var pending: [Int64]?

  /// - Parameters:
  ///   - fastTicks: the fastest iteration.
  ///   - unitsPerWatt: the unit in which the segments' prices are given.
  init(_ problem: IterationProblem, fastTicks: Int64, unitsPerWatt: Double, count: Int) {
    self.count = max(2, count)
    firstParts = problem.graph.count > PlanSearch.fewestRoundedPositions ? 8 : 1
    self.fastTicks = fastTicks
    waitingPrice = problem.waitingPowerWatts * unitsPerWatt
  }

  /// The share of the curve that lies right of the segment's fast end, in 0...1.
  func doneShare(after segment: CurveTracer.Segment) -> Double {
    segment.slowTicks == fastTicks ? 1 : Double(slowTicks - segment.fastTicks) / Double(slowTicks - fastTicks)
  }

  /// The deadlines within the segment, slowest first, each handed out once.
  mutating func take(in segment: CurveTracer.Segment) -> [Int64] {
    slowTicks = max(slowTicks, segment.slowTicks)
    if pending == nil, Double(segment.price) >= waitingPrice {
      // In integers: a deadline rounded below the ticks of the cheapest plan would lose that plan.
      let (parts, span) = (UInt64(count - 1), UInt64(segment.slowTicks - fastTicks))
      let even = (0...parts).map { step in
        let product = span.multipliedFullWidth(by: step)
        return fastTicks + Int64(parts.dividingFullWidth(product).quotient)
      }
      let part = (even[1] - fastTicks) / firstParts
      pending =
        even.prefix(1) + (part > 0 ? (1..<firstParts).map { fastTicks + $0 * part } : []) + even.dropFirst()
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
