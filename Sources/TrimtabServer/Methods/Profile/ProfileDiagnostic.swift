internal import JSON
internal import Sessions

/// Something about a profile that a person should look at; it does not stop the work.
struct ProfileDiagnostic {
  enum Kind: String {
    /// Only one frequency was measured, so the instruction cannot be slowed or sped up.
    case singleOption
    /// A measurement draws less power than a waiting device, which hints at a counter read too soon.
    case belowBlockingPower
    /// The GPU that runs it does not support the setting, so no plan with it can be followed.
    case unsupportedFrequency
  }

  let kind: Kind
  let table: TableKey
  let message: String

  static func all(_ key: TableKey, _ rows: [ProfileRow], blockingPowerWatts: Double?) -> [ProfileDiagnostic] {
    var found: [ProfileDiagnostic] = []
    if rows.count == 1 {
      found.append(
        ProfileDiagnostic(
          kind: .singleOption, table: key, message: "measured at one frequency only: its time and energy are fixed"))
    }
    if let power = blockingPowerWatts {
      let low = rows.filter { $0.energyJoules < power * $0.timeSeconds }
      if let first = low.first {
        found.append(
          ProfileDiagnostic(
            kind: .belowBlockingPower, table: key,
            message: "\(low.count) of \(rows.count) measurements draw less than the blocking power of \(power) W, "
              + "the first at \(first.knob.preview()): was the energy counter read over too short a time?"))
      }
    }
    return found
  }

  /// What the settings alone tell, where it is known which GPU runs the instruction and what that supports.
  static func unsupported(_ key: TableKey, _ rows: [ProfileRow], on gpu: GPU?) -> [ProfileDiagnostic] {
    guard let gpu, let frequencies = gpu.frequencies else { return [] }
    let unsupported = rows.filter { row in
      !frequencies.contains { $0 == row.knob || ($0.doubleValue != nil && $0.doubleValue == row.knob.doubleValue) }
    }
    guard let first = unsupported.first else { return [] }
    return [
      ProfileDiagnostic(
        kind: .unsupportedFrequency, table: key,
        message: "\(unsupported.count) of \(rows.count) frequencies, the first \(first.knob.preview()), are none that "
          + "\"\(gpu.id)\" was registered with: was this stage measured on another GPU?")
    ]
  }

  func write(to object: inout ObjectWriter) {
    object.field("kind", kind.rawValue, "`singleOption`, `belowBlockingPower` or `unsupportedFrequency`.")
    table.write(to: &object)
    object.field("message", message, "For a person.")
  }
}
