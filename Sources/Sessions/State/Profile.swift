package import EnergyFrontier
package import JSON

/// One measured option of a (stage, instruction): one setting, measured once or several times.
package struct ProfileRow: Sendable, Equatable {
  package let table: TableKey
  /// The setting it was measured at, usually a clock in MHz: any JSON value, which comes back as it was sent.
  package let setting: JSON
  /// What was measured, oldest first: seconds of one execution on one device, and joules that it drew. At least one,
  /// at most ``Limits/samplesOfMeasurement``.
  package let samples: [Measurement]
  /// Watts that the device's power sensor showed meanwhile, which says the same as time and energy by another way.
  package let sensorPowerWatts: Double?
  /// How often the device's energy counter moves.
  package let samplingIntervalSeconds: Double?
  /// What the samples say together, beside those of the table's other options.
  package fileprivate(set) var combination: SampleCombination

  /// Mean seconds of one execution, outliers left out.
  package var timeSeconds: Double { combination.mean.timeSeconds }
  /// Mean joules of one execution on one device, outliers left out.
  package var energyJoules: Double { combination.mean.energyJoules }

  /// Keeps the last ``Limits/samplesOfMeasurement`` of the samples.
  package init(
    table: TableKey, setting: JSON, samples: [Measurement], sensorPowerWatts: Double? = nil,
    samplingIntervalSeconds: Double? = nil
  ) {
    self.table = table
    self.setting = setting
    self.samples = samples.suffix(Limits.samplesOfMeasurement)
    self.sensorPowerWatts = sensorPowerWatts
    self.samplingIntervalSeconds = samplingIntervalSeconds
    combination = SampleCombination(self.samples)
  }

  package init(table: TableKey, setting: JSON, timeSeconds: Double, energyJoules: Double) {
    self.init(
      table: table, setting: setting, samples: [Measurement(timeSeconds: timeSeconds, energyJoules: energyJoules)])
  }

  /// The same option with the samples of `later` after its own; what else was said of it is the later's, where it said
  /// it.
  fileprivate func followed(by later: ProfileRow) -> ProfileRow {
    ProfileRow(
      table: table, setting: later.setting, samples: samples + later.samples,
      sensorPowerWatts: later.sensorPowerWatts ?? sensorPowerWatts,
      samplingIntervalSeconds: later.samplingIntervalSeconds ?? samplingIntervalSeconds)
  }
}

/// All measurements of one pipeline, by table, each table's in the order they first arrived.
package struct Profile: Sendable, Equatable {
  package private(set) var rows: [TableKey: [ProfileRow]] = [:]

  package init() {}

  /// Number of measured options in all tables.
  package var rowCount: Int { rows.values.reduce(0) { $0 + $1.count } }

  /// Number of samples behind them.
  package var sampleCount: Int { rows.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.samples.count } } }

  /// Adds measurements. Those of one option are samples of it.
  ///
  /// - Parameter keepsSamples: whether those of an option that is known already join its samples instead of replacing
  /// them.
  /// - Throws: ``RequestError`` when there are more options than ``Limits/measurementCount`` or more samples than
  ///   ``Limits/sampleCount``; the profile is then of no use any more.
  package mutating func merge(_ newRows: [ProfileRow], keepsSamples: Bool = false) throws(RequestError) {
    var place: [Place: Int] = [:]
    for (key, existing) in rows {
      for (index, row) in existing.enumerated() { place[Place(table: key, setting: row.setting)] = index }
    }
    for row in Self.joined(newRows) {
      if let known = place[Place(table: row.table, setting: row.setting)] {
        rows[row.table]![known] = keepsSamples ? rows[row.table]![known].followed(by: row) : row
      } else {
        rows[row.table, default: []].append(row)
      }
    }
    combine(Set(newRows.map(\.table)))
    for (unit, count, most) in [
      ("measurements", rowCount, Limits.measurementCount), ("samples", sampleCount, Limits.sampleCount),
    ] where count > most {
      throw RequestError(
        .invalidProfile, path: "rows", expected: "at most \(most) \(unit) in a profile", found: "\(count)",
        fix: "send fewer settings, or fewer samples of each")
    }
  }

  /// Combines the samples of tables' options, given what spread is usual for the table. O(samples log samples).
  private mutating func combine(_ tables: Set<TableKey>) {
    for table in tables {
      guard var options = rows[table], options.contains(where: { $0.samples.count > 1 }) else { continue }
      let spread = SampleSpread(options.map(\.samples))
      for index in options.indices {
        options[index].combination = SampleCombination(options[index].samples, usual: spread)
      }
      rows[table] = options
    }
  }

  /// Takes measurements back, each all of a table or, where a setting is given, the one at it. O(measurements).
  ///
  /// - Returns: the index of the first that there is nothing of; nil when each had something. The profile is of no use
  /// any
  ///   more where it is not nil.
  package mutating func withdraw(_ withdrawals: [(table: TableKey, setting: JSON?)]) -> Int? {
    var left = rows.mapValues { Set($0.map { Place(table: $0.table, setting: $0.setting) }) }
    for (index, (table, setting)) in withdrawals.enumerated() {
      if let setting {
        guard left[table]?.remove(Place(table: table, setting: setting)) != nil else { return index }
        if left[table]?.isEmpty == true { left[table] = nil }
      } else {
        guard left.removeValue(forKey: table) != nil else { return index }
      }
    }
    if withdrawals.isEmpty { return nil }
    rows = left.reduce(into: [:]) { kept, entry in
      kept[entry.key] = rows[entry.key]?.filter { entry.value.contains(Place(table: $0.table, setting: $0.setting)) }
    }
    combine(Set(withdrawals.map(\.table)))
    return nil
  }

  /// What a pipeline needs and has no measurement of, each once.
  package func missingTables(of definition: PipelineDefinition) -> [TableKey] {
    var seen: Set<TableKey> = []
    return zip(definition.tables, definition.measuredTables).compactMap { own, measured in
      guard let measured, rows[own] == nil, rows[measured] == nil, !definition.isOptional(measured) else { return nil }
      return seen.insert(measured).inserted ? measured : nil
    }
  }

  /// For each table of a pipeline its measurements, of its own stage or else of the stage that it is a copy of; nil
  /// where it takes no time. None that must be measured may be missing.
  func rows(for definition: PipelineDefinition) -> [[ProfileRow]?] {
    zip(definition.tables, definition.measuredTables).map { own, measured in
      measured.flatMap { rows[own] ?? rows[$0] }
    }
  }

  /// The same measurements with each sample changed. O(samples log samples).
  func mapSamples(_ change: (TableKey, Measurement) -> Measurement) -> Profile {
    var changed = self
    for (key, options) in rows {
      changed.rows[key] = options.map { row in
        ProfileRow(
          table: key, setting: row.setting, samples: row.samples.map { change(key, $0) },
          sensorPowerWatts: row.sensorPowerWatts, samplingIntervalSeconds: row.samplingIntervalSeconds)
      }
    }
    changed.combine(Set(rows.keys))
    return changed
  }

  /// One row for each option, by first appearance.
  private static func joined(_ rows: [ProfileRow]) -> [ProfileRow] {
    var place: [Place: Int] = [:]
    var groups: [[ProfileRow]] = []
    for row in rows {
      let here = Place(table: row.table, setting: row.setting)
      if let known = place[here] {
        groups[known].append(row)
      } else {
        place[here] = groups.count
        groups.append([row])
      }
    }
    return groups.map { group in
      group.count == 1
        ? group[0]
        : ProfileRow(
          table: group[0].table, setting: group[0].setting, samples: group.flatMap(\.samples),
          sensorPowerWatts: group.last { $0.sensorPowerWatts != nil }?.sensorPowerWatts,
          samplingIntervalSeconds: group.last { $0.samplingIntervalSeconds != nil }?.samplingIntervalSeconds)
    }
  }

  /// A setting's identity.
  private struct Place: Hashable {
    let table: TableKey
    let setting: JSON

    init(table: TableKey, setting: JSON) {
      self.table = table
      self.setting = setting.canonicalSetting
    }
  }
}
