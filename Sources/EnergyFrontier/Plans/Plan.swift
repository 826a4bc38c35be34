/// One option for every instruction, with what really happens when it runs.
public struct Plan: Sendable, Equatable {
  /// For each instruction a position in its table's `efficient` list.
  public let choices: [UInt16]
  /// Longest path with the measured times, in seconds.
  public let iterationTimeSeconds: Double
  /// Joules of all devices over that time, from the measured energies, waiting included.
  public let energyJoules: Double
  /// How far the energy is above the lower bound at the same iteration time: `energy / L(time) - 1`; never negative but for
  /// rounding in the last digits.
  public let gapFraction: Double

  public init(choices: [UInt16], iterationTimeSeconds: Double, energyJoules: Double, gapFraction: Double) {
    self.choices = choices
    self.iterationTimeSeconds = iterationTimeSeconds
    self.energyJoules = energyJoules
    self.gapFraction = gapFraction
  }
}

/// A plan under construction: choices with their length in ticks and effective energy.
struct DraftPlan: Sendable {
  var choices: [UInt16]
  /// Longest path in ticks.
  var ticks: Int64
  /// Effective joules of one device per rank, waiting not included.
  var effectiveJoules: Double
}
