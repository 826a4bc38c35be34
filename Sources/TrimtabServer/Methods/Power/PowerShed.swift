internal import EnergyFrontier
package import JSON
package import Sessions

/// `power/shed`: how much slower a job becomes when it draws less.
package enum PowerShed: SessionQuery {
  package static let name = "power/shed"
  package static let purpose =
    """
    Says how much slower a job becomes when it draws less power than now, by a number of watts, and which plans its \
    pipelines then run: the fastest iteration of all plans, beside what no plans could beat. Pipelines of a job run in lockstep: each \
    runs its cheapest plan that ends within the job's iteration. With `curve` every such iteration is listed. Changes \
    nothing.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownJob, .notCharacterized, .objectiveOutOfReach,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let request: PowerShedRequest

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      var request = PowerShedRequest(
        job: try reader.required("job", .text(), "The job; the pipeline's name where pipeline/define gave none."))
      request.shedWatts = try reader.optional(
        "shedWatts", .nonNegative, "How much less power the job is to draw than now, of all its devices.")
      request.listsCurve = try reader.optional(
        "curve", .bool, default: false, "Whether to list all iteration times at which plans change.")
      request.measure = try reader.powerMeasure()
      request.mayPause = try reader.mayPause()
      try reader.check(
        request.shedWatts != nil || request.listsCurve, "shedWatts", expected: "present without curve")
      self.request = request
    }
  }

  package typealias Answer = PowerShedding

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> PowerShedding {
    try session.shedding(params.request)
  }
}

extension ObjectReader {
  mutating func powerMeasure() throws(InvalidField) -> PowerMeasure {
    try optional(
      "power", .choice(), default: .average,
      """
      Which power: `average`, the mean over an iteration, or `peak`, the highest during an iteration, where each \
      instruction draws its mean power while it runs. The peaks of pipelines are added.
      """
    )
  }

  mutating func mayPause() throws(InvalidField) -> Bool {
    try optional(
      "mayPause", .bool, default: false,
      """
      Whether jobs may pause between iterations, drawing the blocking power. An `iterationTimeSeconds` above what its \
      plans need then includes the pause, and the power holds only if it is kept.
      """
    )
  }
}

extension PowerShedding: AnswerObject {
  package static let fields = Fields<PowerShedding> {
    Field("job", "The job.") { $0.job }
    Field("deviceCount", "Its devices.") { $0.deviceCount }
    Field("now", "What it does now: its iterations last as long as the slowest pipeline needs.") { $0.now }
    Field("shed", "The fastest pace that draws so much less; absent without shedWatts.") { $0.answer }
    Field("curve", "Every iteration time at which some pipeline changes its plan, the fastest first; with `curve`.") {
      $0.curve
    }
    Field(
      "lowerBound",
      """
      Corners of the least mean power at each rate, by rising rate; between two of them power is straight in the rate. \
      With `curve`.
      """
    ) { $0.bound }
  }
}

extension PowerShedding.Answer: AnswerObject {
  package static let fields = Fields<PowerShedding.Answer> {
    Field.inline { $0.pace }
    Field("shedWatts", "How much less than now that draws.") { $0.shedWatts }
    Field("slowdownFraction", "How much longer an iteration lasts than now; absent where the job pauses.") {
      $0.slowdownFraction
    }
    Field(
      "lowerBoundSlowdownFraction",
      "No plans, nor any mixture of them, are slowed by less; absent where that pauses, too."
    ) { $0.lowerBoundSlowdownFraction }
    Field("gapFraction", "What share of the bound's rate the plans do not reach.") { $0.gapFraction }
  }
}

extension JobPace: AnswerObject {
  package static let fields = Fields<JobPace> {
    Field("iterationTimeSeconds", "How long an iteration of the job lasts; absent where it pauses.") {
      $0.iterationTimeSeconds
    }
    Field("averagePowerWatts", "Mean power of all its devices.") { $0.averagePowerWatts }
    Field("peakPowerWatts", "The sum of its pipelines' highest powers.") { $0.peakPowerWatts }
    Field("plans", "The plan of each kind of pipelines; none where the job pauses.") { $0.plans }
  }
}

extension JobPace.PlanOfKind: AnswerObject {
  package static let fields = Fields<JobPace.PlanOfKind> {
    Field("pipeline", "The pipeline; those that share its definition run the same plan.") { $0.pipeline }
    Field("pipelineCount", "How many there are of it, each data-parallel replica counted.") { $0.pipelineCount }
    Field("generation", "The frontier that the plan belongs to.") { $0.generation }
    Field("plan", "The plan; see plan/get.") { $0.plan }
  }
}

extension PowerShedding.Point: AnswerObject {
  package static let fields = Fields<PowerShedding.Point> {
    Field("iterationTimeSeconds", "How long an iteration of the job lasts.") { $0.iterationTimeSeconds }
    Field("slowdownFraction", "How much longer that is than now.") { $0.slowdownFraction }
    Field("powerWatts", "What the job draws, by `power`.") { $0.powerWatts }
    Field("shedWatts", "How much less that is than now.") { $0.shedWatts }
    Field("plans", "The plan of each kind of pipelines, in the order of `now`.") { $0.plans }
  }
}

extension PowerShedding.BoundPoint: AnswerObject {
  package static let fields = Fields<PowerShedding.BoundPoint> {
    Field("iterationsPerSecond", unit: "1/s", "The job's rate.") { $0.iterationsPerSecond }
    Field("powerWatts", "The least mean power of all its devices.") { $0.powerWatts }
  }
}
