package import JSON
package import Sessions

/// `plan/series`: which plan runs when, while the price of a joule changes over the day.
package enum PlanSeries: SessionQuery {
  package static let name = "plan/series"
  package static let purpose =
    """
    Chooses a plan for each interval of a series of prices per joule, in money or in carbon, so that a number of \
    iterations costs least, or so that iterations of a given value pay best. No other choice of plans is cheaper. \
    `lowerBoundCost` is what no plan at all could beat where prices are not negative.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .objectiveOutOfReach,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let series: PlanSeriesRequest
    let unit: String?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      let prices = try reader.required(
        "prices", .list(of: Shape<Entry>.object().map(\.price), count: 1...2048),
        "The prices, in the order of time; each holds until the next.")
      let end = try reader.required(
        "endSeconds", .number(in: -1e15...1e15), "When the last price ends, on the same clock as `startSeconds`.")
      unit = try reader.optional(
        "unit", .text(1...32), "What prices are counted in, such as `EUR` or `gCO2`; returned as it was sent.")
      let count = try reader.optional("iterationCount", .positive, "At least this many iterations by the end.")
      let rate = try reader.optional(
        "iterationsPerSecond", .positive, "Or at least this many a second, on average over all intervals.")
      let value = try reader.optional(
        "valuePerIteration", .nonNegative, "Or as many as pay, when one iteration is worth this, in the unit.")
      let mayPause = try reader.optional("mayPause", .bool, default: false, "Whether training may pause.")
      let power = try reader.optional(
        "pausedPowerWatts", .nonNegative,
        "Power of all devices together during a pause; by default their blocking power.")
      try reader.checkOne(of: ["iterationCount", "iterationsPerSecond", "valuePerIteration"])
      let starts = prices.map(\.startSeconds) + [end]
      try reader.check(
        zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }, "prices",
        expected: "rising startSeconds, all before endSeconds")
      let goals = [
        count.map(PlanSeriesRequest.Goal.iterationCount), rate.map(PlanSeriesRequest.Goal.iterationsPerSecond),
        value.map(PlanSeriesRequest.Goal.valuePerIteration),
      ].compactMap { $0 }
      guard let goal = goals.first else { throw reader.fail("iterationCount", expected: "a goal") }
      series = PlanSeriesRequest(
        prices: prices, endSeconds: end, goal: goal, mayPause: mayPause, pausedPowerWatts: power)
    }
  }

  private struct Entry: ObjectReadable {
    let price: PlanSeriesRequest.Price

    init(from reader: inout ObjectReader) throws(InvalidField) {
      let start = try reader.required(
        "startSeconds", .number(in: -1e15...1e15), "When the price begins, on any clock: seconds after midnight, say.")
      let perJoule = try reader.required(
        "pricePerJoule", .number(in: -1e15...1e15),
        "What one joule costs; may be negative. 0.30 EUR per kWh is 0.30 / 3.6e6 = 8.33e-8.")
      price = PlanSeriesRequest.Price(startSeconds: start, pricePerJoule: perJoule)
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    Answer(unit: params.unit, series: try session.planSeries(params.series, of: params.pipeline))
  }

  package struct Answer: AnswerObject {
    let unit: String?
    let series: PlanSeriesResult

    package static let fields = Fields<Answer> {
      Field.generation { $0.series.generation }
      Field.isStale { $0.series.isStale }
      Field("unit", "What costs are counted in, as it was sent.") { $0.unit }
      Field(
        "segments",
        """
        Which plan runs when, in the order of time. At most one interval has two, the faster first. An iteration that \
        crosses a border counts in shares.
        """
      ) { $0.series.segments }
      Field("iterationCount", unit: "1", "Iterations in all.") { $0.series.iterationCount }
      Field("energyJoules", "Energy in all.") { $0.series.energyJoules }
      Field("cost", unit: "of the prices", "What that costs.") { $0.series.cost }
      Field(
        "pricePerIteration", unit: "of the prices", "What one more iteration would cost; 0 where more are done anyway."
      ) {
        $0.series.pricePerIteration
      }
      Field(
        "lowerBoundCost", unit: "of the prices",
        """
        What the exact lower bound would cost: no plan between the fastest and the cheapest, listed or not, reaches \
        the goal for less. With `valuePerIteration` compare cost less value. Absent where a price is negative.
        """
      ) { $0.series.lowerBoundCost }
      Field("lowerBoundIterationCount", unit: "1", "Iterations of the lower bound for that cost.") {
        $0.series.lowerBoundIterationCount
      }
    }
  }
}

extension PlanSeriesResult.Segment: AnswerObject {
  package static let fields = Fields<PlanSeriesResult.Segment> {
    Field("startSeconds", "When it begins.") { $0.startSeconds }
    Field("durationSeconds", "How long it lasts.") { $0.durationSeconds }
    Field("plan", "The plan's number, for plan/get; absent during a pause.") { $0.plan }
    Field("iterationCount", unit: "1", "Iterations.") { $0.iterationCount }
    Field("averagePowerWatts", "Mean power of all devices together.") { $0.averagePowerWatts }
    Field("energyJoules", "Energy of all devices.") { $0.energyJoules }
    Field("cost", unit: "of the prices", "What it costs.") { $0.cost }
  }
}
