internal import EnergyFrontier
internal import JSON

/// What a series of plans is to reach while the price of a joule changes.
package struct PlanSeriesRequest: Sendable {
  package struct Price: Sendable {
    /// On any clock.
    package let startSeconds: Double
    package let pricePerJoule: Double

    package init(startSeconds: Double, pricePerJoule: Double) {
      self.startSeconds = startSeconds
      self.pricePerJoule = pricePerJoule
    }
  }

  package enum Goal: Sendable {
    case iterationCount(Double)
    /// On average over all intervals.
    case iterationsPerSecond(Double)
    case valuePerIteration(Double)
  }

  /// By rising start, at least one; each holds until the next.
  package var prices: [Price]
  /// When the last price ends; after every start.
  package var endSeconds: Double
  package var goal: Goal
  package var mayPause: Bool
  /// Watts of all devices during a pause; by default what they draw while they wait.
  package var pausedPowerWatts: Double?

  package init(prices: [Price], endSeconds: Double, goal: Goal, mayPause: Bool, pausedPowerWatts: Double?) {
    self.prices = prices
    self.endSeconds = endSeconds
    self.goal = goal
    self.mayPause = mayPause
    self.pausedPowerWatts = pausedPowerWatts
  }
}

/// Which plan runs when, and what that costs.
package struct PlanSeriesResult: Sendable {
  package let generation: Int
  package let isStale: Bool
  package let segments: [Segment]
  package let iterationCount: Double
  package let energyJoules: Double
  /// In the unit of the prices.
  package let cost: Double
  package let pricePerIteration: Double
  /// What no plan could beat; nil where a price is negative.
  package let lowerBoundCost: Double?
  package let lowerBoundIterationCount: Double?

  package struct Segment: Sendable {
    package let startSeconds: Double
    package let durationSeconds: Double
    /// Nil during a pause.
    package let plan: Int?
    package let iterationCount: Double
    /// Of all devices.
    package let averagePowerWatts: Double
    package let energyJoules: Double
    package let cost: Double
  }
}

extension SessionState {
  /// The plans of a pipeline that reach a goal at least cost.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, `notCharacterized` or `objectiveOutOfReach`.
  package func planSeries(_ series: PlanSeriesRequest, of name: String) throws(RequestError) -> PlanSeriesResult {
    let current = try currentFrontier(of: name)
    let frontier = current.characterized.frontier
    let plans = frontier.plans.map {
      OperatingPoint(iterationTimeSeconds: $0.iterationTimeSeconds, energyJoules: $0.energyJoules)
    }
    let pause = try current.characterized.pause(in: series, slowest: plans[plans.count - 1]).map { [$0] } ?? []
    let points = plans + pause
    let ends = series.prices.dropFirst().map(\.startSeconds) + [series.endSeconds]
    let intervals = zip(series.prices, ends).map {
      TariffInterval(durationSeconds: $1 - $0.startSeconds, pricePerJoule: $0.pricePerJoule)
    }
    let goal = series.scheduleGoal
    guard let schedule = OperatingSchedule(points: points, intervals: intervals, goal: goal) else {
      let wanted = if case .iterations(let count) = goal { count } else { 0.0 }
      let most = plans[0].iterationsPerSecond * intervals.reduce(0) { $0 + $1.durationSeconds }
      throw RequestError(
        .objectiveOutOfReach, path: series.goalPath, expected: "at most \(most) iterations in that time",
        found: "\(wanted)", fix: "allow more time, or ask for fewer iterations",
        details: [.init(key: "maximumIterationCount", value: .number(most))])
    }
    // A negative price pays for wasted energy, so the curve of least energy bounds no cost.
    let bound =
      intervals.allSatisfy { $0.pricePerJoule >= 0 }
      ? OperatingSchedule(points: frontier.boundPoints + pause, intervals: intervals, goal: goal) : nil
    return PlanSeriesResult(
      generation: current.generation, isStale: current.isStale,
      segments: schedule.segments.map { segment in
        let point = points[segment.point]
        let energy = segment.durationSeconds * point.powerWatts
        return PlanSeriesResult.Segment(
          startSeconds: series.prices[segment.interval].startSeconds + segment.offsetSeconds,
          durationSeconds: segment.durationSeconds, plan: plans.indices.contains(segment.point) ? segment.point : nil,
          iterationCount: segment.durationSeconds * point.iterationsPerSecond, averagePowerWatts: point.powerWatts,
          energyJoules: energy, cost: energy * intervals[segment.interval].pricePerJoule)
      },
      iterationCount: schedule.iterationCount, energyJoules: schedule.energyJoules, cost: schedule.cost,
      pricePerIteration: schedule.pricePerIteration, lowerBoundCost: bound?.cost,
      lowerBoundIterationCount: bound?.iterationCount)
  }
}

extension PlanSeriesRequest {
  fileprivate var scheduleGoal: OperatingSchedule.Goal {
    switch goal {
    case .iterationCount(let count): .iterations(count)
    case .iterationsPerSecond(let rate): .iterations(rate * (endSeconds - prices[0].startSeconds))
    case .valuePerIteration(let value): .valuePerIteration(value)
    }
  }

  /// The field that states the goal.
  fileprivate var goalPath: String {
    switch goal {
    case .iterationCount: "iterationCount"
    case .iterationsPerSecond: "iterationsPerSecond"
    case .valuePerIteration: "valuePerIteration"
    }
  }
}

extension CharacterizedFrontier {
  /// What happens during a pause, where the series allows one.
  fileprivate func pause(in series: PlanSeriesRequest, slowest: OperatingPoint) throws(RequestError) -> OperatingPoint?
  {
    guard series.mayPause else { return nil }
    let waiting = inputs.problem.waitingPowerWatts * Double(inputs.problem.deviceMultiplicity)
    let power = series.pausedPowerWatts ?? min(waiting, slowest.powerWatts)
    guard power <= slowest.powerWatts else {
      throw RequestError(
        .objectiveOutOfReach, path: "pausedPowerWatts",
        expected: "at most \(slowest.powerWatts) W, the power of the slowest plan", found: "\(power) W",
        fix: "do not pause: training draws less",
        details: [.init(key: "maximumPausedPowerWatts", value: .number(slowest.powerWatts))])
    }
    return OperatingPoint(iterationsPerSecond: 0, powerWatts: power)
  }
}

extension Frontier {
  /// The corners of the curve as points that no plan can beat, as far as plans go; between two corners power is linear
  /// in the rate, as energy is in time.
  fileprivate var boundPoints: [OperatingPoint] {
    let end = max(curve.cheapestTimeSeconds, plans[plans.count - 1].iterationTimeSeconds)
    var points = curve.breakpoints.filter { $0.iterationTimeSeconds < end }.map {
      OperatingPoint(iterationTimeSeconds: $0.iterationTimeSeconds, energyJoules: $0.energyJoules)
    }
    if let energy = curve.energyJoules(at: end) {
      points.append(OperatingPoint(iterationTimeSeconds: end, energyJoules: energy))
    }
    return points
  }
}
