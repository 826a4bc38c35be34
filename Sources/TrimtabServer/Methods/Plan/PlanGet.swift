internal import EnergyFrontier
package import JSON
package import Sessions

/// `plan/get`: the clock for every instruction.
package enum PlanGet: SessionQuery {
  package static let name = "plan/get"
  package static let purpose =
    "Gives one plan in full: for each stage its instructions in order of execution, each with its frequency, start, time and energy."
  package static let refusals: [Refusal.Kind] = [
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

  package static func answer(_ params: Params, in session: SessionState) throws(Refusal) -> Answer {
    let characterized = try session.frontier(of: params.pipeline)
    if let generation = params.generation, generation != characterized.generation {
      throw Refusal(
        .unknownPlan, path: "generation", expected: "\(characterized.generation), the current generation",
        found: "\(generation)", fix: "query the frontier again")
    }
    let scope = try PlanScope(params, characterized.inputs.definition)
    if let target = params.target {
      return Answer(
        characterized: characterized, planIndex: try target.plan(in: characterized.frontier).index, scope: scope)
    }
    let (plan, plans) = (params.plan ?? 0, characterized.frontier.plans)
    guard plans.indices.contains(plan) else {
      throw Refusal(
        .unknownPlan, path: "plan", expected: "a plan in 0...\(plans.count - 1)", found: "\(plan)",
        fix: "see frontier/curve for the plans there are")
    }
    return Answer(characterized: characterized, planIndex: plan, scope: scope)
  }

  package struct Answer: ObjectWritable {
    let characterized: CharacterizedFrontier
    let planIndex: Int
    let scope: PlanScope

    package func write(to object: inout ObjectWriter) {
      let plan = characterized.frontier.plans[planIndex]
      let timeline = PlanTimeline(characterized, plan)
      object.field("generation", characterized.generation, "Which frontier answered.")
      object.object("plan", "The plan as a whole.") { plan.write(to: &$0, number: planIndex) }
      if let place = scope.place {
        object.object("place", "Where the global rank is, where one was asked for.") { place.write(to: &$0) }
      }
      object.list("stages", scope.stages, "The stages from 0, or those asked for.") { stage, entry in
        entry.field("stage", stage, "The stage.")
        entry.list("instructions", timeline.stages[stage], "In the order of execution.") { step, row in
          row.field("id", step.instruction.id, "The client's name, in an explicit graph.")
          row.field("instruction", step.instruction.table.instruction, "The kind of instruction.")
          row.field("microbatch", step.instruction.microbatch, "The microbatch, from 0.")
          row.field("frequency", step.knob, "The setting to run it at, as it was sent.")
          row.field("startSeconds", step.startSeconds, "Earliest start after the iteration began.")
          row.field("timeSeconds", step.timeSeconds, "Measured time.")
          row.field("energyJoules", step.energyJoules, "Measured energy of one device.")
        }
      }
    }
  }
}

/// Which stages of a plan are asked for.
struct PlanScope {
  let stages: [Int]
  let place: RankLayout.Place?

  init(_ params: PlanGet.Params, _ definition: PipelineDefinition) throws(Refusal) {
    func check(_ value: Int?, below count: Int, _ path: String) throws(Refusal) {
      guard let value, value >= count else { return }
      throw Refusal(
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
