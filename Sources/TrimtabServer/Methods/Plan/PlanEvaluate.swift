internal import EnergyFrontier
package import JSON
package import Sessions

/// `plan/evaluate`: what any plan does.
package enum PlanEvaluate: SessionQuery {
  package static let name = "plan/evaluate"
  package static let purpose =
    """
    Runs a plan that the client wrote, against the tables and the lower bound of the pipeline's frontier: its time and \
    energy, how far it is above the bound, the listed plan that is better, and where asked for its course in time.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .unknownPlan, .invalidPlan,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let settings: [PlanSetting]
    let generation: Int?
    let timeline: Bool
    let picture: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      settings = try reader.required(
        "settings",
        .list(of: Shape<PlanSettingEntry>.object().map(\.setting), count: 0...Limits.instructionCount),
        ObjectReader.settingsDoc)
      generation = try reader.generation()
      timeline = try reader.optional(
        "timeline", .bool, default: false, "Whether to lay the plan out in time, as plan/timeline does.")
      picture = try reader.optional("picture", .bool, default: false, "Whether to draw the iteration too.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let evaluated = try session.evaluate(params.settings, of: params.pipeline, generation: params.generation)
    let inputs = try session.currentFrontier(of: params.pipeline).characterized.inputs
    return Answer(
      evaluated: evaluated,
      ranks: params.timeline ? evaluated.timeline.ranks.enumerated().map { RankTimeline($1, rank: $0) } : nil,
      svg: params.picture ? TimelinePicture(inputs, evaluated.timeline, title: params.pipeline).svg : nil)
  }

  package struct Answer: AnswerObject {
    let evaluated: EvaluatedPlan
    let ranks: [RankTimeline]?
    let svg: String?

    package static let fields = Fields<Answer> {
      Field.generation { $0.evaluated.generation }
      Field.isStale { $0.evaluated.isStale }
      Field("plan", "The plan as a whole.") { $0.evaluated.plan }
      Field("asMeasured", "What it does by the tables as measured, where they are estimated.") {
        $0.evaluated.asMeasured
      }
      Field("better", "The cheapest listed plan that lasts no longer and draws less; absent where there is none.") {
        $0.evaluated.better
      }
      Field("ranks", "The ranks from 0, where the timeline was asked for; power and energy are of one device.") {
        $0.ranks
      }
      Field("totals", "Sums over all ranks, of one device for each; `plan` counts all devices.") {
        $0.evaluated.timeline.totals
      }
      Field("svg", "The picture as SVG, where it was asked for.") { $0.svg }
    }
  }
}

extension PlanFigures: AnswerObject {
  package static let fields = Fields<PlanFigures> {
    Field("iterationTimeSeconds", "Realised iteration time: the longest path.") { $0.iterationTimeSeconds }
    Field("energyJoules", "Realised energy of all devices, waiting included.") { $0.energyJoules }
    Field("averagePowerWatts", "Mean power of all devices together.") { $0.averagePowerWatts }
    Field("gapFraction", "Certified distance: energy over the lower bound at the same time, less 1.") { $0.gapFraction }
    Field("switchCount", "Changes of frequency in one iteration; each rank counts as one device.") { $0.switchCount }
    Field(
      "switchLatencyUnset",
      """
      True where it changes frequencies more than once and no switchLatencySeconds was given, so that each change \
      counts as no time; absent otherwise.
      """
    ) { $0.assumesFreeSwitches ? true : nil }
    Field(
      "ranksOverMostSwitches",
      "The ranks whose frequency changes more often than `mostSwitches` of the pipeline allows; absent where none does."
    ) { $0.ranksOverLimit.isEmpty ? nil : $0.ranksOverLimit }
  }
}
