internal import Basics
package import EnergyFrontier

/// Which measurements an instruction uses: all instructions of one kind on one stage share a table.
package struct TableKey: Sendable, Hashable, Comparable {
  package let stage: Int
  package let instruction: String

  package init(stage: Int, instruction: String) {
    self.stage = stage
    self.instruction = instruction
  }

  /// The key with its name compared by bytes, as all names are.
  private var exact: (Int, ExactString) { (stage, ExactString(instruction)) }

  package static func == (a: TableKey, b: TableKey) -> Bool { a.exact == b.exact }
  package static func < (a: TableKey, b: TableKey) -> Bool { a.exact < b.exact }
  package func hash(into hasher: inout Hasher) {
    hasher.combine(stage)
    hasher.combine(ExactString(instruction))
  }
}

/// One instruction of a defined pipeline.
package struct PipelineInstruction: Sendable, Equatable {
  /// The client's name for it; nil where a schedule was generated.
  package let id: String?
  package let table: TableKey
  package let microbatch: Int?
  /// The backward's half of an overlapped pair, whose `table` and `microbatch` are its forward's.
  package let overlapped: ScheduledInstruction.OverlappedBackward?
  /// The collective that it is part of, whose instructions begin at once; nil where there is none.
  package let collective: String?

  package init(
    id: String?, table: TableKey, microbatch: Int?, overlapped: ScheduledInstruction.OverlappedBackward? = nil,
    collective: String? = nil
  ) {
    self.collective = collective
    self.id = id
    self.table = table
    self.microbatch = microbatch
    self.overlapped = overlapped
  }

  /// The table that a client measures for it; nil where it takes no time.
  ///
  /// - Parameter isEmpty: whether a stage holds no layers; loading data and stepping the optimizer take time all the
  ///   same.
  fileprivate func measuredTable(_ flow: StageFlow, isEmpty: (_ stage: Int) -> Bool) -> TableKey? {
    guard let overlapped else {
      if isEmpty(table.stage), InstructionKind(rawValue: table.instruction) != nil { return nil }
      return TableKey(stage: flow.partOfStage[table.stage], instruction: table.instruction)
    }
    if isEmpty(table.stage), isEmpty(overlapped.stage) { return nil }
    let part = ScheduledInstruction(
      stage: flow.partOfStage[table.stage], microbatch: 0,
      overlapping: .init(stage: flow.partOfStage[overlapped.stage], microbatch: 0))
    return TableKey(stage: part.stage, instruction: part.tableName)
  }
}

/// A pipeline as its client defined it, with the schedule written out.
///
/// Stages are parts of the model and own the measurements; ranks are devices and own the waiting. A rank that holds
/// two stages waits as one device, so its blocking power counts once.
package struct PipelineDefinition: Sendable, Equatable {
  /// Where instructions and dependencies come from.
  package enum Origin: Sendable, Equatable {
    case generated(ScheduleRecipe)
    /// A schedule's CSV as ``ScheduleCSV`` writes it.
    case scheduleCSV(String, encoderStages: [Int], keepsCommunication: Bool)
    /// An explicit graph; each stage is a rank.
    case graph
  }

  package let stageCount: Int
  package let origin: Origin
  /// For each stage the rank that holds it.
  package let rankOfStage: [Int]
  /// Which stage feeds which, and which are copies of each other.
  package let flow: StageFlow
  /// Which layers each stage holds, where a client said so.
  package var stageLayout: StageLayout?
  /// Stages whose forwards and backwards take no time, rising.
  package let emptyStages: [Int]
  /// For each rank the devices that share its stages.
  package internal(set) var rankTensorWidths: [Int]
  package let dataParallelWidth: Int
  /// Its other widths, and which global rank is where.
  package var layout = RankLayout()
  /// What there is beside a schedule's forwards and backwards; nothing in a graph.
  package let surroundings: IterationExtras
  /// Watts that one device of each rank draws while it waits.
  package internal(set) var rankBlockingPowerWatts: [Double]
  /// Watts that one device of each rank may draw; infinite where there is no limit.
  package var rankPowerLimitWatts: [Double]
  /// What a change of setting costs on each rank.
  package var rankSwitchCosts: [SwitchCost]
  /// What a change takes where that depends on the two settings.
  package var settingLatencies = SettingLatencies()
  /// For each rank how often its setting may change in an iteration; nil where as often as it likes.
  package var rankMostSwitches: [Int?]
  /// Whether a client said how long a change of setting takes; without that it counts as no time.
  package var isSwitchLatencyGiven = false
  package let instructions: [PipelineInstruction]
  package internal(set) var graph: InstructionGraph
  /// The distinct tables by stage, within one by first appearance.
  package let tables: [TableKey]
  /// For each of ``tables`` the one that a client measures for it: that of the part of the model of which the stage is
  /// a copy. Nil where it takes no time.
  package let measuredTables: [TableKey?]

  /// Whether an instruction of a schedule need not be measured, and takes no time unless it is.
  package func isOptional(_ table: TableKey) -> Bool {
    guard case .graph = origin else { return InstructionKind(rawValue: table.instruction)?.isCommunication ?? false }
    return false
  }

  /// A generated schedule; one blocking power for each of its ranks.
  package init(
    recipe: ScheduleRecipe, surroundings: IterationExtras = IterationExtras(), emptyStages: [Int] = [],
    dataParallelWidth: Int, rankBlockingPowerWatts: [Double]
  ) throws(FrontierError) {
    try self.init(
      schedule: try ExpandedSchedule(recipe), surroundings, origin: .generated(recipe), emptyStages: emptyStages,
      dataParallelWidth: dataParallelWidth, rankBlockingPowerWatts: rankBlockingPowerWatts)
  }

  /// A schedule that a client wrote; one blocking power for each of its ranks.
  package init(
    schedule: ExpandedSchedule, encoderStages: [Int] = [], keepsCommunication: Bool = false,
    surroundings: IterationExtras = IterationExtras(), emptyStages: [Int] = [], dataParallelWidth: Int,
    rankBlockingPowerWatts: [Double]
  ) throws(FrontierError) {
    try self.init(
      schedule: schedule, surroundings,
      origin: .scheduleCSV(
        ScheduleCSV.text(schedule), encoderStages: encoderStages, keepsCommunication: keepsCommunication),
      emptyStages: emptyStages,
      dataParallelWidth: dataParallelWidth, rankBlockingPowerWatts: rankBlockingPowerWatts)
  }

  private init(
    schedule: ExpandedSchedule, _ surroundings: IterationExtras, origin: Origin, emptyStages: [Int],
    dataParallelWidth: Int, rankBlockingPowerWatts: [Double]
  ) throws(FrontierError) {
    let whole = try surroundings.applied(to: schedule)
    self.init(
      origin: origin, surroundings: surroundings, rankOfStage: schedule.rankOfStage, flow: schedule.flow,
      emptyStages: emptyStages, dataParallelWidth: dataParallelWidth,
      rankBlockingPowerWatts: rankBlockingPowerWatts, instructions: whole.instructions, graph: whole.graph)
  }

  /// Any graph of instructions; each stage is a rank.
  package init(
    stageCount: Int, dataParallelWidth: Int, rankBlockingPowerWatts: [Double],
    instructions: [PipelineInstruction], graph: InstructionGraph
  ) {
    self.init(
      origin: .graph, rankOfStage: Array(0..<stageCount), flow: .chain(stageCount: stageCount),
      dataParallelWidth: dataParallelWidth, rankBlockingPowerWatts: rankBlockingPowerWatts,
      instructions: instructions, graph: graph)
  }

  private init(
    origin: Origin, surroundings: IterationExtras = IterationExtras(), rankOfStage: [Int], flow: StageFlow,
    emptyStages: [Int] = [], dataParallelWidth: Int, rankBlockingPowerWatts: [Double],
    instructions: [PipelineInstruction], graph: InstructionGraph
  ) {
    stageCount = rankOfStage.count
    self.origin = origin
    self.surroundings = surroundings
    self.rankOfStage = rankOfStage
    self.flow = flow
    self.emptyStages = emptyStages
    rankTensorWidths = Array(repeating: 1, count: rankBlockingPowerWatts.count)
    self.dataParallelWidth = dataParallelWidth
    self.rankBlockingPowerWatts = rankBlockingPowerWatts
    rankPowerLimitWatts = Array(repeating: .infinity, count: rankBlockingPowerWatts.count)
    rankSwitchCosts = Array(repeating: .free, count: rankBlockingPowerWatts.count)
    rankMostSwitches = Array(repeating: nil, count: rankBlockingPowerWatts.count)
    self.instructions = instructions
    self.graph = graph
    var seen: Set<TableKey> = []
    let distinct = instructions.filter { seen.insert($0.table).inserted }
    let ordered = distinct.enumerated().sorted {
      ($0.element.table.stage, $0.offset) < ($1.element.table.stage, $1.offset)
    }.map(\.element)
    tables = ordered.map(\.table)
    let isEmpty = Set(emptyStages)
    measuredTables = ordered.map { $0.measuredTable(flow, isEmpty: isEmpty.contains) }
  }

  /// Watts that one device may draw on the rank that holds `stage`.
  package func powerLimitWatts(ofStage stage: Int) -> Double { rankPowerLimitWatts[rankOfStage[stage]] }

  /// Watts that one device draws while it waits on the rank that holds `stage`.
  package func blockingPowerWatts(ofStage stage: Int) -> Double { rankBlockingPowerWatts[rankOfStage[stage]] }
}
