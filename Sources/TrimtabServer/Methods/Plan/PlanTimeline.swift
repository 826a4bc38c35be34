internal import EnergyFrontier
package import JSON
package import Sessions

/// `plan/timeline`: a plan laid out in time.
package enum PlanTimeline: SessionQuery {
  package static let name = "plan/timeline"
  package static let purpose =
    """
    Lays out one plan in time, as a Gantt chart shows it: for each rank what it runs when and at which frequency, when \
    it waits, and when its frequency changes. It can also draw the iteration, below the same one with every \
    instruction at its highest frequency.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .unknownPlan, .deadlineBelowMinimum, .objectiveOutOfReach,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let reference: PlanReference
    let picture: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      reference = try PlanReference.required(from: &reader)
      picture = try reader.optional("picture", .bool, default: false, "Whether to draw the iteration too.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let layout = try session.planLayout(params.reference, of: params.pipeline)
    let characterized = try session.currentFrontier(of: params.pipeline).characterized
    let plan = characterized.frontier.plans[layout.plan.number]
    return Answer(
      layout: layout, ranks: layout.timeline.ranks.enumerated().map { RankTimeline($1, rank: $0) },
      svg: params.picture ? TimelinePicture(characterized, plan, title: params.pipeline).svg : nil)
  }

  package struct Answer: AnswerObject {
    let layout: PlanLayout
    let ranks: [RankTimeline]
    let svg: String?

    package static let fields = Fields<Answer> {
      Field.generation { $0.layout.generation }
      Field.isStale { $0.layout.isStale }
      Field("plan", "The plan as a whole.") { $0.layout.plan }
      Field("ranks", "The ranks from 0; power and energy are of one device.") { $0.ranks }
      Field("totals", "Sums over all ranks, of one device for each; `plan` counts all devices.") {
        $0.layout.timeline.totals
      }
      Field("svg", "The picture as SVG, where it was asked for.") { $0.svg }
    }
  }
}

/// One rank through an iteration.
struct RankTimeline: AnswerObject {
  let rank: Int
  let timeline: IterationTimeline.Rank
  let instructions: [TimelineInstruction]

  init(_ timeline: IterationTimeline.Rank, rank: Int) {
    self.rank = rank
    self.timeline = timeline
    instructions = timeline.instructions.map(TimelineInstruction.init)
  }

  static let fields = Fields<RankTimeline> {
    Field("rank", "The rank.") { $0.rank }
    Field("instructions", "In the order of execution.") { $0.instructions }
    Field("switches", "Changes of frequency, by time.") { $0.timeline.switches }
    Field("waits", "When the rank neither runs nor changes its frequency, by time.") { $0.timeline.waits }
    Field("blockingPowerWatts", "Power while it waits or changes its frequency.") { $0.timeline.blockingPowerWatts }
    Field("busySeconds", "Time in instructions.") { $0.timeline.busySeconds }
    Field("energyJoules", "Energy over the iteration, waiting and changes included.") { $0.timeline.energyJoules }
  }
}

/// An instruction as plan/timeline tells it.
struct TimelineInstruction: AnswerObject {
  let execution: IterationTimeline.InstructionExecution

  static let fields = Fields<TimelineInstruction> {
    Field("stage", "The stage; of an overlapped pair the forward's.") { $0.execution.instruction.table.stage }
    Field.inline { $0.execution }
    Field("endSeconds", "Its end.") { $0.execution.endSeconds }
    Field("powerWatts", "Mean power while it runs.") { $0.execution.powerWatts }
    Field("isCritical", "Whether it is on a longest path.") { $0.execution.isCritical }
    Field("slackSeconds", "How much later it may end without making the iteration longer, if nothing else changes.") {
      $0.execution.slackSeconds
    }
  }
}

extension IterationTimeline.Switch: AnswerObject {
  package static let fields = Fields<IterationTimeline.Switch> {
    Field("startSeconds", "When the instruction before it has ended.") { $0.startSeconds }
    Field("endSeconds", "When the next one may begin.") { $0.endSeconds }
    Field("fromFrequency", "The frequency before.") { $0.from }
    Field("toFrequency", "The frequency after.") { $0.to }
  }
}

extension IterationTimeline.Wait: AnswerObject {
  package static let fields = Fields<IterationTimeline.Wait> {
    Field("startSeconds", "Its start.") { $0.startSeconds }
    Field("endSeconds", "Its end.") { $0.endSeconds }
  }
}

extension IterationTimeline.Totals: AnswerObject {
  package static let fields = Fields<IterationTimeline.Totals> {
    Field("busySeconds", "Time in instructions.") { $0.busySeconds }
    Field("waitingSeconds", "Time in which nothing runs, changes of frequency included.") { $0.waitingSeconds }
    Field("switchCount", "Changes of frequency.") { $0.switchCount }
    Field("energyJoules", "Energy, waiting and changes included.") { $0.energyJoules }
  }
}
