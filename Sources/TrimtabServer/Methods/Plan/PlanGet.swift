internal import EnergyFrontier
package import JSON
package import Sessions

/// `plan/get`: the clock for every instruction.
package enum PlanGet: SessionQuery {
  package static let name = "plan/get"
  package static let purpose =
    "Gives one plan in full: for each stage its instructions in order of execution, each with its frequency, start, time and energy."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .unknownPlan, .deadlineBelowMinimum, .objectiveOutOfReach,
    .unknownRank,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let plan: Int?
    let generation: Int?
    let target: FrontierTarget?
    let stage: Int?
    let rank: Int?
    let globalRank: Int?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      plan = try reader.optional("plan", .integer(in: 0...Int.max), "The plan's number. Or say which point is meant:")
      generation = try reader.optional(
        "generation", .integer(in: 1...Int.max), "Refuse unless this frontier is still the current one.")
      target = try FrontierTarget(from: &reader)
      stage = try reader.optional("stage", .integer(in: 0...4095), "Only this stage.")
      rank = try reader.optional("rank", .integer(in: 0...4095), "Only the stages of this pipeline rank.")
      globalRank = try reader.optional(
        "globalRank", .integer(in: 0...Int.max),
        "Only the stages of this global rank, by the pipeline's `rankOrder` or `rankMap`.")
      try reader.check(
        [stage, rank, globalRank].count { $0 != nil } <= 1, "globalRank", expected: "one of stage, rank and globalRank")
      try reader.check(
        (plan == nil) != (target == nil), "plan", expected: "either a plan's number or a point of the frontier")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let characterized = try session.frontier(of: params.pipeline)
    let scope = try PlanScope(params, characterized.inputs.definition)
    let planIndex = try characterized.planIndex(params.plan, params.target, generation: params.generation)
    return Answer(characterized: characterized, planIndex: planIndex, scope: scope)
  }

  package struct Answer: ObjectWritable {
    let characterized: CharacterizedFrontier
    let planIndex: Int
    let scope: PlanScope

    package func write(to object: inout ObjectWriter) {
      let plan = characterized.frontier.plans[planIndex]
      let stages = PlanTimeline(characterized, plan).stages(characterized.inputs.definition)
      object.field("generation", characterized.generation, "Which frontier answered.")
      object.object("plan", "The plan as a whole.") { plan.write(to: &$0, number: planIndex) }
      object.field(
        "priceWatts", characterized.frontier.curve.priceWatts(at: plan.iterationTimeSeconds),
        "Joules that one second more would save, by the lower bound at the plan's time; negative from the cheapest time on."
      )
      if let place = scope.place {
        object.object("place", "Where the global rank is, where one was asked for.") { place.write(to: &$0) }
      }
      object.list("stages", scope.stages, "The stages from 0, or those asked for.") { stage, entry in
        entry.field("stage", stage, "The stage.")
        entry.list(
          "instructions", stages[stage],
          "In the order of execution. An overlapped pair is listed under both its stages, each time as a whole."
        ) { step, row in
          step.write(to: &row)
        }
      }
    }
  }
}

/// Which stages of a plan are asked for.
struct PlanScope {
  let stages: [Int]
  let place: RankLayout.Place?

  init(_ params: PlanGet.Params, _ definition: PipelineDefinition) throws(RequestError) {
    func check(_ value: Int?, below count: Int, _ path: String) throws(RequestError) {
      guard let value, value >= count else { return }
      throw RequestError(
        .unknownRank, path: path, expected: "a number in 0...\(count - 1)", found: "\(value)",
        fix: "count from 0; see pipeline/define")
    }
    try check(params.stage, below: definition.stageCount, "stage")
    try check(params.rank, below: definition.rankCount, "rank")
    try check(params.globalRank, below: definition.worldSize, "globalRank")
    place = params.globalRank.flatMap { definition.place(ofGlobalRank: $0) }
    if let stage = params.stage {
      stages = [stage]
    } else {
      stages = (place?.rank ?? params.rank).map(definition.stages(ofRank:)) ?? Array(0..<definition.stageCount)
    }
  }
}

extension RankLayout.Place {
  func write(to object: inout ObjectWriter) {
    object.field("rank", rank, "The pipeline rank.")
    object.field("replica", replica, "The data-parallel replica.")
    object.field("tensorIndex", tensorIndex, "Its place among the tensor-parallel devices, by a rank order.")
    object.field("contextIndex", contextIndex, "Its place among the context-parallel devices, by a rank order.")
  }
}

extension PlanTimeline.Step {
  /// What is run when, as plan/get and plan/timeline tell it.
  func write(to row: inout ObjectWriter) {
    row.field("id", instruction.id, "The client's name, in an explicit graph.")
    row.field("instruction", instruction.table.instruction, "The kind of instruction.")
    row.field("microbatch", instruction.microbatch, "The microbatch, from 0; of an overlapped pair the forward's.")
    if let overlapped = instruction.overlapped {
      row.object("overlapped", "The backward that an overlapped pair runs beside its forward, on the same rank.") {
        $0.field("forwardStage", instruction.table.stage, "The forward's stage.")
        $0.field("stage", overlapped.stage, "The backward's stage.")
        $0.field("microbatch", overlapped.microbatch, "The backward's microbatch.")
      }
    }
    row.field("frequency", setting, "The setting to run it at, as it was sent.")
    row.field("startSeconds", startSeconds, "Earliest start after the iteration began.")
    row.field("timeSeconds", timeSeconds, "Measured time.")
    row.field("energyJoules", energyJoules, "Measured energy of one device.")
  }
}

extension CharacterizedFrontier {
  /// The plan that a client means by its number, or else by a point of the frontier.
  ///
  /// - Parameter asked: which frontier the client means, where it said so.
  /// - Throws: ``RequestError`` of kind `unknownPlan`, `deadlineBelowMinimum` or `objectiveOutOfReach`.
  func planIndex(_ number: Int?, _ target: FrontierTarget?, generation asked: Int?) throws(RequestError) -> Int {
    if let asked, asked != generation {
      throw RequestError(
        .unknownPlan, path: "generation", expected: "\(generation), the current generation", found: "\(asked)",
        fix: "query the frontier again")
    }
    guard let number else { return try (target ?? .objective(.fastest)).plan(in: self).index }
    guard frontier.plans.indices.contains(number) else {
      throw RequestError(
        .unknownPlan, path: "plan", expected: "a plan in 0...\(frontier.plans.count - 1)", found: "\(number)",
        fix: "see frontier/curve for the plans there are")
    }
    return number
  }
}
