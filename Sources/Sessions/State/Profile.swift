package import JSON

/// One measured option of a (stage, instruction).
package struct ProfileRow: Sendable, Equatable {
  package let table: TableKey
  /// The setting it was measured at, usually a clock in MHz: any JSON value, which comes back as it was sent.
  package let knob: JSON
  /// Seconds one execution took on one device.
  package let timeSeconds: Double
  /// Joules one device drew during it.
  package let energyJoules: Double

  package init(table: TableKey, knob: JSON, timeSeconds: Double, energyJoules: Double) {
    self.table = table
    self.knob = knob
    self.timeSeconds = timeSeconds
    self.energyJoules = energyJoules
  }
}

/// All measurements of one pipeline, by table, each table's in the order they first arrived.
package struct Profile: Sendable, Equatable {
  package private(set) var rows: [TableKey: [ProfileRow]] = [:]

  package init() {}

  /// Number of measurements in all tables.
  package var rowCount: Int { rows.values.reduce(0) { $0 + $1.count } }

  /// Adds measurements; one at a knob that its table already has replaces the older one.
  ///
  /// - Throws: ``Refusal`` when two of the new rows measure the same knob of the same table, or when there are more rows
  ///   than ``Limits/measurementCount``; the profile is then of no use any more.
  package mutating func merge(_ newRows: [ProfileRow]) throws(Refusal) {
    guard newRows.count <= Limits.measurementCount else { throw Self.tooMany(newRows.count) }
    var place: [Place: Int] = [:]
    for (key, existing) in rows {
      for (index, row) in existing.enumerated() { place[Place(table: key, knob: row.knob)] = index }
    }
    var firstSent: [Place: Int] = [:]
    for (index, row) in newRows.enumerated() {
      let here = Place(table: row.table, knob: row.knob)
      if let earlier = firstSent.updateValue(index, forKey: here) {
        throw Refusal(
          .invalidProfile, path: "rows[\(index)]",
          expected: "each (stage, instruction, frequency) once in one submission",
          found:
            "stage \(row.table.stage) \(row.table.instruction) at \(row.knob.preview()) again, first in rows[\(earlier)]",
          fix: "combine repeated samples, for instance by their median, before submitting")
      }
      if let known = place[here] {
        rows[row.table]![known] = row
      } else {
        rows[row.table, default: []].append(row)
      }
    }
    let count = rowCount
    guard count <= Limits.measurementCount else { throw Self.tooMany(count) }
  }

  private static func tooMany(_ count: Int) -> Refusal {
    Refusal(
      .invalidProfile, path: "rows", expected: "at most \(Limits.measurementCount) measurements in a profile",
      found: "\(count)", fix: "combine repeated samples, for instance by their median, before submitting")
  }

  /// A knob's identity: 1410 and 1410.0 are the same clock.
  private struct Place: Hashable {
    let table: TableKey
    let knob: JSON

    init(table: TableKey, knob: JSON) {
      self.table = table
      self.knob = knob.setting
    }
  }
}
