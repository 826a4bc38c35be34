internal import Basics
internal import EnergyFrontier
package import JSON

/// The setting of some instructions of a plan that a client wrote.
package struct PlanSetting: Sendable {
  /// Which instructions it is for.
  package enum Subject: Sendable {
    /// The instruction of this name, in an explicit graph.
    case id(String)
    /// Those of a table for a microbatch; for all that no other entry names where nil.
    case table(TableKey, microbatch: Int?)
  }

  package let subject: Subject
  package let setting: JSON

  package init(_ subject: Subject, setting: JSON) {
    self.subject = subject
    self.setting = setting
  }
}

extension FrontierInputs {
  /// For each instruction the measurement that a client's plan gives it, an index into its table.
  ///
  /// An instruction that was measured at one setting runs at that and need not be named.
  ///
  /// - Throws: ``RequestError`` of kind `invalidPlan` for an entry that fits no instruction or no measurement, for two
  ///   that contradict each other, and where an instruction has none.
  /// - Complexity: O(instructions + entries + measurements) on average.
  package func measurements(of plan: [PlanSetting]) throws(RequestError) -> [Int] {
    let index = PlanSubjects(definition)
    let places = settings.map { settings in
      Dictionary(settings.enumerated().map { ($0.element.canonicalSetting, $0.offset) }) { first, _ in first }
    }
    var entryOf = [Int?](repeating: nil, count: definition.instructions.count)
    var chosen = [Int](repeating: 0, count: definition.instructions.count)
    // An entry for one microbatch comes before one for all.
    for isGeneral in [false, true] {
      let earlier = entryOf
      for (number, entry) in plan.enumerated() where entry.subject.isGeneral == isGeneral {
        let instructions = index.instructions(entry.subject)
        guard let instructions else { throw entry.unknownSubject(number, definition) }
        for instruction in instructions where !isGeneral || earlier[instruction] == nil {
          let table = problem.tableOfInstruction[instruction]
          guard let measurement = places[table][entry.setting.canonicalSetting] else {
            throw entry.unmeasured(number, settings[table])
          }
          if let other = entryOf[instruction], chosen[instruction] != measurement {
            throw entry.contradiction(number, other)
          }
          (entryOf[instruction], chosen[instruction]) = (number, measurement)
        }
      }
    }
    let missing = entryOf.indices.filter {
      entryOf[$0] == nil && settings[problem.tableOfInstruction[$0]].count > 1
    }
    guard let first = missing.first else { return chosen }
    throw RequestError(
      .invalidPlan, path: "settings", expected: "a frequency for every instruction that was measured at several",
      found: "none for \(definition.instructions[first].description)"
        + (missing.count > 1 ? " and \(missing.count - 1) more" : ""), fix: "add the missing entries")
  }
}

/// Finds instructions by what a client calls them.
struct PlanSubjects {
  private var byName: [ExactString: [Int]] = [:]
  private var byTable: [TableKey: [Int]] = [:]
  private var byMicrobatch: [Place: [Int]] = [:]

  private struct Place: Hashable {
    let table: TableKey
    let microbatch: Int
  }

  init(_ definition: PipelineDefinition) {
    for (number, instruction) in definition.instructions.enumerated() {
      if let id = instruction.id { byName[ExactString(id)] = [number] }
      add(number, instruction.table, instruction.microbatch)
      // An overlapped pair is listed under the stages of both halves, and may be named by either.
      if let backward = instruction.overlapped {
        let table = TableKey(stage: backward.stage, instruction: instruction.table.instruction)
        add(number, table, backward.microbatch)
      }
    }
  }

  private mutating func add(_ number: Int, _ table: TableKey, _ microbatch: Int?) {
    byTable[table, default: []].append(number)
    if let microbatch { byMicrobatch[Place(table: table, microbatch: microbatch), default: []].append(number) }
  }

  func instructions(_ subject: PlanSetting.Subject) -> [Int]? {
    switch subject {
    case .id(let id): byName[ExactString(id)]
    case .table(let table, nil): byTable[table]
    case .table(let table, let microbatch?): byMicrobatch[Place(table: table, microbatch: microbatch)]
    }
  }
}

extension PlanSetting.Subject {
  fileprivate var isGeneral: Bool {
    if case .table(_, microbatch: nil) = self { return true }
    return false
  }
}

extension PipelineInstruction {
  fileprivate var description: String {
    id.map { Preview.quoted($0) }
      ?? "stage \(table.stage) \(Preview.cut(table.instruction))" + (microbatch.map { " of microbatch \($0)" } ?? "")
  }
}

extension PlanSetting {
  fileprivate func unknownSubject(_ number: Int, _ definition: PipelineDefinition) -> RequestError {
    let path = "settings[\(number)]"
    switch subject {
    case .id(let id):
      let known = definition.instructions.compactMap(\.id)
      return RequestError(
        .invalidPlan, path: path + ".id",
        expected: known.isEmpty ? "stage and instruction, as the pipeline has a schedule" : "the id of an instruction",
        found: Preview.quoted(id), fix: "name the instruction as pipeline/define does")
    case .table(let table, let microbatch):
      let ofStage = Set(definition.tables.filter { $0.stage == table.stage }.map(\.instruction)).sorted()
      if table.stage >= definition.stageCount {
        return RequestError(
          .invalidPlan, path: path + ".stage", expected: "a stage in 0...\(definition.stageCount - 1)",
          found: "\(table.stage)", fix: "correct the stage")
      }
      guard let microbatch, definition.tables.contains(table) else {
        return RequestError(
          .invalidPlan, path: path + ".instruction", expected: "one of " + Preview.list(ofStage),
          found: Preview.quoted(table.instruction), fix: "correct the instruction")
      }
      return RequestError(
        .invalidPlan, path: path + ".microbatch",
        expected: "a microbatch that runs \(Preview.cut(table.instruction)) on stage \(table.stage)",
        found: "\(microbatch)",
        fix: "count microbatches from 0")
    }
  }

  fileprivate func unmeasured(_ number: Int, _ settings: [JSON]) -> RequestError {
    RequestError(
      .invalidPlan, path: "settings[\(number)].frequency",
      expected: "one that was measured: " + Preview.list(settings.map { $0.preview() }), found: setting.preview(),
      fix: "choose one of these, or measure it and send profile/submit")
  }

  fileprivate func contradiction(_ number: Int, _ other: Int) -> RequestError {
    RequestError(
      .invalidPlan, path: "settings[\(number)]", expected: "one frequency for each instruction",
      found: "another one in settings[\(other)]", fix: "leave out one of the two")
  }
}
