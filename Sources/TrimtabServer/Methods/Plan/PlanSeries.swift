internal import EnergyFrontier
package import JSON
package import Sessions

/// `plan/series`: which plan when, while the price of a joule changes over the day.
package enum PlanSeries: SessionQuery {
  package static let name = "plan/series"
  package static let purpose =
    "Chooses a plan for each interval of a series of prices per joule, in money or in carbon, so that a number of iterations costs least, or so that iterations of a given value pay best. No other choice of plans is cheaper; `lowerBoundCost` says what no plan at all could beat where prices are not negative."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .objectiveOutOfReach,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let prices: [Price]
    let endSeconds: Double
    let unit: String?
    let goal: PaceSchedule.Goal?
    /// The field that states the goal.
    let goalField: String
    let mayPause: Bool
    let pausedPowerWatts: Double?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      prices = try reader.required(
        "prices", .list(of: .object(), count: 1...2048), "The prices, in the order of time; each holds until the next.")
      endSeconds = try reader.required(
        "endSeconds", .number(in: -1e15...1e15), "When the last price ends, on the same clock as `startSeconds`.")
      unit = try reader.optional(
        "unit", .text(1...32), "What prices are counted in, such as `EUR` or `gCO2`; comes back as it was sent.")
      let count = try reader.optional(
        "iterationCount", .positive, "At least so many iterations are to be done by the end.")
      let rate = try reader.optional(
        "iterationsPerSecond", .positive, "Or so many a second on average over all intervals.")
      let value = try reader.optional(
        "valuePerIteration", .nonNegative, "Or as many as pay, when one iteration is worth this, in the unit.")
      mayPause = try reader.optional("mayPause", .bool, default: false, "Whether training may stand still for a while.")
      pausedPowerWatts = try reader.optional(
        "pausedPowerWatts", .nonNegative,
        "Watts that all devices draw together while it does; by default their blocking power.")
      let span = endSeconds - (prices.first?.startSeconds ?? 0)
      goal =
        count.map(PaceSchedule.Goal.iterations) ?? rate.map { PaceSchedule.Goal.iterations($0 * span) }
        ?? value.map(PaceSchedule.Goal.valuePerIteration)
      goalField = rate == nil ? "iterationCount" : "iterationsPerSecond"
      try reader.check(
        [count, rate, value].count { $0 != nil } == 1, "iterationCount",
        expected: "exactly one of iterationCount, iterationsPerSecond and valuePerIteration")
      let starts = prices.map(\.startSeconds) + [endSeconds]
      try reader.check(
        zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }, "prices",
        expected: "rising startSeconds, all before endSeconds")
    }
  }

  struct Price: ObjectReadable {
    let startSeconds: Double
    let pricePerJoule: Double

    init(from reader: inout ObjectReader) throws(InvalidField) {
      startSeconds = try reader.required(
        "startSeconds", .number(in: -1e15...1e15), "When the price begins, on any clock: seconds after midnight, say.")
      pricePerJoule = try reader.required(
        "pricePerJoule", .number(in: -1e15...1e15),
        "What one joule costs. 0.30 EUR per kWh is 0.30 / 3.6e6 = 8.33e-8; may be negative.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let characterized = try session.frontier(of: params.pipeline)
    let (frontier, problem) = (characterized.frontier, characterized.inputs.problem)
    let plans = frontier.plans.map {
      Pace(iterationTimeSeconds: $0.iterationTimeSeconds, energyJoules: $0.energyJoules)
    }
    var pause: [Pace] = []
    if params.mayPause {
      let waiting = problem.waitingPowerWatts * Double(problem.deviceMultiplicity)
      let power = params.pausedPowerWatts ?? min(waiting, plans[plans.count - 1].powerWatts)
      guard power <= plans[plans.count - 1].powerWatts else {
        throw RequestError(
          .objectiveOutOfReach, path: "pausedPowerWatts",
          expected: "at most \(plans[plans.count - 1].powerWatts) W, the power of the slowest plan",
          found: "\(power) W", fix: "do not pause: training draws less",
          details: [.init(key: "maximumPausedPowerWatts", value: .number(plans[plans.count - 1].powerWatts))])
      }
      pause = [Pace(iterationsPerSecond: 0, powerWatts: power)]
    }
    let ends = params.prices.dropFirst().map(\.startSeconds) + [params.endSeconds]
    let intervals = zip(params.prices, ends).map {
      PricedInterval(durationSeconds: $1 - $0.startSeconds, pricePerJoule: $0.pricePerJoule)
    }
    let goal = params.goal ?? .valuePerIteration(0)
    guard let schedule = PaceSchedule(paces: plans + pause, intervals: intervals, goal: goal) else {
      let wanted = if case .iterations(let count) = goal { count } else { 0.0 }
      let most = plans[0].iterationsPerSecond * intervals.reduce(0) { $0 + $1.durationSeconds }
      throw RequestError(
        .objectiveOutOfReach, path: params.goalField, expected: "at most \(most) iterations in that time",
        found: "\(wanted)",
        fix: "allow more time, or ask for fewer", details: [.init(key: "maximumIterationCount", value: .number(most))])
    }
    // Where a joule has a negative price wasting it pays, and no curve of least energy bounds that.
    let bound =
      intervals.allSatisfy { $0.pricePerJoule >= 0 }
      ? PaceSchedule(paces: boundPaces(frontier) + pause, intervals: intervals, goal: goal) : nil
    return Answer(
      characterized: characterized, isStale: session.isStale(params.pipeline), params: params, intervals: intervals,
      paces: plans + pause, schedule: schedule, bound: bound)
  }

  /// The corners of the curve as paces that no plan can beat, as far as plans go; between two of them power is straight in
  /// the rate, as energy is in time.
  private static func boundPaces(_ frontier: Frontier) -> [Pace] {
    let (curve, slowest) = (frontier.curve, frontier.plans[frontier.plans.count - 1].iterationTimeSeconds)
    let end = max(curve.cheapestTimeSeconds, slowest)
    var paces = curve.breakpoints.filter { $0.iterationTimeSeconds < end }.map {
      Pace(iterationTimeSeconds: $0.iterationTimeSeconds, energyJoules: $0.energyJoules)
    }
    if let energy = curve.energyJoules(at: end) { paces.append(Pace(iterationTimeSeconds: end, energyJoules: energy)) }
    return paces
  }

  package struct Answer: ObjectWritable {
    let characterized: CharacterizedFrontier
    let isStale: Bool
    let params: Params
    let intervals: [PricedInterval]
    let paces: [Pace]
    let schedule: PaceSchedule
    let bound: PaceSchedule?

    package func write(to object: inout ObjectWriter) {
      object.field("generation", characterized.generation, "Which frontier answered.")
      object.field("stale", isStale, "Whether the pipeline or its profile has changed since.")
      object.field("unit", params.unit, "What costs are counted in.")
      object.list(
        "segments", schedule.segments,
        "Which plan when, in the order of time. One interval at most has two, the faster first; an iteration cut by a border counts in shares."
      ) { segment, entry in
        let (pace, interval) = (paces[segment.pace], intervals[segment.interval])
        let start = params.prices[segment.interval].startSeconds + segment.offsetSeconds
        entry.field("startSeconds", start, "When it begins.")
        entry.field("durationSeconds", segment.durationSeconds, "How long it lasts.")
        entry.field(
          "plan", characterized.frontier.plans.indices.contains(segment.pace) ? segment.pace : nil,
          "The plan's number, for plan/get; none during a pause.")
        entry.field("iterationCount", segment.durationSeconds * pace.iterationsPerSecond, "Iterations done.")
        entry.field("averagePowerWatts", pace.powerWatts, "Mean watts of all devices together.")
        entry.field("energyJoules", segment.durationSeconds * pace.powerWatts, "Joules of all devices.")
        entry.field("cost", segment.durationSeconds * pace.powerWatts * interval.pricePerJoule, "In the unit.")
      }
      object.field("iterationCount", schedule.iterationCount, "Iterations done in all.")
      object.field("energyJoules", schedule.energyJoules, "Joules drawn in all.")
      object.field("cost", schedule.cost, "What they cost, in the unit.")
      object.field(
        "pricePerIteration", schedule.pricePerIteration,
        "What one iteration more would cost; 0 where more are done anyway."
      )
      object.field(
        "lowerBoundCost", bound?.cost,
        "What the exact lower bound would cost: no plans between the fastest and the cheapest, listed or not, reach the goal for less. With `valuePerIteration` compare cost less value. Left out where a price is negative."
      )
      object.field(
        "lowerBoundIterationCount", bound?.iterationCount, "Iterations that the lower bound would do for that.")
    }
  }
}
