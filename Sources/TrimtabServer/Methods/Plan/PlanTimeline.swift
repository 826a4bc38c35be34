internal import EnergyFrontier
package import JSON
package import Sessions

/// `plan/timeline`: a plan laid out in time.
package enum PlanTimelineGet: SessionQuery {
  package static let name = "plan/timeline"
  package static let purpose =
    "Lays out one plan in time, as a Gantt chart shows it: for each rank what it runs when and at which frequency, when it waits, and when its frequency changes. Can draw it, below the same iteration with every instruction at its highest frequency."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .unknownPlan, .deadlineBelowMinimum, .objectiveOutOfReach,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let plan: Int?
    let generation: Int?
    let target: FrontierTarget?
    let picture: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      plan = try reader.optional("plan", .integer(in: 0...Int.max), "The plan's number. Or say which point is meant:")
      generation = try reader.optional(
        "generation", .integer(in: 1...Int.max), "Refuse unless this frontier is still the current one.")
      target = try FrontierTarget(from: &reader)
      picture = try reader.optional("picture", .bool, default: false, "Whether to draw the iteration too.")
      try reader.check(
        (plan == nil) != (target == nil), "plan", expected: "either a plan's number or a point of the frontier")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let characterized = try session.frontier(of: params.pipeline)
    let planIndex = try characterized.planIndex(params.plan, params.target, generation: params.generation)
    return Answer(
      characterized: characterized, planIndex: planIndex, title: params.picture ? params.pipeline : nil)
  }

  package struct Answer: ObjectWritable {
    let characterized: CharacterizedFrontier
    let planIndex: Int
    /// The picture's title, when one was asked for.
    let title: String?

    package func write(to object: inout ObjectWriter) {
      let plan = characterized.frontier.plans[planIndex]
      let timeline = PlanTimeline(characterized, plan)
      object.field("generation", characterized.generation, "Which frontier answered.")
      object.object("plan", "The plan as a whole.") { plan.write(to: &$0, number: planIndex) }
      object.list("ranks", timeline.ranks.indices, "The ranks from 0; watts and joules are of one device.") {
        rank, entry in
        entry.field("rank", rank, "The rank.")
        timeline.ranks[rank].write(to: &entry)
      }
      object.object("totals", "Sums over all ranks, of one device for each; `plan` counts all devices.") {
        $0.field("busySeconds", timeline.ranks.reduce(0) { $0 + $1.busySeconds }, "Seconds in instructions.")
        $0.field(
          "waitingSeconds",
          timeline.ranks.reduce(0) { $0 + timeline.iterationTimeSeconds - $1.busySeconds },
          "Seconds in which nothing runs, changes of frequency included.")
        $0.field("switchCount", timeline.ranks.reduce(0) { $0 + $1.switches.count }, "Changes of frequency.")
        $0.field(
          "energyJoules", timeline.ranks.reduce(0) { $0 + $1.energyJoules }, "Joules, waiting and changes included.")
      }
      object.field(
        "svg", title.map { TimelinePicture(characterized, plan, title: $0).svg },
        "The picture as SVG, where it was asked for.")
    }
  }
}

extension PlanTimeline.Rank {
  fileprivate func write(to entry: inout ObjectWriter) {
    entry.list("instructions", steps, "In the order of execution.") { step, row in
      row.field("stage", step.instruction.table.stage, "The stage; of an overlapped pair the forward's.")
      step.write(to: &row)
      row.field("endSeconds", step.endSeconds, "Its end.")
      row.field("powerWatts", step.energyJoules / step.timeSeconds, "Mean watts while it runs.")
      row.field("isCritical", step.isCritical, "Whether it is on a longest path.")
      row.field(
        "slackSeconds", step.slackSeconds,
        "How much later it may end without making the iteration longer, if nothing else changes.")
    }
    entry.list("switches", switches, "Changes of frequency, by time.") { change, row in
      row.field("startSeconds", change.startSeconds, "When the instruction before has ended.")
      row.field("endSeconds", change.endSeconds, "When the next may begin.")
      row.field("fromFrequency", change.from, "The frequency before.")
      row.field("toFrequency", change.to, "The frequency after.")
    }
    entry.list("waits", waits, "When the rank neither runs nor changes, by time.") { wait, row in
      row.field("startSeconds", wait.startSeconds, "Its begin.")
      row.field("endSeconds", wait.endSeconds, "Its end.")
    }
    entry.field("blockingPowerWatts", blockingPowerWatts, "Watts while it waits or changes.")
    entry.field("busySeconds", busySeconds, "Seconds in instructions.")
    entry.field("energyJoules", energyJoules, "Joules over the iteration, waiting and changes included.")
  }
}
