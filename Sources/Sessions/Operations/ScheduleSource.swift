internal import Basics
package import EnergyFrontier
internal import JSON

/// Where the instructions and dependencies of a pipeline come from.
package enum ScheduleSource: Sendable {
  case named(NamedSchedule)
  case csv(CSVSchedule)
  case graph(GraphSchedule)
}

extension ScheduleSource {
  /// The schedule written out.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPipeline`, also for an explicit graph, which has none.
  package func expanded() throws(RequestError) -> ExpandedSchedule {
    switch self {
    case .csv(let csv): return try csv.expanded()
    case .named(let named):
      let recipe = try named.recipe()
      do throws(FrontierError) {
        return try ExpandedSchedule(recipe)
      } catch {
        throw RequestError(error, schedule: "schedule")
      }
    case .graph:
      throw RequestError(
        .invalidPipeline, path: "instructions", expected: "a schedule", found: "an explicit graph",
        fix: "name a schedule, or send its CSV")
    }
  }

}

/// A schedule that a client wrote as CSV, and what it says of its size beside.
package struct CSVSchedule: Sendable {
  package var text: String
  /// Compared with the schedule's where given.
  package var stageCount: Int?
  package var microbatchCount: Int?
  /// How many stages each encoder has where several feed one decoder.
  package var encoderStages: [Int] = []
  /// Whether what moves data becomes instructions.
  package var keepsCommunication = false

  package init(_ text: String) { self.text = text }

  /// Reads the schedule.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPipeline`.
  package func expanded() throws(RequestError) -> ExpandedSchedule {
    do throws(FrontierError) {
      return try ScheduleCSV.parse(
        text, encoderStages: encoderStages, keepsCommunication: keepsCommunication)
    } catch {
      throw RequestError(error, schedule: "scheduleCSV")
    }
  }

  /// Reads the schedule and compares its size with what was said of it.
  func checked() throws(RequestError) -> ExpandedSchedule {
    let schedule = try expanded()
    for (path, given, found) in [
      ("stages", stageCount ?? schedule.stageCount, schedule.stageCount),
      ("microbatches", microbatchCount ?? schedule.microbatchCount, schedule.microbatchCount),
    ] where given != found {
      throw RequestError(
        .invalidPipeline, path: path, expected: "\(found), as in scheduleCSV", found: "\(given)",
        fix: "correct the number, or the schedule")
    }
    return schedule
  }
}

/// A schedule by its name and sizes.
package struct NamedSchedule: Sendable {
  package var schedule: PipelineSchedule
  package var stageCount: Int
  package var microbatchCount: Int
  package var chunksPerRank: Int?
  package var microbatchGroupSize: Int?
  package var encoderStages: [Int]

  package init(
    _ schedule: PipelineSchedule, stageCount: Int, microbatchCount: Int, chunksPerRank: Int? = nil,
    microbatchGroupSize: Int? = nil, encoderStages: [Int] = []
  ) {
    self.encoderStages = encoderStages
    self.schedule = schedule
    self.stageCount = stageCount
    self.microbatchCount = microbatchCount
    self.chunksPerRank = chunksPerRank
    self.microbatchGroupSize = microbatchGroupSize
  }

  /// The sizes, completed and checked; a schedule that is too long is refused before it is written out.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPipeline`.
  package func recipe() throws(RequestError) -> ScheduleRecipe {
    let (count, overflows) = (2 * stageCount).multipliedReportingOverflow(by: microbatchCount)
    guard !overflows, count <= Limits.instructionCount else {
      throw RequestError(
        .invalidPipeline, path: "microbatches",
        expected: "at most \(Limits.instructionCount / 2 / stageCount) microbatches for \(stageCount) stages",
        found: "\(microbatchCount)", fix: "an iteration has at most \(Limits.instructionCount) instructions")
    }
    do throws(FrontierError) {
      return try ScheduleRecipe(
        schedule, stageCount: stageCount, microbatchCount: microbatchCount, chunksPerRank: chunksPerRank,
        microbatchGroupSize: microbatchGroupSize, encoderStages: encoderStages)
    } catch {
      throw RequestError(error, schedule: "schedule")
    }
  }
}

/// A pipeline as an explicit graph; each stage is a rank.
package struct GraphSchedule: Sendable {
  package struct Instruction: Sendable {
    package let id: String
    package let table: TableKey
    package let microbatch: Int?
    /// What it does together with instructions of other ranks, which all begin at once; nil where it is by itself.
    package let collective: String?

    package init(id: String, table: TableKey, microbatch: Int?, collective: String? = nil) {
      self.id = id
      self.table = table
      self.microbatch = microbatch
      self.collective = collective
    }
  }

  /// One instruction must end, and `lagSeconds` pass, before another begins.
  package struct Dependency: Sendable {
    package let before: String
    package let after: String
    package let lagSeconds: Double

    package init(before: String, after: String, lagSeconds: Double) {
      self.before = before
      self.after = after
      self.lagSeconds = lagSeconds
    }
  }

  package let stageCount: Int
  package let instructions: [Instruction]
  package let dependencies: [Dependency]

  package init(stageCount: Int, instructions: [Instruction], dependencies: [Dependency]) {
    self.stageCount = stageCount
    self.instructions = instructions
    self.dependencies = dependencies
  }

  /// The instructions in their order, and the graph of their dependencies.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPipeline`.
  /// - Complexity: O(instructions + dependencies) on average.
  func resolved() throws(RequestError) -> (instructions: [PipelineInstruction], graph: InstructionGraph) {
    let numbers = try numbers()
    var edges: [InstructionGraph.Dependency] = []
    edges.reserveCapacity(dependencies.count)
    for (index, dependency) in dependencies.enumerated() {
      guard let before = numbers[ExactString(dependency.before)], let after = numbers[ExactString(dependency.after)]
      else {
        let isKnown = numbers[ExactString(dependency.before)] != nil
        throw RequestError(
          .invalidPipeline, path: "dependencies[\(index)]", expected: "ids of instructions of this request",
          found: Preview.quoted(isKnown ? dependency.after : dependency.before),
          fix: "add the instruction, or correct the id")
      }
      edges.append(.init(before: before, after: after, lagSeconds: dependency.lagSeconds))
    }
    edges += try collectiveEdges(edges)
    do throws(FrontierError) {
      return (
        instructions.map {
          PipelineInstruction(id: $0.id, table: $0.table, microbatch: $0.microbatch, collective: $0.collective)
        },
        try InstructionGraph(count: instructions.count, lagged: edges)
      )
    } catch {
      throw refusal(of: error)
    }
  }

  /// What the instructions of a collective wait for beside their own predecessors: those of the others.
  private func collectiveEdges(
    _ edges: [InstructionGraph.Dependency]
  ) throws(RequestError) -> [InstructionGraph.Dependency] {
    var members: [ExactString: [Int]] = [:]
    for (number, instruction) in instructions.enumerated() {
      if let collective = instruction.collective { members[ExactString(collective), default: []].append(number) }
    }
    var added: [InstructionGraph.Dependency] = []
    for edge in edges {
      guard let collective = instructions[edge.after].collective else { continue }
      let others = members[ExactString(collective), default: []].filter { $0 != edge.after }
      guard edges.count + added.count + others.count <= Limits.dependencyCount else {
        throw RequestError(
          .invalidPipeline, path: "instructions",
          expected: "at most \(Limits.dependencyCount) dependencies, those of collectives included", found: "more",
          fix: "let one instruction of each collective wait, or use smaller collectives")
      }
      added += others.map { .init(before: edge.before, after: $0, lagSeconds: edge.lagSeconds) }
    }
    return added
  }

  private func numbers() throws(RequestError) -> [ExactString: Int] {
    var numbers: [ExactString: Int] = [:]
    numbers.reserveCapacity(instructions.count)
    for (index, instruction) in instructions.enumerated() {
      guard instruction.table.stage < stageCount else {
        throw RequestError(
          .invalidPipeline, path: "instructions[\(index)].stage", expected: "a stage in 0...\(stageCount - 1)",
          found: "\(instruction.table.stage)", fix: "raise stages, or correct the stage")
      }
      if let earlier = numbers.updateValue(index, forKey: ExactString(instruction.id)) {
        throw RequestError(
          .invalidPipeline, path: "instructions[\(index)].id", expected: "each id once",
          found: "\(Preview.quoted(instruction.id)) again, first in instructions[\(earlier)]", fix: "rename one of them"
        )
      }
    }
    return numbers
  }

  private func refusal(of error: FrontierError) -> RequestError {
    guard case .cyclicDependencies(let cycle) = error else {
      return RequestError(
        .invalidPipeline, path: "instructions", expected: "a graph of instructions", found: "\(error)",
        fix: "correct instructions or dependencies")
    }
    let ids = cycle.prefix(16).map { instructions[$0].id }
    let shown =
      (ids.map { Preview.cut($0) } + (cycle.count > 16 ? ["..."] : []) + ids.prefix(1).map { Preview.cut($0) })
      .joined(separator: " -> ")
    return RequestError(
      .invalidPipeline, path: "dependencies", expected: "dependencies without a cycle", found: shown,
      fix: "remove one of these dependencies",
      details: [.init(key: "cycle", value: .array(ids.map { .string(Preview.cut($0)) }))])
  }
}

extension RequestError {
  /// What the engine says of a schedule, at the field it came from.
  package init(_ error: FrontierError, schedule path: String) {
    guard case .invalidSchedule(let fault) = error else {
      self.init(
        .invalidPipeline, path: path, expected: "a schedule of a defined size", found: "\(error)",
        fix: "change stages or microbatches")
      return
    }
    let place = fault.place.map { "\($0): " } ?? ""
    self.init(
      .invalidPipeline, path: fault.field ?? path, expected: fault.expected, found: place + fault.found, fix: fault.fix)
  }
}
