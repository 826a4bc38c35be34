/// The problem in integers, so that slack comparisons are exact and ties between identical stages stay ties.
///
/// Times become *ticks* of 2^-k seconds, slopes (watts) multiples of 2^-q watts. Both k and q are the largest that keep every
/// sum below 2^60, so for usual profiles a tick is finer than the spacing of doubles near the measured times. Powers of
/// two make the conversion back exact.
struct ScaledProblem: Sendable {
  /// Ticks per second, a power of two.
  let ticksPerSecond: Double
  /// Flow units per watt, a power of two.
  let unitsPerWatt: Double
  /// Option tables in ticks.
  let tables: [ScaledTable]

  init(_ problem: IterationProblem) {
    var longest = 0.0
    var steepest = 0.0
    for instruction in 0..<problem.graph.count {
      let table = problem.table(of: instruction)
      longest += table.timeSeconds(at: table.efficient.count - 1)
      if table.hull.count > 1 { steepest += Self.slopeWatts(of: table, segment: 1) }
    }
    ticksPerSecond = Self.scale(keeping: longest)
    unitsPerWatt = Self.scale(keeping: max(steepest, 1))
    let (ticksPerSecond, unitsPerWatt) = (ticksPerSecond, unitsPerWatt)
    tables = problem.tables.map { ScaledTable($0, ticksPerSecond: ticksPerSecond, unitsPerWatt: unitsPerWatt) }
  }

  /// The largest power of two, at most 2^62, that maps `bound` below 2^60.
  private static func scale(keeping bound: Double) -> Double {
    let exponent = min(62, 59 - Int(bound.exponent))
    return Double(sign: .plus, exponent: exponent, significand: 1)
  }

  fileprivate static func slopeWatts(of table: OptionTable, segment: Int) -> Double {
    let a = table.hull[segment - 1]
    let b = table.hull[segment]
    return (table.effectiveEnergies[a] - table.effectiveEnergies[b])
      / (table.timeSeconds(at: b) - table.timeSeconds(at: a))
  }
}

/// One option table in ticks and flow units.
struct ScaledTable: Sendable {
  /// Ticks of each efficient option, rising.
  let ticks: [Int64]
  /// Effective joules of each efficient option, falling.
  let energies: [Double]
  /// Positions of the hull's points.
  let hull: [Int]
  /// `slopes[j]` joins hull points j-1 and j, in flow units; index 0 stands for "no faster option", and is unbounded.
  let slopes: [Int64]

  init(_ table: OptionTable, ticksPerSecond: Double, unitsPerWatt: Double) {
    ticks = table.efficient.indices.map { Int64((table.timeSeconds(at: $0) * ticksPerSecond).rounded()) }
    energies = table.effectiveEnergies
    hull = table.hull
    slopes =
      [FlowNetwork.unbounded]
      + table.hull.indices.dropFirst().map {
        Int64((ScaledProblem.slopeWatts(of: table, segment: $0) * unitsPerWatt).rounded())
      }
  }

  /// Effective joules of a mix of options that lasts `duration` ticks: the lower hull at that time.
  func hullEnergy(at duration: Int64) -> Double {
    if duration <= ticks[hull[0]] { return energies[hull[0]] }
    for (left, right) in zip(hull, hull.dropFirst()) where duration <= ticks[right] {
      let share = Double(duration - ticks[left]) / Double(ticks[right] - ticks[left])
      return energies[left] + share * (energies[right] - energies[left])
    }
    return energies[hull[hull.count - 1]]
  }
}
