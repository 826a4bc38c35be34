internal import Basics

/// How noisy a profile looks, at a glance: cheap enough for every profile, where ``ProfileEstimate`` is not.
///
/// Third differences of the logarithms along rising clocks are 0 for a parabola, and for independent noise have 20
/// times its variance; the median of their sizes leaves kinks and steps out. Clocks that are not evenly spaced add a
/// little.
/// Tables with fewer than ``leastClockCount`` clocks, or settings that are no positive numbers, say nothing.
public struct NoiseSurvey: Sendable, Equatable {
  /// Standard deviation of an option's mean time and mean energy, as fractions.
  public let timeFraction: Double
  public let energyFraction: Double

  static let leastClockCount = 7
  /// Measured profiles without noise to speak of have steps of this size in time and in energy: the published A100
  /// profile shows 0.1 and 0.5 % by this measure.
  public static let noticeableTimeFraction = 0.003
  public static let noticeableEnergyFraction = 0.01

  /// Whether smoothing the tables is worth the trouble.
  public var isNoisy: Bool {
    timeFraction >= Self.noticeableTimeFraction || energyFraction >= Self.noticeableEnergyFraction
  }

  /// Surveys tables in O(options log options); nil where none says anything.
  public init?(_ tables: [NoisyTable]) {
    var differences: (time: [Double], energy: [Double]) = ([], [])
    for table in tables {
      guard let clocks = table.clocks, clocks.allSatisfy({ $0 > 0 }) else { continue }
      let measured = clocks.indices.filter { !table.samples[$0].isEmpty }
      guard measured.count >= Self.leastClockCount else { continue }
      let sorted = measured.sorted { clocks[$0] < clocks[$1] }.map { table.means[$0] }
      differences.time += Self.thirdDifferences(sorted.map { PortableMath.log($0.timeSeconds) })
      differences.energy += Self.thirdDifferences(sorted.map { PortableMath.log($0.energyJoules) })
    }
    if differences.time.isEmpty { return nil }
    timeFraction = Self.deviation(differences.time)
    energyFraction = Self.deviation(differences.energy)
  }

  private static func thirdDifferences(_ logs: [Double]) -> [Double] {
    (3..<logs.count).map { n in
      let outer = logs[n] - logs[n - 3]
      let inner = logs[n - 1] - logs[n - 2]
      return abs(outer - 3 * inner)
    }
  }

  private static func deviation(_ differences: [Double]) -> Double {
    SampleCombination.normalConsistency * SampleCombination.median(differences) / 20.0.squareRoot()
  }
}
