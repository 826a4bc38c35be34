/// One training iteration to be planned: which instructions there are, what precedes what, and how each may run.
public struct IterationProblem: Sendable, Equatable {
  /// Dependencies between the instructions.
  public let graph: InstructionGraph
  /// For each instruction the index of its option table.
  public let tableOfInstruction: [Int]
  /// The option tables; instructions of one (stage, kind) share one.
  public let tables: [OptionTable]
  /// Watts that the devices of one pipeline replica draw together while all of them wait: `sum(P)` over its ranks.
  public let waitingPowerWatts: Double
  /// How many devices stand behind each rank of the pipeline: tensor-parallel times data-parallel width.
  ///
  /// Every one of them runs the same plan, so each energy reported is `deviceMultiplicity` times that of one device per rank.
  public let deviceMultiplicity: Int
  /// A power of two; see ``ScaledProblem``.
  let ticksPerSecond: Double

  /// States a problem.
  ///
  /// - Throws: ``FrontierError`` when an instruction names no table, or the power is negative or beyond
  ///   ``Measurement/acceptedRange``.
  public init(
    graph: InstructionGraph, tableOfInstruction: [Int], tables: [OptionTable], waitingPowerWatts: Double,
    deviceMultiplicity: Int = 1
  ) throws(FrontierError) {
    precondition(tableOfInstruction.count == graph.count, "one table index per instruction")
    precondition(deviceMultiplicity > 0)
    for (instruction, table) in tableOfInstruction.enumerated() where !tables.indices.contains(table) {
      throw .unknownTable(instruction: instruction, table: table)
    }
    guard waitingPowerWatts >= 0, waitingPowerWatts <= Measurement.acceptedRange.upperBound else {
      throw .invalidBlockingPower(value: waitingPowerWatts)
    }
    self.graph = graph
    self.tableOfInstruction = tableOfInstruction
    self.tables = tables
    self.waitingPowerWatts = waitingPowerWatts
    self.deviceMultiplicity = deviceMultiplicity
    let slowest = tables.map { $0.measurements.reduce(0) { max($0, $1.timeSeconds) } }
    let longest = tableOfInstruction.reduce(graph.lagSumSeconds) { $0 + slowest[$1] }
    ticksPerSecond = ScaledProblem.scale(keeping: longest, below: ScaledProblem.tickBound)
  }

  /// The table of `instruction`.
  public func table(of instruction: Int) -> OptionTable { tables[tableOfInstruction[instruction]] }

  /// A lag in ticks; the one place where lags are rounded.
  func lagTicks(_ seconds: Double) -> Int64 { Int64((seconds * ticksPerSecond).rounded()) }

  /// What really happens when each instruction runs as measured: the longest path and the energy drawn until then.
  ///
  /// Times are added in ticks, which is exact, so two plans whose longest paths have the same instructions last equally long
  /// whatever the order of the sums.
  ///
  /// - Parameter measurementOfInstruction: for each instruction an index into its table's `measurements`.
  /// - Complexity: O(instructions + dependencies).
  public func outcome(ofMeasurements measurementOfInstruction: [Int]) -> Outcome {
    precondition(measurementOfInstruction.count == graph.count)
    var finish = [Int64](repeating: 0, count: graph.count)
    var iterationTicks: Int64 = 0
    var effective = 0.0
    for instruction in graph.topologicalOrder {
      let table = table(of: instruction)
      let measurement = table.measurements[measurementOfInstruction[instruction]]
      var start: Int64 = 0
      for (before, lag) in zip(graph.predecessors(of: instruction), graph.lagsSeconds(before: instruction)) {
        start = max(start, finish[before] + lagTicks(lag))
      }
      finish[instruction] = start + Int64((measurement.timeSeconds * ticksPerSecond).rounded())
      iterationTicks = max(iterationTicks, finish[instruction])
      effective += measurement.energyJoules - table.blockingPowerWatts * measurement.timeSeconds
    }
    let iterationTime = Double(iterationTicks) / ticksPerSecond
    let energy = Double(deviceMultiplicity) * (effective + waitingPowerWatts * iterationTime)
    return Outcome(iterationTimeSeconds: iterationTime, energyJoules: energy)
  }
}

/// Iteration time and energy of one way to run an iteration.
public struct Outcome: Sendable, Equatable {
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
