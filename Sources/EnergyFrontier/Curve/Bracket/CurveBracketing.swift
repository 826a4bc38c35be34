internal import Basics

/// Straight lines below the curve and outcomes of schedules above it, in joules of one device per rank, waiting
/// included.
struct CurveBracketing: Sendable {
  /// L(T) >= joules - priceWatts * T for every T.
  struct Line: Sendable {
    let priceWatts: Double
    let joules: Double

    func joules(at seconds: Double) -> Double { joules - priceWatts * seconds }
  }

  /// From the fastest iteration to the slowest that is of any use.
  let timeRange: ClosedRange<Double>
  private var lines: [Line] = []
  private var points: [(seconds: Double, joules: Double)] = []

  init(timeRange: ClosedRange<Double>) { self.timeRange = timeRange }

  mutating func add(line: Line) { lines.append(line) }

  mutating func add(point: (seconds: Double, joules: Double)) { points.append(point) }

  /// The lines that are highest somewhere in the range, steepest first, each with the time from which it is. O(n log
  /// n).
  var envelope: [(line: Line, from: Double)] {
    var kept: [(line: Line, from: Double)] = []
    for line in lines.sorted(by: { ($0.priceWatts, $0.joules) > ($1.priceWatts, $1.joules) }) {
      var from = timeRange.lowerBound
      while let last = kept.last {
        // Where the flatter line overtakes the steeper one.
        let steeper = last.line.priceWatts - line.priceWatts
        from = steeper > 0 ? (last.line.joules - line.joules) / steeper : .infinity
        if from > last.from { break }
        kept.removeLast()
        from = timeRange.lowerBound
      }
      if from < timeRange.upperBound || kept.isEmpty { kept.append((line, from)) }
    }
    return kept
  }

  /// The lower convex hull of the outcomes, fastest first. O(n log n).
  var hull: [(seconds: Double, joules: Double)] {
    var sorted: [(seconds: Double, joules: Double)] = []
    for point in points.sorted(by: { ($0.seconds, $0.joules) < ($1.seconds, $1.joules) })
    where sorted.last?.seconds != point.seconds {
      sorted.append(point)
    }
    return lowerHull(x: sorted.map(\.seconds), y: sorted.map(\.joules)).map { sorted[$0] }
  }

  /// The bound as a curve, for `devices` behind each rank.
  func curve(devices: Double) -> LowerBoundCurve {
    let envelope = envelope
    var corners = envelope.map { line, from in
      LowerBoundCurve.Breakpoint(
        iterationTimeSeconds: from, energyJoules: devices * line.joules(at: from),
        priceWatts: devices * line.priceWatts)
    }
    // The curve ends where nothing can be gained by running slower; the last price says what waiting costs.
    if let last = envelope.last, last.from < timeRange.upperBound {
      corners.append(
        LowerBoundCurve.Breakpoint(
          iterationTimeSeconds: timeRange.upperBound,
          energyJoules: devices * last.line.joules(at: timeRange.upperBound),
          priceWatts: devices * (lines.map(\.priceWatts).min() ?? last.line.priceWatts)))
    }
    let upper = hull.map {
      LowerBoundCurve.UpperPoint(iterationTimeSeconds: $0.seconds, energyJoules: devices * $0.joules)
    }
    return LowerBoundCurve(breakpoints: corners, upperPoints: upper)
  }
}
