internal import Basics
package import EnergyFrontier
package import JSON

/// What must be known to compute a pipeline's frontier: its problem, and the setting behind each option.
///
/// An object because it is large, never changes and is shared by everything that is computed from it.
package final class FrontierInputs: Sendable {
  package let definition: PipelineDefinition
  package let problem: IterationProblem
  /// For each table of the definition, in its order, the setting of each measurement.
  package let settings: [[JSON]]
  /// The same for the samples behind each measurement, outliers left out.
  package let samples: [[[Measurement]]]
  /// What happens when every instruction runs at its highest frequency.
  package let allMaxFrequency: IterationOutcome
  /// For each instruction the measurement at its highest frequency.
  package let highestMeasurements: [Int]
  /// The problem with the tables as measured, which is ``problem`` unless they are estimated.
  package let measuredProblem: IterationProblem
  /// What is known of the tables, where ``problem`` has estimates.
  package let estimate: ProfileEstimate?

  /// Joins a definition and its measurements.
  ///
  /// - Throws: ``RequestError`` of kind `incompleteProfile` when a table has no measurement, `invalidProfile` when a
  ///   measurement cannot be right, alone or beside the others.
  package init(_ definition: PipelineDefinition, _ profile: Profile) throws(RequestError) {
    let missing = profile.missingTables(of: definition)
    guard missing.isEmpty else {
      throw RequestError(
        .incompleteProfile, path: "pipeline",
        expected: "measurements for every (stage, instruction) of the pipeline",
        found: "none for "
          + missing.prefix(8).map { "stage \($0.stage) \(Preview.cut($0.instruction))" }.joined(separator: ", ")
          + (missing.count > 8 ? " and \(missing.count - 8) more" : ""),
        fix: "add the missing measurements (profile/submit)",
        details: [.init(key: "missing", value: .array(missing.map(\.json)))])
    }
    let rows = profile.rows(for: definition)
    self.definition = definition
    let instant = OptionTable.instant.measurements
    settings = rows.map { $0?.map(\.setting) ?? [.null] }
    samples = rows.map { $0?.map { $0.combination.kept(of: $0.samples) } ?? [instant] }
    problem = try Self.problem(definition, rows, settings)
    try Self.checkMagnitudes(problem)
    let highest = rows.map { $0.map(Self.highestFrequency) ?? 0 }
    highestMeasurements = problem.tableOfInstruction.map { highest[$0] }
    allMaxFrequency = problem.outcome(ofMeasurements: highestMeasurements)
    measuredProblem = problem
    estimate = nil
  }

  /// The same with other tables, which are estimates, and may have more options than were measured.
  init(
    _ other: FrontierInputs, problem: IterationProblem, measuredProblem: IterationProblem, settings: [[JSON]],
    samples: [[[Measurement]]], estimate: ProfileEstimate
  ) {
    definition = other.definition
    self.settings = settings
    self.samples = samples
    let highest: [Int?] = zip(settings, other.settings).map { all, measured in
      if all.count == measured.count { return nil }
      let clocks = all.map { $0.clock ?? 0 }
      return clocks.indices.max { clocks[$0] < clocks[$1] }
    }
    highestMeasurements = zip(other.highestMeasurements, problem.tableOfInstruction).map { known, table in
      highest[table] ?? known
    }
    self.measuredProblem = measuredProblem
    self.problem = problem
    self.estimate = estimate
    allMaxFrequency = problem.outcome(ofMeasurements: highestMeasurements)
  }

  private static func problem(
    _ definition: PipelineDefinition, _ rows: [[ProfileRow]?], _ settings: [[JSON]]
  ) throws(RequestError) -> IterationProblem {
    var tables: [OptionTable] = []
    let devices = definition.rankDeviceCounts
    for (key, rows) in zip(definition.tables, rows) {
      guard let rows else {
        tables.append(.instant)
        continue
      }
      let measurements = rows.map { Measurement(timeSeconds: $0.timeSeconds, energyJoules: $0.energyJoules) }
      do {
        tables.append(
          try OptionTable(
            measurements: measurements, blockingPowerWatts: definition.blockingPowerWatts(ofStage: key.stage),
            deviceCount: devices[definition.rankOfStage[key.stage]]))
      } catch {
        throw RequestError(
          .invalidProfile, path: "pipeline", expected: "positive finite times and energies",
          found: "\(error) in stage \(key.stage) \(Preview.cut(key.instruction))", fix: "measure this instruction again"
        )
      }
    }
    let index = Dictionary(uniqueKeysWithValues: zip(definition.tables, definition.tables.indices))
    let tableOfInstruction = definition.instructions.map { index[$0.table]! }
    let isInstant = tableOfInstruction.map { rows[$0] == nil }
    do {
      let graph = try definition.graph(passing: isInstant)
      let switching = try definition.switching(settings, isInstant: isInstant, graph: graph)
      return try IterationProblem(
        graph: graph, tableOfInstruction: tableOfInstruction, tables: tables,
        waitingPowerWatts: zip(definition.rankBlockingPowerWatts, devices).reduce(0) { $0 + $1.0 * Double($1.1) },
        deviceMultiplicity: definition.deviceMultiplicity, switching: switching)
    } catch let error as RequestError {
      throw error
    } catch FrontierError.tooFewSwitches(let rank, let needed, let most) {
      throw RequestError(
        .invalidProfile, path: "pipeline",
        expected: "measurements by which rank \(rank) can run with at most \(most) changes of frequency",
        found: "\(needed) at least",
        fix: "measure its instructions at frequencies that they share, or raise mostSwitches")
    } catch FrontierError.invalidBlockingPower(let watts) {
      throw RequestError(
        .invalidProfile, path: "pipeline",
        expected: "blocking powers of at most \(Measurement.acceptedRange.upperBound) W together",
        found: "\(watts) W", fix: "check the unit of the powers, which is watts")
    } catch {
      // The definition was checked when it was accepted.
      throw RequestError(
        .invalidProfile, path: "pipeline", expected: "a consistent pipeline and profile", found: "\(error)",
        fix: "define the pipeline again")
    }
  }

  /// Refuses figures so far apart that sums of them mean nothing: beside the longest times the fastest iteration would
  /// last none, or beside what is drawn while waiting the measured energies would be lost in rounding.
  private static func checkMagnitudes(_ problem: IterationProblem) throws(RequestError) {
    func outcome(_ precedes: (Measurement, Measurement) -> Bool) -> IterationOutcome {
      let first = problem.tables.map { table in
        table.measurements.indices.min { precedes(table.measurements[$0], table.measurements[$1]) }!
      }
      return problem.outcome(ofMeasurements: problem.tableOfInstruction.map { first[$0] })
    }
    guard outcome({ $0.timeSeconds < $1.timeSeconds }).iterationTimeSeconds > 0 else {
      throw RequestError(
        .invalidProfile, path: "pipeline", expected: "times that can be added up exactly, within 1e18 of each other",
        found: "a fastest iteration that vanishes beside the slowest",
        fix: "check the unit of the times, which is seconds")
    }
    let leastOfTable = problem.tables.map { table in
      table.measurements.reduce(.infinity) { min($0, Double(table.deviceCount) * $1.energyJoules) }
    }
    let least = problem.tableOfInstruction.reduce(0) { $0 + leastOfTable[$1] }
    let waiting = problem.waitingPowerWatts * outcome({ $0.timeSeconds > $1.timeSeconds }).iterationTimeSeconds
    guard waiting <= 1e9 * least else {
      throw RequestError(
        .invalidProfile, path: "pipeline",
        expected: "blocking powers that draw at most 1e9 times the measured energies",
        found: "\(waiting) J beside \(least) J", fix: "check the units, which are watts, seconds and joules")
    }
  }

  /// The fastest measurement at the highest clock, and the fastest of all where not every setting has a clock.
  private static func highestFrequency(_ rows: [ProfileRow]) -> Int {
    let clocks = rows.compactMap(\.setting.clock)
    let highest = clocks.count == rows.count ? clocks.max() : nil
    return rows.indices.filter { highest == nil || clocks[$0] == highest }
      .min { rows[$0].timeSeconds < rows[$1].timeSeconds }!
  }
}

/// A computed frontier; immutable, so that queries and long computations may share it.
package struct CharacterizedFrontier: Sendable {
  package let inputs: FrontierInputs
  package let frontier: Frontier
  /// Counts the characterizations of this pipeline from 1.
  package let generation: Int

  /// For each plan the mean watts of the device that draws most.
  package let devicePowersWatts: [Double]
  /// For each plan the highest watts of all devices together during an iteration; see ``PowerProfile``.
  package let peakPowersWatts: [Double]

  /// What plans are expected to give, where they are made on estimated tables.
  package let expected: ExpectedPlans?

  /// Costs O(plans * instructions log instructions), for the powers.
  package init(inputs: FrontierInputs, frontier: Frontier, generation: Int, expected: ExpectedPlans? = nil) {
    self.inputs = inputs
    self.expected = expected
    self.frontier = frontier
    self.generation = generation
    let powers = DevicePowers(inputs)
    devicePowersWatts = frontier.plans.map(powers.highestWatts)
    peakPowersWatts = frontier.plans.map {
      PowerProfile(inputs.problem, measurements: inputs.measurements(of: $0)).peakPowerWatts
    }
  }

  private init(_ other: CharacterizedFrontier, generation: Int) {
    inputs = other.inputs
    frontier = other.frontier
    devicePowersWatts = other.devicePowersWatts
    peakPowersWatts = other.peakPowersWatts
    expected = other.expected
    self.generation = generation
  }

  /// The same frontier under another number.
  package func numbered(_ generation: Int) -> CharacterizedFrontier {
    CharacterizedFrontier(self, generation: generation)
  }

  /// Devices behind all ranks together.
  package var deviceCount: Int { inputs.definition.deviceCount }

  /// The plans as choices among other measurements of the same pipeline: the efficient option of the same setting, and
  /// where there is none any more, the slowest efficient option that is no slower than that setting now is.
  ///
  /// - Returns: nil when changes of setting cost something or are restricted, since plans are then no choices among
  ///   efficient options, or when a setting is not measured any more. O(plans * instructions).
  package func choices(among other: FrontierInputs) -> [[UInt16]]? {
    guard ![inputs, other].contains(where: { $0.problem.switching?.affectsPlans ?? false }),
      inputs.definition.tables == other.definition.tables,
      inputs.problem.tableOfInstruction == other.problem.tableOfInstruction
    else { return nil }
    var mapped: [[UInt16]] = []
    for (number, table) in inputs.problem.tables.enumerated() {
      let newer = other.problem.tables[number]
      let places = Dictionary(
        other.settings[number].enumerated().map { ($0.element.canonicalSetting, $0.offset) },
        uniquingKeysWith: { first, _ in first })
      var ofTable: [UInt16] = []
      for measurement in table.efficient {
        guard let same = places[inputs.settings[number][measurement].canonicalSetting] else { return nil }
        let seconds = newer.measurements[same].timeSeconds
        let noSlower = newer.efficient.lastIndex { newer.measurements[$0].timeSeconds <= seconds }
        ofTable.append(UInt16(noSlower ?? 0))
      }
      mapped.append(ofTable)
    }
    return frontier.plans.map { plan in
      zip(plan.choices, inputs.problem.tableOfInstruction).map { mapped[$1][Int($0)] }
    }
  }

  /// For each instruction the measurement behind the choice of `plan`, an index into its table.
  package func measurements(of plan: Plan) -> [Int] { inputs.measurements(of: plan) }
}

extension FrontierInputs {
  /// For each instruction the measurement behind the choice of `plan`, an index into its table.
  func measurements(of plan: Plan) -> [Int] {
    let options = problem.tables.map(\.options)
    return zip(problem.tableOfInstruction, plan.choices).map { options[$0][Int($1)] }
  }
}

extension TableKey {
  /// As it appears in answers.
  package var json: JSON {
    .object(
      JSONObject(members: [
        .init(key: "stage", value: .integer(Int64(stage))), .init(key: "instruction", value: .string(instruction)),
      ]))
  }
}
