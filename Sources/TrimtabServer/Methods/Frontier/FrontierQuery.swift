package import JSON
package import Sessions

/// `frontier/query`: one point of the frontier.
package enum FrontierQuery: SessionQuery {
  package static let name = "frontier/query"
  package static let purpose =
    """
    Returns the best plan for a deadline, a slowdown, an energy budget, a power cap or an objective, with its \
    certified distance from the lower bound. Never waits for a computation.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .deadlineBelowMinimum, .objectiveOutOfReach,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    package let target: FrontierTarget
    let missLimit: MissLimit?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      target = try FrontierTarget.required(from: &reader)
      missLimit = try MissLimit.optional(from: &reader, for: target)
    }
  }

  package typealias Answer = FrontierPoint

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> FrontierPoint {
    try session.frontierPoint(of: params.pipeline, for: params.target, missing: params.missLimit)
  }
}

extension FrontierPoint: AnswerObject {
  package static let fields = Fields<FrontierPoint> {
    Field.generation { $0.generation }
    Field.isStale { $0.isStale }
    Field("deadlineSeconds", "The deadline, where one was asked for.") { $0.deadlineSeconds }
    Field("missFraction", "How likely the plan misses it, where tables are estimated.") { $0.missFraction }
    Field("lowerBound", "What no plan can beat: the bound at the deadline, else at the plan's time.") { $0.bound }
    Field("plan", "The plan, with what it does when it runs as measured.") { $0.plan }
    Field("averageDevicePowerWatts", "Mean power of the device that draws most.") { $0.averageDevicePowerWatts }
    Field(
      "peakPowerWatts",
      "The highest power of all devices together during the iteration; each instruction draws its mean power."
    ) { $0.peakPowerWatts }
    Field(
      "energyUntilStragglerJoules", "The plan's energy and that of waiting for the straggler, where one was asked for."
    ) {
      $0.energyUntilStragglerJoules
    }
    Field(
      "excessFraction",
      "The plan's energy over that bound, less 1: its gap, and the cost of ending before the deadline."
    ) {
      $0.excessFraction
    }
    Field("savingFraction", "Energy saved against running every instruction at its highest frequency.") {
      $0.savingFraction
    }
    Field(
      "slowdownFraction",
      "How much longer the iteration lasts than at the highest frequencies; negative when it is shorter."
    ) {
      $0.slowdownFraction
    }
  }
}

extension FrontierPoint.Bound: AnswerObject {
  package static let fields = Fields<FrontierPoint.Bound> {
    Field("iterationTimeSeconds", "The time at which the bound is read; at most the cheapest time.") {
      $0.iterationTimeSeconds
    }
    Field("energyJoules", "Energy of all devices, waiting included.") { $0.energyJoules }
    Field("priceWatts", "What one second less would cost.") { $0.priceWatts }
  }
}
