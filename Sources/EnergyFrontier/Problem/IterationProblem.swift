/// One training iteration to be planned: which instructions there are, what precedes what, and how each may run.
public struct IterationProblem: Sendable, Equatable {
  /// Dependencies between the instructions.
  public let graph: InstructionGraph
  /// For each instruction the index of its option table.
  public let tableOfInstruction: [Int]
  /// The option tables; instructions of one (stage, kind) share one.
  public let tables: [OptionTable]
  /// Watts that the devices of one pipeline replica draw together while all of them wait: the sum of `P`, times the
  /// devices of its own, over the ranks.
  public let waitingPowerWatts: Double
  /// How many devices stand behind each rank of the pipeline: tensor-parallel times data-parallel width, or what all
  /// ranks have of it in common; the rest is ``OptionTable/deviceCount``.
  ///
  /// Every one of them runs the same plan, so each energy reported is `deviceMultiplicity` times that of one device per
  /// rank.
  public let deviceMultiplicity: Int
  /// What changing a device's setting costs; nil where settings or the order on a device are not known, and then
  /// nothing.
  public let switching: Switching?
  /// A power of two; see ``ScaledProblem``.
  let ticksPerSecond: Double

  /// States a problem.
  ///
  /// - Throws: ``FrontierError`` when an instruction names no table, the power is negative or beyond
  ///   ``Measurement/acceptedRange``, or no plan changes settings as seldom as it must.
  public init(
    graph: InstructionGraph, tableOfInstruction: [Int], tables: [OptionTable], waitingPowerWatts: Double,
    deviceMultiplicity: Int = 1, switching: Switching? = nil
  ) throws(FrontierError) {
    precondition(tableOfInstruction.count == graph.count, "one table index per instruction")
    precondition(deviceMultiplicity > 0)
    precondition(switching.map { $0.settings.map(\.count) == tables.map(\.measurements.count) } ?? true)
    for (instruction, table) in tableOfInstruction.enumerated() where !tables.indices.contains(table) {
      throw .unknownTable(instruction: instruction, table: table)
    }
    guard waitingPowerWatts >= 0, waitingPowerWatts <= Measurement.acceptedRange.upperBound else {
      throw .invalidBlockingPower(value: waitingPowerWatts)
    }
    try switching?.checkRestriction(tableOfInstruction: tableOfInstruction)
    self.graph = graph
    self.tableOfInstruction = tableOfInstruction
    self.tables = tables
    self.waitingPowerWatts = waitingPowerWatts
    self.deviceMultiplicity = deviceMultiplicity
    let slowest = tables.map { $0.measurements.reduce(0) { max($0, $1.timeSeconds) } }
    let lags = graph.lagSumSeconds + (switching?.longestLatencySeconds ?? 0)
    let longest = tableOfInstruction.reduce(lags) { $0 + slowest[$1] }
    self.switching = switching
    ticksPerSecond = ScaledProblem.scale(keeping: longest, below: ScaledProblem.tickBound)
  }

  /// The table of `instruction`.
  public func table(of instruction: Int) -> OptionTable { tables[tableOfInstruction[instruction]] }

  /// A lag in ticks; the one place where lags are rounded.
  func lagTicks(_ seconds: Double) -> Int64 { ticks(seconds) }

  /// What really happens when each instruction runs as measured: the longest path and the energy drawn until then.
  ///
  /// Times are added in ticks, which is exact, so two plans whose longest paths have the same instructions last equally
  /// long whatever the order of the sums.
  ///
  /// - Parameter measurementOfInstruction: for each instruction an index into its table's `measurements`.
  /// - Complexity: O(instructions + dependencies + measurements).
  public func outcome(ofMeasurements measurementOfInstruction: [Int]) -> IterationOutcome {
    let run = IterationRun(self, measurements: measurementOfInstruction)
    var effective = 0.0
    // Side by side, as to copy a table for each instruction costs ten times the addition.
    let energies = tables.map { table in
      table.measurements.map { table.effectiveJoules($0) }
    }
    for instruction in graph.topologicalOrder {
      effective += energies[tableOfInstruction[instruction]][measurementOfInstruction[instruction]]
    }
    if let switching, !switching.isFree { effective += switching.energyJoules(of: run) }
    let iterationTime = Double(run.iterationTicks) / ticksPerSecond
    let energy = Double(deviceMultiplicity) * (effective + waitingPowerWatts * iterationTime)
    return IterationOutcome(iterationTimeSeconds: iterationTime, energyJoules: energy)
  }

  /// The nearest whole number of ticks.
  func ticks(_ seconds: Double) -> Int64 { Int64((seconds * ticksPerSecond).rounded()) }
}

/// Iteration time and energy of one way to run an iteration.
public struct IterationOutcome: Sendable, Equatable {
  /// Seconds from the first instruction's start to the last one's end.
  public let iterationTimeSeconds: Double
  /// Joules that all devices draw until then, waiting included.
  public let energyJoules: Double

  public init(iterationTimeSeconds: Double, energyJoules: Double) {
    self.iterationTimeSeconds = iterationTimeSeconds
    self.energyJoules = energyJoules
  }

  /// Mean watts over the iteration, all devices together.
  public var averagePowerWatts: Double { energyJoules / iterationTimeSeconds }
}
