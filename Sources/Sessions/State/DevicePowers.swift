internal import EnergyFrontier

/// Tells how much each device of a pipeline draws on average while a plan runs.
struct DevicePowers {
  private let inputs: FrontierInputs
  /// For each table and each of its options, as a plan's choices count them, joules beyond the blocking power.
  private let effectiveJoules: [[Double]]
  private let rankOfInstruction: [Int]

  init(_ inputs: FrontierInputs) {
    self.inputs = inputs
    effectiveJoules = inputs.problem.tables.map { table in
      table.options.map {
        table.measurements[$0].energyJoules - table.blockingPowerWatts * table.measurements[$0].timeSeconds
      }
    }
    rankOfInstruction = inputs.definition.instructions.map { inputs.definition.rankOfStage[$0.table.stage] }
  }

  /// Mean watts of one device on the rank where they are highest. O(instructions).
  func highestWatts(of plan: Plan) -> Double {
    let powers = inputs.definition.rankBlockingPowerWatts
    return zip(rankJoules(of: plan), powers).reduce(0) { max($0, $1.0 / plan.iterationTimeSeconds + $1.1) }
  }

  /// For each rank the joules that one device takes in an iteration beyond its blocking power. O(instructions).
  func rankJoules(of plan: Plan) -> [Double] {
    var joules = switchJoules(plan)
    for (instruction, choice) in plan.choices.enumerated() {
      joules[rankOfInstruction[instruction]] +=
        effectiveJoules[inputs.problem.tableOfInstruction[instruction]][Int(choice)]
    }
    return joules
  }

  /// For each rank the joules that its changes of setting take in an iteration.
  private func switchJoules(_ plan: Plan) -> [Double] {
    let none = [Double](repeating: 0, count: inputs.definition.rankBlockingPowerWatts.count)
    guard let switching = inputs.problem.switching, !switching.isFree else { return none }
    let tables = inputs.problem.tableOfInstruction
    let settings = zip(inputs.problem.tables, switching.settings).map { table, settings in
      table.options.map { settings[$0] }
    }
    // Beyond the pipeline's ranks there are those of what takes no time.
    return zip(switching.ranks, inputs.definition.rankSwitchCosts).map { rank, cost in
      let sequence = rank.instructions.map { settings[tables[$0]][Int(plan.choices[$0])] }
      // The last precedes the first of the next iteration.
      let changes = zip(sequence, sequence.dropFirst() + sequence.prefix(1)).count { $0 != $1 }
      return Double(changes) * cost.energyJoules
    }
  }
}
