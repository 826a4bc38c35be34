package import Basics
package import EnergyFrontier
internal import JSON

/// Which tables a frontier is computed from.
package enum TableEstimate: String, Sendable, CaseIterable {
  /// The mean of each option's samples.
  case measured
  /// What the samples of all tables say of the true ones (``ProfileEstimate``).
  case smoothed
}

extension FrontierInputs {
  /// The tables as an estimator sees them: those of one instruction kind are a family, and settings are clocks where
  /// all of a table are numbers.
  package var noisyTables: [NoisyTable] {
    let kinds = Set(definition.tables.map(\.instruction)).sorted()
    return definition.tables.enumerated().map { index, key in
      let clocks = settings[index].compactMap(\.doubleValue)
      return NoisyTable(
        family: kinds.firstIndex(of: key.instruction)!, clocks: clocks.count == settings[index].count ? clocks : nil,
        samples: samples[index], means: measuredProblem.tables[index].measurements)
    }
  }

  /// The same inputs with estimated tables. About a tenth of a second for the tables of eight stages at forty clocks.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  package func smoothed(progress: ProgressHandle) throws(FrontierError) -> FrontierInputs {
    let estimate = try ProfileEstimate(noisyTables, progress: progress)
    var tables: [OptionTable] = []
    for (measured, estimated) in zip(measuredProblem.tables, estimate.tables) {
      tables.append(
        measured == .instant
          ? measured
          : try OptionTable(
            measurements: estimated, blockingPowerWatts: measured.blockingPowerWatts, deviceCount: measured.deviceCount)
      )
    }
    let problem = try IterationProblem(
      graph: measuredProblem.graph, tableOfInstruction: measuredProblem.tableOfInstruction, tables: tables,
      waitingPowerWatts: measuredProblem.waitingPowerWatts, deviceMultiplicity: measuredProblem.deviceMultiplicity,
      switching: measuredProblem.switching)
    return FrontierInputs(self, problem: problem, estimate: estimate)
  }
}
