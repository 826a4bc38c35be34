package import EnergyFrontier
package import JSON

/// A plan laid out in time: what each stage runs when, and at which setting.
package struct PlanTimeline: Sendable {
  package struct Step: Sendable {
    package let instruction: PipelineInstruction
    package let knob: JSON
    /// Earliest start in seconds after the iteration began.
    package let startSeconds: Double
    package let timeSeconds: Double
    /// Joules of one device.
    package let energyJoules: Double
  }

  /// For each stage its steps by start, ties in an order that every dependency agrees with.
  package let stages: [[Step]]

  /// Lays out `plan` in O(instructions log instructions + dependencies).
  package init(_ characterized: CharacterizedFrontier, _ plan: Plan) {
    let inputs = characterized.inputs
    let graph = inputs.problem.graph
    var finish = [Double](repeating: 0, count: graph.count)
    var steps = [(stage: Int, order: Int, step: Step)]()
    steps.reserveCapacity(graph.count)
    for (order, number) in graph.topologicalOrder.enumerated() {
      let measurement = inputs.problem.table(of: number).measurements[characterized.measurement(of: number, in: plan)]
      var start = 0.0
      for (before, lag) in zip(graph.predecessors(of: number), graph.lagsSeconds(before: number)) {
        start = max(start, finish[before] + lag)
      }
      finish[number] = start + measurement.timeSeconds
      let instruction = inputs.definition.instructions[number]
      let step = Step(
        instruction: instruction, knob: characterized.knob(of: number, in: plan), startSeconds: start,
        timeSeconds: measurement.timeSeconds, energyJoules: measurement.energyJoules)
      steps.append((instruction.table.stage, order, step))
    }
    var stages = [[Step]](repeating: [], count: inputs.definition.stageCount)
    for entry in steps.sorted(by: { ($0.step.startSeconds, $0.order) < ($1.step.startSeconds, $1.order) }) {
      stages[entry.stage].append(entry.step)
    }
    self.stages = stages
  }
}
