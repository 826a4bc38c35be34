/// Why a problem cannot be stated or answered; every case carries what is needed to correct the input.
public enum FrontierError: Error, Equatable, Sendable {
  /// A measured time or energy is not a positive finite number, or is beyond ``Measurement/acceptedRange``.
  case invalidMeasurement(index: Int, field: String, value: Double)
  /// An option table has no measurement at all.
  case emptyTable
  /// A blocking power is negative, not finite, or beyond ``Measurement/acceptedRange``.
  case invalidBlockingPower(value: Double)
  /// What a change of a device's setting costs is negative, not finite, or beyond ``Measurement/acceptedRange``.
  case invalidSwitchCost(rank: Int, value: Double)
  /// What a change between two settings takes is negative, not finite, or beyond ``Measurement/acceptedRange``.
  case invalidSwitchLatency(seconds: Double)
  /// A rank's instructions share too few settings for a plan that changes no more often than it may.
  case tooFewSwitches(rank: Int, needed: Int, most: Int)
  /// Settings change between instructions of a rank in their order, but no dependency makes one of them wait for the
  /// other.
  case unorderedRank(before: Int, after: Int)
  /// The dependencies of the instructions form a cycle; the indices are the instructions on one such cycle, in order.
  case cyclicDependencies(cycle: [Int])
  /// A dependency names an instruction that does not exist.
  case dependencyOutOfRange(dependency: Int, instruction: Int, count: Int)
  /// A dependency's lag is negative, not finite, or beyond ``Measurement/acceptedRange``.
  case invalidLag(dependency: Int, seconds: Double)
  /// An instruction names an option table that does not exist.
  case unknownTable(instruction: Int, table: Int)
  /// A schedule was asked for with a size that it does not define.
  case invalidScheduleSize(field: String, value: Int)
  /// A schedule cannot be generated, read, or executed.
  case invalidSchedule(ScheduleError)
  /// The problem has no instruction.
  case noInstructions
  /// The computation was cancelled through its progress.
  case cancelled
}
