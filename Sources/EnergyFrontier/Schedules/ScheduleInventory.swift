/// Who provides what in a schedule: checks that every work of every part of the model and microbatch is done once, and
/// every stage on one rank.
struct ScheduleInventory {
  /// What an instruction provides; a whole backward provides both gradients.
  enum Work: Int, CaseIterable {
    case forward, inputGradient, weightGradient, recomputation
    case sentForward, receivedForward, sentGradient, receivedGradient
  }

  /// For each stage the rank that holds it.
  let rankOfStage: [Int]
  let flow: StageFlow
  let microbatchCount: Int
  /// By work, part of the model and microbatch the instruction that provides it, or -1.
  private var provider: [Int]

  /// In O(instructions log ranks).
  ///
  /// - Parameter flow: nil where each stage feeds the next one.
  init(_ actions: ScheduleActions, flow given: StageFlow?) throws(ScheduleError) {
    let sizes = try Self.sizes(actions)
    (rankOfStage, microbatchCount) = sizes
    flow = given ?? .chain(stageCount: sizes.ranks.count)
    guard flow.stageCount == rankOfStage.count else {
      throw ScheduleError(
        expected: "\(flow.stageCount) stages", found: "\(rankOfStage.count)", fix: "correct the schedule")
    }
    // Every pair has a forward of its own, so this also bounds the memory that a malformed schedule can ask for.
    let pairs = flow.partCount * microbatchCount
    guard pairs <= actions.instructions.count else {
      throw ScheduleError(
        expected: "at least \(pairs) instructions, as there are \(flow.partCount) stages and "
          + "\(microbatchCount) microbatches", found: "\(actions.instructions.count)", fix: "add what is missing")
    }
    provider = Array(repeating: -1, count: Work.allCases.count * pairs)
    for (index, instruction) in actions.instructions.enumerated() {
      for part in instruction.parts {
        for work in Self.works(of: part.kind) {
          let slot = slot(work, flow.partOfStage[part.stage], part.microbatch)
          if provider[slot] >= 0 {
            throw ScheduleError(
              at: actions.place(of: index),
              expected: "the \(work) of stage \(part.stage), microbatch \(part.microbatch) once",
              found: "it again, first in \(actions.place(of: provider[slot]))", fix: "remove one of them")
          }
          provider[slot] = index
        }
      }
    }
    for work in [Work.forward, .inputGradient, .weightGradient] {
      for model in 0..<flow.partCount {
        for microbatch in 0..<microbatchCount where self.provider(work, model, microbatch) == nil {
          throw ScheduleError(
            expected: "the \(work) of stage \(model), microbatch \(microbatch)", found: "none on any rank",
            fix: "add it on rank \(rankOfStage[model])")
        }
      }
    }
  }

  /// The instruction that provides a work for a part of the model, if any does.
  func provider(_ work: Work, _ model: Int, _ microbatch: Int) -> Int? {
    let index = provider[slot(work, model, microbatch)]
    return index < 0 ? nil : index
  }

  private func slot(_ work: Work, _ model: Int, _ microbatch: Int) -> Int {
    (work.rawValue * flow.partCount + model) * microbatchCount + microbatch
  }

  static func works(of kind: InstructionKind) -> [Work] {
    switch kind {
    case .forward: [.forward]
    case .backward: [.inputGradient, .weightGradient]
    case .recompute: [.recomputation]
    case .inputGradient: [.inputGradient]
    case .weightGradient: [.weightGradient]
    case .recomputeBackward: [.recomputation, .inputGradient, .weightGradient]
    case .forwardWithBackward: [.forward, .inputGradient, .weightGradient]
    case .sendForward: [.sentForward]
    case .receiveForward: [.receivedForward]
    case .sendBackward: [.sentGradient]
    case .receiveBackward: [.receivedGradient]
    case .unshard, .reshard, .reduceGradient: []
    }
  }

  /// Counts stages and microbatches.
  private static func sizes(_ actions: ScheduleActions) throws(ScheduleError) -> (ranks: [Int], microbatches: Int) {
    var home: [Int: (rank: Int, index: Int)] = [:]
    var microbatches: Set<Int> = []
    var rank = 0
    // Most instructions are on the stage of the one before them, which spares a look-up.
    var settled = -1
    for (index, instruction) in actions.instructions.enumerated() {
      while index >= actions.rankStart[rank + 1] {
        rank += 1
        settled = -1
      }
      for part in instruction.parts {
        guard part.stage >= 0, part.microbatch >= 0 else {
          throw ScheduleError(
            at: actions.place(of: index), expected: "a stage and a microbatch from 0", found: "a negative number",
            fix: "count both from 0")
        }
        microbatches.insert(part.microbatch)
        if part.stage == settled { continue }
        if let known = home[part.stage], known.rank != rank {
          throw ScheduleError(
            at: actions.place(of: index), expected: "stage \(part.stage) on one rank",
            found: "it on another, in \(actions.place(of: known.index))", fix: "keep each stage on one rank")
        }
        home[part.stage] = (rank, index)
        settled = part.stage
      }
    }
    for rank in 0..<(actions.rankStart.count - 1) where actions.rankStart[rank] == actions.rankStart[rank + 1] {
      throw ScheduleError(expected: "instructions on rank \(rank)", found: "none", fix: "remove the empty rank")
    }
    for (name, known) in [("stage", Set(home.keys)), ("microbatch", microbatches)] {
      if let absent = (0..<known.count).first(where: { !known.contains($0) }) {
        throw ScheduleError(
          expected: "instructions of \(name) \(absent), as there are \(known.count) and they count from 0",
          found: "none on any rank", fix: "add them, or count without gaps")
      }
    }
    return ((0..<home.count).map { home[$0]!.rank }, microbatches.count)
  }
}

extension ScheduleInventory.Work: CustomStringConvertible {
  var description: String {
    switch self {
    case .forward: "forward"
    case .inputGradient: "input gradient"
    case .weightGradient: "weight gradient"
    case .recomputation: "recomputation"
    case .sentForward: "sending of the output"
    case .receivedForward: "receiving of the input"
    case .sentGradient: "sending of the gradient"
    case .receivedGradient: "receiving of the gradient"
    }
  }
}
