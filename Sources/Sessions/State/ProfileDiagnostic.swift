internal import Basics
internal import EnergyFrontier
package import JSON

/// Something about a profile that a person should look at; it does not stop the work unless the client asked for that.
package struct ProfileDiagnostic: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// Only one frequency was measured, so the instruction cannot be slowed or sped up.
    case singleOption
    /// Some samples of a measurement are far from the others and were left out.
    case outliers
    /// A measurement draws less power than a waiting device, which hints at a counter read too soon.
    case belowBlockingPower
    /// The GPU that runs it does not support the setting, so no plan with it can be followed.
    case unsupportedFrequency
    /// A measurement draws more power than the device is allowed to.
    case abovePowerLimit
    /// A measurement was so short that the energy counter moved only a few times meanwhile.
    case shortMeasurement
    /// Energy over time is far from what the power sensor showed.
    case sensorDisagrees
    /// From one frequency to another time and sensed power rise, and yet the energy falls, which cannot be.
    case energyFalls

    /// Whether such a figure cannot be right, rather than being odd.
    var isImplausible: Bool { self != .singleOption && self != .outliers && self != .unsupportedFrequency }
  }

  package let kind: Kind
  package let table: TableKey
  /// The first frequency concerned, where it is about frequencies.
  package let setting: JSON?
  package let message: String

  /// Energy counters move at intervals, so a reading is off by up to one; with fewer than this many the energy is off
  /// by more than a fifth.
  static let fewestIntervals = 5.0
  /// Power limits hold on average over milliseconds to seconds; a little more is seen on sound devices.
  static let powerLimitTolerance = 0.05
  /// Sensors average over other windows than counters.
  static let sensorTolerance = 0.2

  /// What is odd about one table, in O(rows log rows).
  static func all(
    _ key: TableKey, _ rows: [ProfileRow], blockingPowerWatts: Double?, powerLimitWatts: Double?
  ) -> [ProfileDiagnostic] {
    var found: [ProfileDiagnostic] = []
    func note(_ kind: Kind, _ odd: [ProfileRow], _ message: (ProfileRow) -> String) {
      guard let first = odd.first else { return }
      found.append(
        ProfileDiagnostic(
          kind: kind, table: key, setting: first.setting,
          message: "\(odd.count) of \(rows.count) measurements " + message(first)))
    }
    if rows.count == 1 {
      found.append(
        ProfileDiagnostic(
          kind: .singleOption, table: key, setting: nil,
          message: "measured at one frequency only: its time and energy are fixed"))
    }
    note(.outliers, rows.filter { !$0.combination.outliers.isEmpty }) {
      "have samples far from the others, which were left out; the first at \($0.setting.preview()): "
        + "\($0.combination.outliers.count) of \($0.samples.count)"
    }
    if let power = blockingPowerWatts {
      note(.belowBlockingPower, rows.filter { $0.energyJoules < power * $0.timeSeconds }) {
        "draw less than the blocking power of \(power) W, "
          + "the first at \($0.setting.preview()): was the energy counter read over too short a time?"
      }
    }
    if let limit = powerLimitWatts {
      note(.abovePowerLimit, rows.filter { $0.powerWatts > (1 + powerLimitTolerance) * limit }) {
        "draw more than the power limit of \(limit) W, the first \($0.powerWatts) W at \($0.setting.preview()): "
          + "was the energy of more than one device or execution counted?"
      }
    }
    note(
      .shortMeasurement,
      rows.filter { row in row.samplingIntervalSeconds.map { row.timeSeconds < fewestIntervals * $0 } ?? false }
    ) {
      "are shorter than \(fewestIntervals) intervals of the energy counter, the first at \($0.setting.preview()): "
        + "measure many executions in a row and divide"
    }
    note(
      .sensorDisagrees,
      rows.filter { row in row.sensorPowerWatts.map { abs(row.powerWatts / $0 - 1) > sensorTolerance } ?? false }
    ) {
      "draw another power than the sensor showed, the first \($0.powerWatts) W at \($0.setting.preview()) "
        + "instead of \($0.sensorPowerWatts ?? 0) W: check counter, sensor and units"
    }
    note(.energyFalls, energyFalls(rows)) {
      "draw less energy than a faster one at less power, the first at \($0.setting.preview()): "
        + "the energy counter cannot be right"
    }
    return found
  }

  /// What the settings alone tell, where it is known which GPU runs the instruction and what that supports.
  static func unsupported(_ key: TableKey, _ rows: [ProfileRow], on gpu: GPU?) -> [ProfileDiagnostic] {
    guard let gpu, let frequencies = gpu.frequencies else { return [] }
    let unsupported = rows.filter { row in
      !frequencies.contains {
        $0.canonicalSetting == row.setting.canonicalSetting
          || ($0.doubleValue != nil && $0.doubleValue == row.setting.clock)
      }
    }
    guard let first = unsupported.first else { return [] }
    return [
      ProfileDiagnostic(
        kind: .unsupportedFrequency, table: key, setting: first.setting,
        message:
          "\(unsupported.count) of \(rows.count) frequencies, the first \(first.setting.preview()), are none that "
          + "\(Preview.quoted(gpu.id)) was registered with: was this stage measured on another GPU?")
    ]
  }

  /// Rows that, against the one next to them in time, take longer at more sensed power and yet draw less energy.
  private static func energyFalls(_ rows: [ProfileRow]) -> [ProfileRow] {
    let sensed = rows.filter { $0.sensorPowerWatts != nil }.enumerated().sorted {
      ($0.element.timeSeconds, $0.offset) < ($1.element.timeSeconds, $1.offset)
    }.map(\.element)
    return zip(sensed, sensed.dropFirst()).filter { faster, slower in
      slower.timeSeconds > faster.timeSeconds && slower.sensorPowerWatts! > faster.sensorPowerWatts!
        && slower.energyJoules < faster.energyJoules
    }.map(\.1)
  }
}

extension ProfileRow {
  fileprivate var powerWatts: Double { combination.mean.averagePowerWatts }
}

extension ProfileDiagnostic {
  /// What to tell a person: for each kind the first table it is about, and how many more. Outliers are told with their
  /// number of samples elsewhere.
  package static func lines(_ diagnostics: [ProfileDiagnostic]) -> [String] {
    Kind.allCases.filter { $0 != .outliers }.compactMap { kind in
      let ofKind = diagnostics.filter { $0.kind == kind }
      guard let first = ofKind.first else { return nil }
      let others = ofKind.count == 1 ? "" : " (\(kind.rawValue), likewise in \(ofKind.count - 1) other tables)"
      return "stage \(first.table.stage) \(first.table.instruction): \(first.message)\(others)"
    }
  }
}
