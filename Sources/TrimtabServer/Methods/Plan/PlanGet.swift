internal import EnergyFrontier
package import JSON
package import Sessions

/// `plan/get`: the frequency of every instruction.
package enum PlanGet: SessionQuery {
  package static let name = "plan/get"
  package static let purpose =
    """
    Returns one plan in full: for each stage its instructions in the order of execution, each with its frequency, \
    start, time and energy.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .unknownPlan, .deadlineBelowMinimum, .objectiveOutOfReach,
    .unknownRank,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let reference: PlanReference
    let scope: PlanScope

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      reference = try PlanReference.required(from: &reader)
      let stage = try reader.optional("stage", .integer(in: 0...4095), "Only this stage.")
      let rank = try reader.optional("rank", .integer(in: 0...4095), "Only the stages of this pipeline rank.")
      let globalRank = try reader.optional(
        "globalRank", .integer(in: 0...Int.max),
        "Only the stages of this global rank, by the pipeline's `rankOrder` or `rankMap`.")
      let scopes = [
        stage.map(PlanScope.stage), rank.map(PlanScope.rank), globalRank.map(PlanScope.globalRank),
      ].compactMap { $0 }
      try reader.checkOne(of: ["stage", "rank", "globalRank"], orNone: true)
      scope = scopes.first ?? .all
    }
  }

  package typealias Answer = PlanDetails

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> PlanDetails {
    try session.planDetails(params.reference, of: params.pipeline, scope: params.scope)
  }
}

extension PlanDetails: AnswerObject {
  package static let fields = Fields<PlanDetails> {
    Field.generation { $0.generation }
    Field.isStale { $0.isStale }
    Field("plan", "The plan as a whole.") { $0.plan }
    Field(
      "priceWatts",
      """
      Energy that one more second would save, by the lower bound at the plan's time; negative from the cheapest time \
      on.
      """
    ) { $0.priceWatts }
    Field("place", "Where the global rank is, where one was asked for.") { $0.place }
    Field("stages", "The stages from 0, or those that were asked for.") { $0.stages }
  }
}

extension PlanDetails.Stage: AnswerObject {
  package static let fields = Fields<PlanDetails.Stage> {
    Field("stage", "The stage.") { $0.stage }
    Field(
      "instructions",
      "In the order of execution. An overlapped pair is listed under the stages of both halves, each time as a whole."
    ) { $0.instructions }
  }
}

extension RankLayout.Place: AnswerObject {
  package static let fields = Fields<RankLayout.Place> {
    Field("rank", "The pipeline rank.") { $0.rank }
    Field("replica", "The data-parallel replica.") { $0.replica }
    Field("tensorIndex", "Its index among the tensor-parallel devices; absent where a rank map is used.") {
      $0.tensorIndex
    }
    Field("contextIndex", "Its index among the context-parallel devices; absent where a rank map is used.") {
      $0.contextIndex
    }
  }
}

/// What runs when, as plan/get and plan/timeline tell it.
extension IterationTimeline.InstructionExecution: AnswerObject {
  package static let fields = Fields<IterationTimeline.InstructionExecution> {
    Field("id", "The client's name for it, in an explicit graph.") { $0.instruction.id }
    Field("instruction", "The kind of instruction.") { $0.instruction.table.instruction }
    Field("microbatch", "The microbatch, from 0; of an overlapped pair the forward's.") { $0.instruction.microbatch }
    Field("overlapped", "The backward that an overlapped pair runs beside its forward, on the same rank.") {
      OverlappedHalf($0.instruction)
    }
    Field("frequency", "The setting to run it at, as it was sent.") { $0.setting }
    Field("startSeconds", "Earliest start, after the iteration began.") { $0.startSeconds }
    Field("timeSeconds", "Measured time; estimated where the tables are.") { $0.timeSeconds }
    Field("energyJoules", "Measured energy of one device; estimated where the tables are.") { $0.energyJoules }
  }
}

/// The backward of an overlapped pair.
struct OverlappedHalf: AnswerObject {
  let forwardStage: Int
  let stage: Int
  let microbatch: Int

  init?(_ instruction: PipelineInstruction) {
    guard let overlapped = instruction.overlapped else { return nil }
    forwardStage = instruction.table.stage
    stage = overlapped.stage
    microbatch = overlapped.microbatch
  }

  static let fields = Fields<OverlappedHalf> {
    Field("forwardStage", "The forward's stage.") { $0.forwardStage }
    Field("stage", "The backward's stage.") { $0.stage }
    Field("microbatch", "The backward's microbatch.") { $0.microbatch }
  }
}
