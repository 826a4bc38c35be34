package import EnergyFrontier

/// Which measurements an instruction uses: all instructions of one kind on one stage share a table.
package struct TableKey: Sendable, Hashable, Comparable {
  package let stage: Int
  package let instruction: String

  package init(stage: Int, instruction: String) {
    self.stage = stage
    self.instruction = instruction
  }

  package static func < (a: TableKey, b: TableKey) -> Bool { (a.stage, a.instruction) < (b.stage, b.instruction) }
}

/// One instruction of a defined pipeline.
package struct PipelineInstruction: Sendable, Equatable {
  /// The client's name for it; nil where a schedule was generated.
  package let id: String?
  package let table: TableKey
  package let microbatch: Int?

  package init(id: String?, table: TableKey, microbatch: Int?) {
    self.id = id
    self.table = table
    self.microbatch = microbatch
  }
}

/// A pipeline as its client defined it, with the schedule written out.
package struct PipelineDefinition: Sendable, Equatable {
  package let stageCount: Int
  /// The generated schedule, or nil for an explicit graph.
  package let schedule: PipelineSchedule?
  package let microbatchCount: Int?
  package let tensorParallelWidth: Int
  package let dataParallelWidth: Int
  /// Watts that one device of each stage draws while it waits.
  package let blockingPowerWatts: [Double]
  package let instructions: [PipelineInstruction]
  package let graph: InstructionGraph
  /// The distinct tables by stage, within one by first appearance.
  package let tables: [TableKey]

  /// A generated schedule.
  package init(
    schedule: PipelineSchedule, stageCount: Int, microbatchCount: Int, tensorParallelWidth: Int, dataParallelWidth: Int,
    blockingPowerWatts: [Double]
  ) throws(FrontierError) {
    let expanded = try ExpandedSchedule(schedule, stageCount: stageCount, microbatchCount: microbatchCount)
    self.init(
      stageCount: stageCount, schedule: schedule, microbatchCount: microbatchCount,
      tensorParallelWidth: tensorParallelWidth, dataParallelWidth: dataParallelWidth,
      blockingPowerWatts: blockingPowerWatts,
      instructions: expanded.instructions.map {
        PipelineInstruction(
          id: nil, table: TableKey(stage: $0.stage, instruction: $0.kind.rawValue), microbatch: $0.microbatch)
      },
      graph: expanded.graph)
  }

  /// Any graph of instructions.
  package init(
    stageCount: Int, schedule: PipelineSchedule? = nil, microbatchCount: Int? = nil, tensorParallelWidth: Int,
    dataParallelWidth: Int, blockingPowerWatts: [Double], instructions: [PipelineInstruction], graph: InstructionGraph
  ) {
    self.stageCount = stageCount
    self.schedule = schedule
    self.microbatchCount = microbatchCount
    self.tensorParallelWidth = tensorParallelWidth
    self.dataParallelWidth = dataParallelWidth
    self.blockingPowerWatts = blockingPowerWatts
    self.instructions = instructions
    self.graph = graph
    var seen: Set<TableKey> = []
    let distinct = instructions.map(\.table).filter { seen.insert($0).inserted }
    tables = distinct.enumerated().sorted { ($0.element.stage, $0.offset) < ($1.element.stage, $1.offset) }.map(
      \.element)
  }
}
