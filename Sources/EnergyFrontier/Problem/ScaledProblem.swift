internal import Basics

/// The problem in integers, so that slack comparisons are exact and ties between identical stages stay ties.
///
/// Times become *ticks* of 2^-k seconds, with k the largest that keeps the sum of all times below 2^60: for usual
/// profiles a tick is finer than the spacing of doubles near the measured times. Slopes become multiples of 2^-q watts,
/// with q the largest that keeps the sum of the steepest slopes, which bounds every flow, below 2^120. They need the
/// wide integers because two options may be a hair apart in time: their slope is then beyond all measure, and with 64
/// bits it would leave no digits for the ordinary ones. Powers of two make the conversion back exact.
struct ScaledProblem: Sendable {
  /// Ticks per second, a power of two.
  let ticksPerSecond: Double
  /// Flow units per watt, a power of two.
  let unitsPerWatt: Double
  /// Option tables in ticks.
  let tables: [ScaledTable]

  /// More than any sum of ticks, and of flows; only a table that no instruction uses can come to it, and is cut off
  /// there.
  static let tickBound = 0x1p60
  static let unitBound = 0x1p120

  /// - Parameter priceUnitWatts: watts of a flow unit, for a walk with coarse prices; nil for the finest.
  init(_ problem: IterationProblem, priceUnitWatts: Double? = nil) {
    let ticksPerSecond = problem.ticksPerSecond
    let hulls = problem.tables.map { TickHull($0, ticksPerSecond: ticksPerSecond) }
    var steepest = 0.0
    for table in problem.tableOfInstruction { steepest += hulls[table].slopesWatts.first ?? 0 }
    let finest = Self.scale(keeping: steepest > 0 ? steepest : 1, below: Self.unitBound)
    let unitsPerWatt = priceUnitWatts.map { min(finest, 1 / $0) } ?? finest
    self.ticksPerSecond = ticksPerSecond
    self.unitsPerWatt = unitsPerWatt
    tables = zip(problem.tables, hulls).map { ScaledTable($0, hull: $1, unitsPerWatt: unitsPerWatt) }
  }

  /// The largest power of two, at most 2^1000, that maps `sum` below `bound`.
  static func scale(keeping sum: Double, below bound: Double) -> Double {
    Double(sign: .plus, exponent: min(1000, Int(bound.exponent) - 1 - Int(sum.exponent)), significand: 1)
  }
}

/// The hull of one option table after its times were rounded to ticks, with slopes that fit the rounded times.
///
/// Rounding may make two times one, and the slopes of nearly collinear options may come out equal or in the wrong
/// order; the flow needs rising times and strictly falling slopes, so such points are left out here.
private struct TickHull {
  /// Ticks of each efficient option, rising.
  let ticks: [Int64]
  /// Positions of the points kept, by strictly rising ticks; the first is as fast as any option, the last the cheapest.
  let points: [Int]
  /// `slopesWatts[j]` joins points j and j + 1; strictly falling.
  let slopesWatts: [Double]

  init(_ table: OptionTable, ticksPerSecond: Double) {
    ticks = table.efficient.indices.map {
      Int64(min((table.timeSeconds(at: $0) * ticksPerSecond).rounded(), ScaledProblem.tickBound))
    }
    // Of points with equal ticks the last is the cheapest.
    let ticks = ticks
    let kept =
      zip(table.hull, table.hull.dropFirst()).filter { ticks[$0.0] < ticks[$0.1] }.map(\.0) + table.hull.suffix(1)
    func slope(_ fast: Int, _ slow: Int) -> Double {
      (table.effectiveEnergies[fast] - table.effectiveEnergies[slow]) * ticksPerSecond
        / Double(ticks[slow] - ticks[fast])
    }
    points = lowerHull(count: kept.count) { left, middle, right in
      slope(kept[left], kept[middle]) > slope(kept[middle], kept[right])
    }.map { kept[$0] }
    slopesWatts = zip(points, points.dropFirst()).map { slope($0, $1) }
  }
}

/// One option table in ticks and flow units.
struct ScaledTable: Sendable {
  /// Ticks of each efficient option, rising.
  let ticks: [Int64]
  /// Effective joules of each efficient option, falling.
  let energies: [Double]
  /// Positions of the hull's points, by strictly rising ticks.
  let hull: [Int]
  /// `slopes[j]` joins hull points j-1 and j, in flow units, never rising; index 0 stands for "no faster option", and
  /// is unbounded.
  let slopes: [FlowNetwork.Units]

  fileprivate init(_ table: OptionTable, hull: TickHull, unitsPerWatt: Double) {
    ticks = hull.ticks
    energies = table.effectiveEnergies
    self.hull = hull.points
    slopes =
      [FlowNetwork.unbounded]
      + hull.slopesWatts.map { FlowNetwork.Units(min(($0 * unitsPerWatt).rounded(), ScaledProblem.unitBound)) }
  }
}
