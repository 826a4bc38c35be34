package import EnergyFrontier
internal import JSON

/// The point of a frontier that a client asks for.
package enum FrontierTarget: Sendable, Equatable {
  /// The cheapest plan that lasts at most this long.
  case deadlineSeconds(Double)
  /// The same, at the fastest plan's time and this share longer.
  case slowdownFraction(Double)
  /// The cheapest plan that ends before the job's straggler does.
  case stragglerTimeSeconds(Double)
  /// The fastest plan that draws at most this much energy, power, or power of the hottest device.
  case energyBudgetJoules(Double)
  case averagePowerWatts(Double)
  case averageDevicePowerWatts(Double)
  /// The fastest plan whose power never exceeds this.
  case peakPowerWatts(Double)
  case objective(Objective)

  package enum Objective: String, CaseIterable, Sendable {
    case fastest, cheapest, energyDelayProduct, energyDelaySquaredProduct
  }

  /// When the straggler ends, where the target is one.
  package var stragglerTimeSeconds: Double? {
    if case .stragglerTimeSeconds(let seconds) = self { return seconds }
    return nil
  }
}

/// How often a plan may miss its deadline.
package struct MissLimit: Sendable, Equatable {
  package let fraction: Double
  package let resampling: OutcomeBootstrap.Resampling

  package init(fraction: Double, resampling: OutcomeBootstrap.Resampling) {
    self.fraction = fraction
    self.resampling = resampling
  }
}

extension CharacterizedFrontier {
  /// The plan that a target asks for.
  ///
  /// - Returns: the plan's number, and the deadline that the target sets, if it sets one.
  /// - Throws: ``RequestError`` of kind `deadlineBelowMinimum` or `objectiveOutOfReach`.
  /// - Complexity: O(log plans), or O(plans) for products and for the power of each device.
  package func plan(
    for target: FrontierTarget, missing limit: MissLimit? = nil
  ) throws(RequestError) -> (number: Int, deadlineSeconds: Double?) {
    if let limit { return try plan(for: target, limit) }
    switch target {
    case .deadlineSeconds(let seconds): return (try plan(within: seconds, path: "deadlineSeconds"), seconds)
    case .slowdownFraction(let slowdown):
      let seconds = frontier.minimumPlanTimeSeconds * (1 + slowdown)
      return (try plan(within: seconds, path: "slowdownFraction"), seconds)
    case .stragglerTimeSeconds(let seconds): return (try plan(within: seconds, path: "stragglerTimeSeconds"), seconds)
    case .energyBudgetJoules(let joules):
      if let index = frontier.planIndex(withinEnergyJoules: joules) { return (index, nil) }
      throw Self.outOfReach(
        "energyBudgetJoules", asked: joules, least: slowest.energyJoules, unit: "J", detail: "minimumEnergyJoules")
    case .averagePowerWatts(let watts):
      if let index = frontier.planIndex(withinAveragePowerWatts: watts) { return (index, nil) }
      throw Self.outOfReach(
        "averagePowerWatts", asked: watts, least: slowest.energyJoules / slowest.iterationTimeSeconds, unit: "W",
        detail: "minimumAveragePowerWatts")
    case .averageDevicePowerWatts(let watts):
      // The mean power of all devices falls along the plans; that of the hottest device need not.
      if let index = devicePowersWatts.firstIndex(where: { $0 <= watts }) { return (index, nil) }
      throw Self.outOfReach(
        "averageDevicePowerWatts", asked: watts, least: devicePowersWatts.min() ?? 0, unit: "W",
        detail: "minimumAverageDevicePowerWatts")
    case .peakPowerWatts(let watts):
      if let index = peakPowersWatts.firstIndex(where: { $0 <= watts }) { return (index, nil) }
      throw Self.outOfReach(
        "peakPowerWatts", asked: watts, least: peakPowersWatts.min() ?? 0, unit: "W", detail: "minimumPeakPowerWatts")
    case .objective(.fastest): return (0, nil)
    case .objective(.cheapest): return (frontier.plans.count - 1, nil)
    case .objective(.energyDelayProduct): return (frontier.leastEnergyDelayPlanIndex(delayExponent: 1), nil)
    case .objective(.energyDelaySquaredProduct): return (frontier.leastEnergyDelayPlanIndex(delayExponent: 2), nil)
    }
  }

  /// The cheapest plan that misses the target's deadline no more often than the limit allows. O(plans log draws).
  private func plan(
    for target: FrontierTarget, _ limit: MissLimit
  ) throws(RequestError) -> (number: Int, deadlineSeconds: Double?) {
    guard let expected else {
      throw RequestError(
        .notCharacterized, path: "missFraction", expected: "a frontier of estimated tables",
        found: "one of the tables as measured", fix: "send frontier/characterize with estimate: \"smoothed\"")
    }
    let (path, seconds): (String, Double)
    switch target {
    case .deadlineSeconds(let deadline): (path, seconds) = ("deadlineSeconds", deadline)
    case .slowdownFraction(let slowdown):
      (path, seconds) = ("slowdownFraction", frontier.minimumPlanTimeSeconds * (1 + slowdown))
    case .stragglerTimeSeconds(let deadline): (path, seconds) = ("stragglerTimeSeconds", deadline)
    case .energyBudgetJoules, .averagePowerWatts, .averageDevicePowerWatts, .peakPowerWatts, .objective:
      return try plan(for: target)
    }
    if let number = expected.cheapestPlan(
      within: seconds, missFraction: limit.fraction, resampling: limit.resampling)
    {
      return (number, seconds)
    }
    let minimum = expected.earliestDeadlineSeconds(missFraction: limit.fraction, resampling: limit.resampling)
    throw RequestError(
      .deadlineBelowMinimum, path: path,
      expected: "a deadline of at least \(minimum) s, which a plan misses with probability \(limit.fraction) at most",
      found: "\(seconds) s", fix: "allow a longer time, or more misses",
      details: [.init(key: "minimumTimeSeconds", value: .number(minimum))])
  }

  private var slowest: Plan { frontier.plans[frontier.plans.count - 1] }

  private func plan(within seconds: Double, path: String) throws(RequestError) -> Int {
    if let index = frontier.planIndex(within: seconds) { return index }
    let minimum = frontier.minimumPlanTimeSeconds
    throw RequestError(
      .deadlineBelowMinimum, path: path, expected: "an iteration time of at least \(minimum) s", found: "\(seconds) s",
      fix: "allow a longer time, or register faster GPUs",
      details: [.init(key: "minimumTimeSeconds", value: .number(minimum))])
  }

  private static func outOfReach(
    _ path: String, asked: Double, least: Double, unit: String, detail: String
  ) -> RequestError {
    RequestError(
      .objectiveOutOfReach, path: path, expected: "at least \(least) \(unit)", found: "\(asked) \(unit)",
      fix: "raise the limit", details: [.init(key: detail, value: .number(least))])
  }
}

/// A plan as a client names it: by its number, or by the point of the frontier that it is chosen for.
package struct PlanReference: Sendable, Equatable {
  package enum Point: Sendable, Equatable {
    case number(Int)
    case target(FrontierTarget)
  }

  package let point: Point
  /// The frontier that the client means, where it named one.
  package let generation: Int?
  /// How often the plan may miss the deadline that the point sets.
  package let missLimit: MissLimit?

  package init(_ point: Point, generation: Int? = nil, missing limit: MissLimit? = nil) {
    self.point = point
    missLimit = limit
    self.generation = generation
  }
}

extension CharacterizedFrontier {
  /// Refuses a generation that a client means and that is not this one.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPlan`.
  func check(generation asked: Int?) throws(RequestError) {
    guard let asked, asked != generation else { return }
    throw RequestError(
      .unknownPlan, path: "generation", expected: "\(generation), the current generation", found: "\(asked)",
      fix: "query the frontier again")
  }

  /// The plan that a client names.
  ///
  /// - Returns: the plan's number, and the deadline that was asked for, if one was.
  /// - Throws: ``RequestError`` of kind `unknownPlan`, `deadlineBelowMinimum` or `objectiveOutOfReach`.
  package func plan(
    _ reference: PlanReference
  ) throws(RequestError) -> (number: Int, deadlineSeconds: Double?) {
    try check(generation: reference.generation)
    switch reference.point {
    case .target(let target): return try plan(for: target, missing: reference.missLimit)
    case .number(let number):
      guard frontier.plans.indices.contains(number) else {
        throw RequestError(
          .unknownPlan, path: "plan", expected: "a plan in 0...\(frontier.plans.count - 1)", found: "\(number)",
          fix: "list the plans with frontier/curve")
      }
      return (number, nil)
    }
  }
}
