package import Basics
internal import EnergyFrontier
package import JSON
package import Sessions

/// `plan/uncertainty`: how far measurement noise lets a plan's outcome be off.
package enum PlanUncertainty: BackgroundQuery {
  package static let name = "plan/uncertainty"
  package static let purpose =
    """
    Estimates how far a plan's iteration time and energy may differ because its options were measured with noise, and \
    how likely it misses a deadline: a bootstrap over the samples of each measurement, repeatable with the session's \
    seed. Measurements with one sample count as exact. Where tables are estimated, draws of the true tables take the \
    place of the bootstrap.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .unknownPlan, .deadlineBelowMinimum, .objectiveOutOfReach,
    .overloaded, .cancelled,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let reference: PlanReference
    /// The deadline that the plan may miss, beside its number.
    let deadlineSeconds: Double?
    let resampleCount: Int
    let confidenceFraction: Double
    let resampling: OutcomeBootstrap.Resampling

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      let plan = try reader.optional(
        "plan", .integer(in: 0...Int.max),
        "The plan's number; `deadlineSeconds` beside it is the deadline it may miss. Or name a point of the frontier:")
      let generation = try reader.generation()
      let target = try FrontierTarget.optional(from: &reader)
      resampleCount = try reader.optional(
        "resampleCount", .integer(in: 1...100_000), default: 1000, "How often the samples are drawn again.")
      confidenceFraction = try reader.optional(
        "confidenceFraction", .number(in: 0.5...0.999), default: 0.95,
        "The share of the outcomes that the intervals hold."
      )
      resampling = try reader.optional(
        "resampling", .choice(), default: .options,
        """
        `options`: each option's samples are drawn again and averaged, which shows how well the outcome is known. \
        `executions`: each instruction draws a sample of its own, which shows how iterations differ from one another.
        """
      )
      _ = try reader.workDoneToken()
      if case .deadlineSeconds(let seconds)? = target { deadlineSeconds = seconds } else { deadlineSeconds = nil }
      try reader.check(
        plan == nil ? target != nil : target == nil || deadlineSeconds != nil, "plan",
        expected: "a plan's number, alone or with deadlineSeconds, or a point of the frontier")
      if let plan {
        reference = PlanReference(.number(plan), generation: generation)
      } else if let target {
        reference = PlanReference(.target(target), generation: generation)
      } else {
        throw reader.fail("plan", expected: "a plan's number or a point of the frontier")
      }
    }
  }

  package static func prepare(
    _ params: Params, in session: SessionState
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> Answer {
    let current = try session.currentFrontier(of: params.pipeline)
    let characterized = current.characterized
    let (number, targetDeadline) = try characterized.plan(params.reference)
    let (seed, deadline) = (session.seed, params.deadlineSeconds ?? targetDeadline)
    return { (progress) throws(RequestError) in
      let plan = characterized.frontier.plans[number]
      let (inputs, measurements) = (characterized.inputs, characterized.measurements(of: plan))
      let outcomes: [IterationOutcome]
      var resampledInstructionCount = plan.choices.count
      do throws(FrontierError) {
        if let estimate = inputs.estimate {
          outcomes = try EstimatedOutcomes(
            inputs.problem, estimate: estimate, count: params.resampleCount, seed: seed, progress: progress
          ).outcomes(measurementOfInstruction: measurements, resampling: params.resampling, progress: progress)
        } else {
          let bootstrap = OutcomeBootstrap(
            inputs.problem, samples: inputs.samples, measurementOfInstruction: measurements)
          outcomes = try bootstrap.outcomes(
            count: params.resampleCount, seed: seed, resampling: params.resampling, progress: progress)
          resampledInstructionCount = bootstrap.resampledInstructionCount
        }
      } catch {
        // The engine's only error here.
        throw .cancelled
      }
      let (times, energies) = (Spread(outcomes.map(\.iterationTimeSeconds)), Spread(outcomes.map(\.energyJoules)))
      return Answer(
        generation: current.generation, isStale: current.isStale, plan: characterized.summary(ofPlan: number),
        resampleCount: params.resampleCount, confidenceFraction: params.confidenceFraction,
        sampledFraction: Double(resampledInstructionCount) / Double(plan.choices.count),
        times: SpreadSummary(times, holding: params.confidenceFraction),
        energies: SpreadSummary(energies, holding: params.confidenceFraction), deadlineSeconds: deadline,
        missFraction: deadline.map(times.fraction(above:)))
    }
  }

  package struct Answer: AnswerObject, Sendable {
    let generation: Int
    let isStale: Bool
    let plan: PlanSummary
    let resampleCount: Int
    let confidenceFraction: Double
    let sampledFraction: Double
    let times: SpreadSummary
    let energies: SpreadSummary
    let deadlineSeconds: Double?
    let missFraction: Double?

    package static let fields = Fields<Answer> {
      Field.generation { $0.generation }
      Field.isStale { $0.isStale }
      Field("plan", "The plan, with what it does when it runs as measured.") { $0.plan }
      Field("resampleCount", "How often the samples were drawn.") { $0.resampleCount }
      Field("confidenceFraction", "The share of the outcomes in each interval.") { $0.confidenceFraction }
      Field(
        "sampledFraction",
        """
        The share of instructions whose option has several samples. The answer does not include the error of the \
        others.
        """
      ) { $0.sampledFraction }
      Field("iterationTimeSeconds", "Time of one iteration.") { $0.times }
      Field("energyJoules", "Energy of all devices in one iteration.") { $0.energies }
      Field("deadlineSeconds", "The deadline, where one was asked for.") { $0.deadlineSeconds }
      Field("missFraction", "The share of the outcomes that last longer than the deadline, where one was asked for.") {
        $0.missFraction
      }
    }
  }
}

/// Where the outcomes lie, in the unit of the field that holds it.
struct SpreadSummary: AnswerObject, Sendable {
  let mean: Double
  let standardDeviation: Double
  let low: Double
  let high: Double

  init(_ spread: Spread, holding share: Double) {
    mean = spread.mean
    standardDeviation = spread.standardDeviation
    (low, high) = spread.interval(holding: share)
  }

  static let fields = Fields<SpreadSummary> {
    Field("mean", unit: "of the quantity", "Over all outcomes.") { $0.mean }
    Field("standardDeviation", unit: "of the quantity", "Of the outcomes.") { $0.standardDeviation }
    Field(
      "low", unit: "of the quantity", "The interval's lower end: as many outcomes lie below it as above the upper end."
    ) { $0.low }
    Field("high", unit: "of the quantity", "The interval's upper end.") { $0.high }
  }
}
