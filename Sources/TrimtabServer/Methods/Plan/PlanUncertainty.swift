package import Basics
internal import EnergyFrontier
package import JSON
package import Sessions

/// `plan/uncertainty`: how far measurement noise lets a plan's outcome be off.
package enum PlanUncertainty: BackgroundQuery {
  package static let name = "plan/uncertainty"
  package static let purpose =
    "Tells how much a plan's iteration time and energy could differ because its options were measured with noise, and how likely it misses a deadline: a bootstrap over the samples of each measurement, the same for the same session seed. Measurements with one sample count as exact."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .unknownPlan, .deadlineBelowMinimum, .objectiveOutOfReach,
    .overloaded, .cancelled,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let plan: Int?
    let generation: Int?
    let target: FrontierTarget?
    let resampleCount: Int
    let confidenceFraction: Double
    let resampling: OutcomeBootstrap.Resampling
    let workDoneToken: JSON?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      plan = try reader.optional(
        "plan", .integer(in: 0...Int.max),
        "The plan's number; `deadlineSeconds` beside it is the deadline it may miss. Or say which point is meant:")
      generation = try reader.optional(
        "generation", .integer(in: 1...Int.max), "Refuse unless this frontier is still the current one.")
      target = try FrontierTarget(from: &reader)
      resampleCount = try reader.optional(
        "resampleCount", .integer(in: 1...100_000), default: 1000, "How often the samples are drawn anew.")
      confidenceFraction = try reader.optional(
        "confidenceFraction", .number(in: 0.5...0.999), default: 0.95,
        "The share of the outcomes that the intervals hold."
      )
      resampling = try reader.optional(
        "resampling", .choice(), default: .options,
        "`options`: each option's samples are drawn anew and averaged, which says how well the outcome is known. `executions`: each instruction draws a sample of its own, which says how iterations differ from one another."
      )
      workDoneToken = try reader.optional("workDoneToken", .any, "Reports progress in percent under this token.")
      let isDeadline = if case .deadlineSeconds? = target { true } else { false }
      try reader.check(
        plan == nil ? target != nil : target == nil || isDeadline, "plan",
        expected: "a plan's number, alone or with deadlineSeconds, or a point of the frontier")
    }
  }

  package static func prepare(
    _ params: Params, in session: SessionState
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> Answer {
    let characterized = try session.frontier(of: params.pipeline)
    let planIndex = try characterized.planIndex(params.plan, params.target, generation: params.generation)
    let (isStale, seed) = (session.isStale(params.pipeline), session.seed)
    let deadline: Double? =
      switch params.target {
      case .deadlineSeconds(let seconds): seconds
      case .slowdownFraction(let slowdown): characterized.frontier.curve.minimumTimeSeconds * (1 + slowdown)
      default: nil
      }
    return { (progress) throws(RequestError) in
      let plan = characterized.frontier.plans[planIndex]
      let bootstrap = OutcomeBootstrap(
        characterized.inputs.problem, samples: characterized.inputs.samples,
        measurementOfInstruction: characterized.measurements(of: plan))
      let outcomes: [Outcome]
      do throws(FrontierError) {
        outcomes = try bootstrap.outcomes(
          count: params.resampleCount, seed: seed, resampling: params.resampling, progress: progress)
      } catch {
        // The engine's only error here.
        throw .cancelled
      }
      return Answer(
        generation: characterized.generation, isStale: isStale, planIndex: planIndex, plan: plan, params: params,
        sampledFraction: Double(bootstrap.resampledInstructionCount) / Double(plan.choices.count),
        times: Spread(outcomes.map(\.iterationTimeSeconds)), energies: Spread(outcomes.map(\.energyJoules)),
        deadlineSeconds: deadline)
    }
  }

  package struct Answer: ObjectWritable, Sendable {
    let generation: Int
    let isStale: Bool
    let planIndex: Int
    let plan: Plan
    let params: Params
    let sampledFraction: Double
    let times: Spread
    let energies: Spread
    let deadlineSeconds: Double?

    package func write(to object: inout ObjectWriter) {
      object.field("generation", generation, "Which frontier answered.")
      object.field("stale", isStale, "Whether the pipeline or its profile has changed since.")
      object.object("plan", "The plan, with what it gives as measured.") { plan.write(to: &$0, number: planIndex) }
      object.field("resampleCount", params.resampleCount, "How often the samples were drawn.")
      object.field("confidenceFraction", params.confidenceFraction, "The share of the outcomes in each interval.")
      object.field(
        "sampledFraction", sampledFraction,
        "The share of instructions whose option has several samples. What the others may be off by is not in the answer."
      )
      object.object("iterationTimeSeconds", "Seconds of one iteration.") {
        times.write(to: &$0, holding: params.confidenceFraction)
      }
      object.object("energyJoules", "Joules of all devices in one iteration.") {
        energies.write(to: &$0, holding: params.confidenceFraction)
      }
      object.field("deadlineSeconds", deadlineSeconds, "The deadline, where one was asked for.")
      object.field(
        "missFraction", deadlineSeconds.map(times.fraction(above:)),
        "The share of the outcomes that last longer than the deadline.")
    }
  }
}

extension Spread {
  fileprivate func write(to object: inout ObjectWriter, holding share: Double) {
    let interval = interval(holding: share)
    object.field("mean", mean, "Over all outcomes.")
    object.field("standardDeviation", standardDeviation, "Of the outcomes.")
    object.field("low", interval.low, "The interval's lower end: as many outcomes lie below as above the upper end.")
    object.field("high", interval.high, "Its upper end.")
  }
}
