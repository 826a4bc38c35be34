package import Basics
package import EnergyFrontier
internal import JSON

/// Which tables a frontier is computed from.
package enum TableEstimate: String, Sendable, CaseIterable {
  /// The mean of each option's samples.
  case measured
  /// What the samples of all tables say of the true ones (``ProfileEstimate``).
  case smoothed
  /// The same, and each table also has the clocks that were measured of its instruction on other stages, as the law
  /// predicts them.
  case completed
}

extension FrontierInputs {
  /// The tables as an estimator sees them: those of one instruction kind are a family, and settings are clocks where
  /// all of a table are numbers.
  package var noisyTables: [NoisyTable] {
    let kinds = Set(definition.tables.map(\.instruction)).sorted()
    return definition.tables.enumerated().map { index, key in
      let clocks = settings[index].compactMap(\.doubleValue)
      // What takes no time has no clocks, and must not keep others of its kind from having a law.
      let isInstant = measuredProblem.tables[index] == .instant
      return NoisyTable(
        family: isInstant ? kinds.count : kinds.firstIndex(of: key.instruction)!,
        clocks: clocks.count == settings[index].count ? clocks : nil, samples: samples[index],
        means: measuredProblem.tables[index].measurements)
    }
  }

  /// The same inputs with tables of another kind; as they are for ``TableEstimate/measured``. About a tenth of a second
  /// for the tables of eight stages at forty clocks.
  ///
  /// - Parameter clocks: completed tables have these clocks, too.
  /// - Throws: ``FrontierError/cancelled``.
  package func estimated(
    as kind: TableEstimate, clocks: [Double] = [], progress: ProgressHandle
  ) throws(FrontierError) -> FrontierInputs {
    switch kind {
    case .measured: return self
    case .smoothed: return try estimated(noisyTables, settings: settings, progress: progress)
    case .completed:
      let (tables, settings) = completed(with: clocks)
      return try estimated(tables, settings: settings, progress: progress)
    }
  }

  /// The tables with options that have no samples, where there is a law to predict them, and all settings.
  private func completed(with clocks: [Double]) -> (tables: [NoisyTable], settings: [[JSON]]) {
    var (tables, settings) = (noisyTables, settings)
    for family in Set(tables.map(\.family)) {
      let members = tables.indices.filter { tables[$0].family == family }
      guard ProfileEstimate.hasLaw(members.map { tables[$0] }) else { continue }
      var known: [Double: JSON] = [:]
      for clock in clocks { known[clock] = JSON(clock: clock) }
      for member in members {
        for (clock, setting) in zip(tables[member].clocks ?? [], settings[member]) { known[clock] = setting }
      }
      for member in members {
        let added = Set(known.keys).subtracting(tables[member].clocks ?? []).sorted()
        tables[member] = tables[member].adding(unmeasured: added)
        settings[member] += added.map { known[$0]! }
      }
    }
    return (tables, settings)
  }

  private func estimated(
    _ noisy: [NoisyTable], settings: [[JSON]], progress: ProgressHandle
  ) throws(FrontierError) -> FrontierInputs {
    let estimate = try ProfileEstimate(noisy, progress: progress)
    func problem(_ tables: [OptionTable]) throws(FrontierError) -> IterationProblem {
      let isSame = settings.map(\.count) == self.settings.map(\.count)
      return try IterationProblem(
        graph: measuredProblem.graph, tableOfInstruction: measuredProblem.tableOfInstruction, tables: tables,
        waitingPowerWatts: measuredProblem.waitingPowerWatts, deviceMultiplicity: measuredProblem.deviceMultiplicity,
        switching: isSame ? measuredProblem.switching : try switching(settings))
    }
    func tables(_ measurements: (_ table: Int) -> [Measurement]) throws(FrontierError) -> [OptionTable] {
      try measuredProblem.tables.enumerated().map { (index, table) throws(FrontierError) in
        table == .instant
          ? table
          : try OptionTable(
            measurements: measurements(index), blockingPowerWatts: table.blockingPowerWatts,
            deviceCount: table.deviceCount)
      }
    }
    return FrontierInputs(
      self, problem: try problem(try tables { estimate.tables[$0] }),
      measuredProblem: try problem(
        // What was not measured counts as predicted there, too.
        try tables { table in
          let measured = measuredProblem.tables[table].measurements
          return measured + estimate.tables[table].dropFirst(measured.count)
        }), settings: settings, samples: noisy.map(\.samples), estimate: estimate)
  }

  /// What changes of setting cost among more settings than were measured.
  private func switching(_ settings: [[JSON]]) throws(FrontierError) -> Switching? {
    let isInstant = measuredProblem.tableOfInstruction.map { measuredProblem.tables[$0] == .instant }
    do throws(RequestError) {
      return try definition.switching(settings, isInstant: isInstant, graph: measuredProblem.graph)
    } catch {
      // The costs were checked when the measured problem was stated, and do not depend on the settings.
      preconditionFailure(error.message)
    }
  }
}

extension NoisyTable {
  /// The same table with further options that have no samples.
  fileprivate func adding(unmeasured added: [Double]) -> NoisyTable {
    NoisyTable(
      family: family, clocks: (clocks ?? []) + added, samples: samples + added.map { _ in [] },
      means: means + added.map { _ in Self.unmeasured })
  }
}

extension JSON {
  /// A clock as a setting, without a fraction where it has none.
  init(clock: Double) { self = Int64(exactly: clock).map { .integer($0) } ?? .number(clock) }
}
