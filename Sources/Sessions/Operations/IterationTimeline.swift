package import EnergyFrontier
package import JSON

/// An iteration laid out in time: what each rank runs when and at which setting, when it waits, and when its setting
/// changes.
package struct IterationTimeline: Sendable {
  /// One instruction as it runs. All times are in seconds after the iteration began.
  package struct InstructionExecution: Sendable {
    package let instruction: PipelineInstruction
    package let setting: JSON
    /// Earliest start.
    package let startSeconds: Double
    package let timeSeconds: Double
    /// Joules of one device.
    package let energyJoules: Double
    /// How much later it may end without making the iteration longer, if nothing else changes; 0 on the critical paths.
    package let slackSeconds: Double
    /// Whether it is on a longest path.
    package let isCritical: Bool
    package var endSeconds: Double { startSeconds + timeSeconds }
    /// Mean watts of one device while it runs; 0 for what takes no time.
    package var powerWatts: Double { timeSeconds > 0 ? energyJoules / timeSeconds : 0 }
    /// Whether it runs at a setting; what takes no time does not.
    package var hasSetting: Bool { setting != .null }
  }

  /// A change of setting on a rank.
  package struct Switch: Sendable {
    package let startSeconds: Double
    package let endSeconds: Double
    package let from: JSON
    package let to: JSON
  }

  /// A stretch in which a rank does nothing.
  package struct Wait: Sendable {
    package let startSeconds: Double
    package let endSeconds: Double
  }

  /// One rank through the iteration; joules and watts are of one device.
  package struct Rank: Sendable {
    package let blockingPowerWatts: Double
    /// By start, ties in an order that every dependency agrees with.
    package let instructions: [InstructionExecution]
    package let switches: [Switch]
    package let waits: [Wait]
    package let busySeconds: Double
    /// Joules over the whole iteration: of its instructions, of waiting, and of changes.
    package let energyJoules: Double
  }

  package let ranks: [Rank]
  /// One longest path: the rank and the times of each of its instructions, in their order.
  package let longestPath: [(rank: Int, startSeconds: Double, endSeconds: Double)]
  package let iterationTimeSeconds: Double
  /// Joules of all devices.
  package let energyJoules: Double

  /// Lays out what happens when each instruction runs with the measurement given, in
  /// O(instructions log instructions + dependencies).
  package init(_ inputs: FrontierInputs, measurements: [Int]) {
    let problem = inputs.problem
    let definition = inputs.definition
    let run = IterationRun(problem, measurements: measurements)
    let slack = run.slackTicks(problem)
    func seconds(_ ticks: Int64) -> Double { Double(ticks) / run.ticksPerSecond }
    let iteration = seconds(run.iterationTicks)
    var ofRanks = [[(instruction: Int, execution: InstructionExecution)]](
      repeating: [], count: definition.rankBlockingPowerWatts.count)
    for number in problem.graph.topologicalOrder {
      let instruction = definition.instructions[number]
      let table = problem.tableOfInstruction[number]
      let measurement = problem.tables[table].measurements[measurements[number]]
      let execution = InstructionExecution(
        instruction: instruction, setting: inputs.settings[table][measurements[number]],
        startSeconds: seconds(run.startTicks[number]), timeSeconds: measurement.timeSeconds,
        energyJoules: measurement.energyJoules, slackSeconds: seconds(slack[number]), isCritical: slack[number] == 0)
      ofRanks[definition.rankOfStage[instruction.table.stage]].append((number, execution))
    }
    ranks = ofRanks.indices.map { rank in
      let ofRank = ofRanks[rank].enumerated().sorted {
        ($0.element.execution.startSeconds, $0.offset) < ($1.element.execution.startSeconds, $1.offset)
      }.map(\.element)
      return Rank(
        ofRank, rank: rank, run: run, cost: definition.rankSwitchCosts[rank],
        blockingPowerWatts: definition.rankBlockingPowerWatts[rank],
        iterationTimeSeconds: iteration)
    }
    longestPath = run.longestPath(problem).map { number in
      (
        definition.rankOfStage[definition.instructions[number].table.stage], seconds(run.startTicks[number]),
        seconds(run.endTicks[number])
      )
    }
    iterationTimeSeconds = iteration
    energyJoules = problem.outcome(ofMeasurements: measurements).energyJoules
  }

  /// Lays out a plan.
  package init(_ characterized: CharacterizedFrontier, _ plan: Plan) {
    self.init(characterized.inputs, measurements: characterized.measurements(of: plan))
  }

  /// Sums over all ranks, of one device for each.
  package struct Totals: Sendable {
    package let busySeconds: Double
    /// Seconds in which nothing runs, changes of setting included.
    package let waitingSeconds: Double
    package let switchCount: Int
    package let energyJoules: Double
  }

  package var totals: Totals {
    Totals(
      busySeconds: ranks.reduce(0) { $0 + $1.busySeconds },
      waitingSeconds: ranks.reduce(0) { $0 + iterationTimeSeconds - $1.busySeconds },
      switchCount: ranks.reduce(0) { $0 + $1.switches.count }, energyJoules: ranks.reduce(0) { $0 + $1.energyJoules })
  }

  /// For each stage its instructions by start; an overlapped pair is in the lists of both its halves' stages.
  package func stages(_ definition: PipelineDefinition) -> [[InstructionExecution]] {
    var stages = [[InstructionExecution]](repeating: [], count: definition.stageCount)
    for execution in ranks.flatMap(\.instructions) {
      let stage = execution.instruction.table.stage
      stages[stage].append(execution)
      if let overlapped = execution.instruction.overlapped, overlapped.stage != stage {
        stages[overlapped.stage].append(execution)
      }
    }
    return stages
  }
}

extension IterationTimeline.Rank {
  fileprivate init(
    _ ordered: [(instruction: Int, execution: IterationTimeline.InstructionExecution)], rank: Int, run: IterationRun,
    cost: SwitchCost,
    blockingPowerWatts: Double, iterationTimeSeconds: Double
  ) {
    var switches: [IterationTimeline.Switch] = []
    var waits: [IterationTimeline.Wait] = []
    // Instructions of a rank in an explicit graph may overlap; it is busy while any runs.
    var cursor = 0.0
    func wait(until end: Double) {
      if end > cursor { waits.append(.init(startSeconds: cursor, endSeconds: end)) }
      cursor = max(cursor, end)
    }
    func change(from: IterationTimeline.InstructionExecution, to setting: JSON, taking seconds: Double) {
      let end = from.endSeconds + seconds
      switches.append(.init(startSeconds: from.endSeconds, endSeconds: end, from: from.setting, to: setting))
      cursor = max(cursor, end)
    }
    for (index, entry) in ordered.enumerated() {
      // What takes no time runs at no setting.
      if run.switchesBefore[entry.instruction], let earlier = ordered[..<index].last(where: { $0.execution.hasSetting })
      {
        change(
          from: earlier.execution, to: entry.execution.setting, taking: run.latencySeconds(before: entry.instruction))
      }
      wait(until: entry.execution.startSeconds)
      cursor = max(cursor, entry.execution.endSeconds)
    }
    if run.switchesAtEnd.indices.contains(rank), run.switchesAtEnd[rank],
      let first = ordered.first(where: { $0.execution.hasSetting }),
      let last = ordered.last(where: { $0.execution.hasSetting })
    {
      change(from: last.execution, to: first.execution.setting, taking: run.latencySeconds(atEndOf: rank))
    }
    wait(until: iterationTimeSeconds)
    let busy = ordered.reduce(0) { $0 + $1.execution.timeSeconds }
    let drawn = ordered.reduce(0) { $0 + $1.execution.energyJoules }
    self.init(
      blockingPowerWatts: blockingPowerWatts, instructions: ordered.map(\.execution), switches: switches, waits: waits,
      busySeconds: busy,
      energyJoules: drawn + blockingPowerWatts * (iterationTimeSeconds - busy) + Double(switches.count)
        * cost.energyJoules)
  }
}
