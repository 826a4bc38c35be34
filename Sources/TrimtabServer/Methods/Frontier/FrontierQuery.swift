internal import EnergyFrontier
package import JSON
package import Sessions

/// `frontier/query`: one point of the frontier.
package enum FrontierQuery: SessionQuery {
  package static let name = "frontier/query"
  package static let purpose =
    "Looks up the best plan for a deadline, a slowdown, a budget, a power cap or an objective, with its certified distance from the lower bound. Never waits for a computation."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .deadlineBelowMinimum, .objectiveOutOfReach,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let target: FrontierTarget?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      target = try FrontierTarget(from: &reader)
      try reader.check(
        target != nil, "deadlineSeconds",
        expected: "one of " + FrontierTarget.fieldNames)
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let characterized = try session.frontier(of: params.pipeline)
    let point = try (params.target ?? .objective(.fastest)).plan(in: characterized)
    return Answer(
      characterized: characterized, isStale: session.isStale(params.pipeline), planIndex: point.index,
      deadlineSeconds: point.deadlineSeconds, stragglerTimeSeconds: params.target?.stragglerTimeSeconds)
  }

  package struct Answer: ObjectWritable {
    let characterized: CharacterizedFrontier
    let isStale: Bool
    let planIndex: Int
    let deadlineSeconds: Double?
    let stragglerTimeSeconds: Double?

    package func write(to object: inout ObjectWriter) {
      let frontier = characterized.frontier
      let plan = frontier.plans[planIndex]
      // Past the cheapest time the bound to compare with is the cheapest: nobody has to run slower.
      let asked = min(deadlineSeconds ?? plan.iterationTimeSeconds, frontier.curve.cheapestTimeSeconds)
      let time = max(asked, frontier.curve.minimumTimeSeconds)
      let bound = frontier.curve.energyJoules(at: time)
      object.field("generation", characterized.generation, "Which frontier answered.")
      object.field("stale", isStale, "Whether the pipeline or its profile has changed since.")
      object.field("deadlineSeconds", deadlineSeconds, "The deadline, where one was asked for.")
      object.object("lowerBound", "What no plan can beat, at the deadline or else at the plan's time.") {
        $0.field("iterationTimeSeconds", time, "Where on the curve: at most the cheapest time.")
        $0.field("energyJoules", bound, "Joules of all devices, waiting included.")
        $0.field("priceWatts", frontier.curve.priceWatts(at: time), "Joules one second less would cost.")
      }
      object.object("plan", "The plan: what really happens when it runs as measured.") {
        plan.write(to: &$0, number: planIndex)
      }
      object.field(
        "averageDevicePowerWatts", characterized.devicePowersWatts[planIndex],
        "Mean watts of the device that draws most.")
      object.field(
        "energyUntilStragglerJoules",
        stragglerTimeSeconds.map {
          plan.energyJoules + characterized.waitingJoules(from: plan.iterationTimeSeconds, until: $0)
        }, "The plan's energy and that of waiting for the straggler, where one was asked for.")
      object.field(
        "excessFraction", bound.map { plan.energyJoules / $0 - 1 },
        "The plan's energy over that bound, less 1: its gap, and what ending before the deadline costs.")
      let baseline = characterized.inputs.allMaxFrequency
      object.field(
        "savingFraction", 1 - plan.energyJoules / baseline.energyJoules,
        "Energy saved against every instruction at its highest frequency.")
      object.field(
        "slowdownFraction", plan.iterationTimeSeconds / baseline.iterationTimeSeconds - 1,
        "How much longer the iteration lasts than at the highest frequencies; negative when it is shorter.")
    }
  }
}

extension Plan {
  func write(to object: inout ObjectWriter, number: Int) {
    object.field("plan", number, "The plan's number in this generation, for plan/get.")
    object.field("iterationTimeSeconds", iterationTimeSeconds, "Realised iteration time: the longest path.")
    object.field("energyJoules", energyJoules, "Realised joules of all devices, waiting included.")
    object.field("averagePowerWatts", energyJoules / iterationTimeSeconds, "Mean watts of all devices together.")
    object.field("gapFraction", gapFraction, "Certified: energy over the lower bound at the same time, less 1.")
    object.field(
      "switchCount", switchCount, "Changes of frequency in one iteration, each rank counted as one device.")
  }
}

extension SessionState {
  /// Whether the pipeline's inputs have changed since its frontier was computed.
  func isStale(_ name: String) -> Bool {
    guard let index = try? sourceIndex(name) else { return false }
    let pipeline = pipelines[index]
    return pipeline.frontierOrigin.map { $0.inputRevision != pipeline.inputRevision } ?? false
  }
}
