internal import Basics

/// Which clocks to measure first, before tables have a law by which to judge (``MeasurementChoice``): each table far
/// apart, and all tables of a family together at different clocks.
///
/// A family is *ready* when it has a law (``ProfileEstimate/hasLaw(_:)``) and each of its tables two clocks, which tell
/// its level and its slope. Until then the table with the fewest clocks comes next. Of its clocks that lie at least
/// half of the range from those it has, or else as far as any, the one farthest from what the family has is measured;
/// of equals the highest. Distances are between logarithms.
public struct CoverageDesign {
  /// Indices of the tables, and the clocks to measure, in order.
  public let measurements: [(table: Int, clock: Double)]

  static let leastClocksOfTable = 2

  /// Chooses up to `count` measurements.
  ///
  /// - Parameters:
  ///   - measured: settings must be clocks in families of which something is to be measured.
  ///   - clocks: for each table those that may be measured, positive; empty where none may.
  /// - Complexity: O(count x tables x clocks x measured clocks).
  public init(_ measured: [NoisyTable], clocks: [[Double]], count: Int) {
    var tables = measured.map { table in
      Coverage(
        family: table.family,
        clocks: zip(table.clocks ?? [], table.samples).filter { !$1.isEmpty }.map { PortableMath.log($0.0) })
    }
    let candidates = clocks.map { $0.map(PortableMath.log) }
    var chosen: [(table: Int, clock: Double)] = []
    func left(_ table: Int) -> [Int] {
      candidates[table].indices.filter { !tables[table].clocks.contains(candidates[table][$0]) }
    }
    func isReady(_ family: Int) -> Bool {
      let members = tables.filter { $0.family == family }
      return members.allSatisfy { $0.clocks.count >= Self.leastClocksOfTable }
        && Set(members.flatMap(\.clocks)).count >= ProfileEstimate.leastClockCount
        && members.reduce(0) { $0 + $1.clocks.count } >= ProfileEstimate.leastOptionCount
    }
    while chosen.count < count {
      let open = tables.indices.filter { !left($0).isEmpty && !isReady(tables[$0].family) }
      guard let table = open.min(by: { (tables[$0].clocks.count, $0) < (tables[$1].clocks.count, $1) }) else { break }
      let family = tables.filter { $0.family == tables[table].family }.flatMap(\.clocks)
      let range = (candidates[table].max() ?? 0) - (candidates[table].min() ?? 0)
      let options = left(table).map { option in
        let clock = candidates[table][option]
        return (
          option: option, clock: clock, own: min(range / 2, Self.distance(clock, tables[table].clocks)),
          family: Self.distance(clock, family)
        )
      }
      let best = options.max { ($0.own, $0.family, $0.clock) < ($1.own, $1.family, $1.clock) }!
      tables[table].clocks.append(best.clock)
      chosen.append((table, clocks[table][best.option]))
    }
    measurements = chosen
  }

  private struct Coverage {
    let family: Int
    var clocks: [Double]
  }

  private static func distance(_ clock: Double, _ others: [Double]) -> Double {
    others.reduce(.infinity) { min($0, abs($1 - clock)) }
  }
}
