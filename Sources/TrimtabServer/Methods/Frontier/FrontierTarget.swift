internal import EnergyFrontier
internal import JSON
internal import Sessions

/// Which point of a frontier is meant: exactly one of the fields below.
package enum FrontierTarget: Sendable {
  case deadlineSeconds(Double)
  case slowdownFraction(Double)
  case stragglerTimeSeconds(Double)
  case energyBudgetJoules(Double)
  case averagePowerWatts(Double)
  case averageDevicePowerWatts(Double)
  case objective(Objective)

  package enum Objective: String, CaseIterable, Sendable {
    case fastest, cheapest, energyDelayProduct, energyDelaySquaredProduct
  }

  static let fieldNames =
    "deadlineSeconds, slowdownFraction, stragglerTimeSeconds, energyBudgetJoules, averagePowerWatts, averageDevicePowerWatts and objective"

  /// Reads the fields; nil when none of them is there.
  init?(from reader: inout ObjectReader) throws(InvalidField) {
    let deadline = try reader.optional(
      "deadlineSeconds", .positive,
      "The iteration must not last longer. Past the cheapest time the cheapest plan is the answer: wait rather than crawl."
    )
    let slowdown = try reader.optional(
      "slowdownFraction", .number(in: 0...1e30),
      "How much longer than the fastest iteration it may last: 0.05 is 5 % longer.")
    let straggler = try reader.optional(
      "stragglerTimeSeconds", .positive,
      "How long the slowest pipeline of the job needs, T': gives the cheapest plan done by then, at min(T*, T').")
    let energy = try reader.optional(
      "energyBudgetJoules", .positive, "The fastest plan whose iteration draws at most this, all devices together.")
    let power = try reader.optional(
      "averagePowerWatts", .positive,
      "The fastest plan whose mean power is at most this: a cap for the job, all devices together.")
    let devicePower = try reader.optional(
      "averageDevicePowerWatts", .positive,
      "The fastest plan in which no device draws more than this on average over the iteration: a cap for each GPU.")
    let objective: Objective? = try reader.optional(
      "objective", .choice(),
      "The fastest plan, the cheapest, or the one of least energy times time or times its square.")
    let given: [FrontierTarget] = [
      deadline.map(FrontierTarget.deadlineSeconds), slowdown.map(FrontierTarget.slowdownFraction),
      straggler.map(FrontierTarget.stragglerTimeSeconds), energy.map(FrontierTarget.energyBudgetJoules),
      power.map(FrontierTarget.averagePowerWatts), devicePower.map(FrontierTarget.averageDevicePowerWatts),
      objective.map(FrontierTarget.objective),
    ].compactMap { $0 }
    try reader.check(
      given.count <= 1, "deadlineSeconds",
      expected: "one of " + Self.fieldNames)
    guard let only = given.first else { return nil }
    self = only
  }

  /// When a straggler is done, where the target is one.
  var stragglerTimeSeconds: Double? {
    if case .stragglerTimeSeconds(let seconds) = self { return seconds }
    return nil
  }

  /// The plan that is meant.
  ///
  /// - Returns: the plan's number, and the deadline that was asked for, if the target is one.
  /// - Throws: ``RequestError`` of kind `deadlineBelowMinimum` or `objectiveOutOfReach`.
  /// - Complexity: O(log plans), or O(plans) for products and for the power of each device.
  func plan(in characterized: CharacterizedFrontier) throws(RequestError) -> (index: Int, deadlineSeconds: Double?) {
    let frontier = characterized.frontier
    switch self {
    case .deadlineSeconds(let seconds):
      return (try Self.plan(within: seconds, in: frontier, path: "deadlineSeconds"), seconds)
    case .slowdownFraction(let slowdown):
      let seconds = frontier.minimumPlanTimeSeconds * (1 + slowdown)
      return (try Self.plan(within: seconds, in: frontier, path: "slowdownFraction"), seconds)
    case .stragglerTimeSeconds(let seconds):
      return (try Self.plan(within: seconds, in: frontier, path: "stragglerTimeSeconds"), seconds)
    case .energyBudgetJoules(let joules):
      if let index = frontier.planIndex(withinEnergyJoules: joules) { return (index, nil) }
      let least = frontier.plans[frontier.plans.count - 1].energyJoules
      throw Self.outOfReach("energyBudgetJoules", asked: joules, least: least, unit: "J", fact: "minimumEnergyJoules")
    case .averagePowerWatts(let watts):
      if let index = frontier.planIndex(withinAveragePowerWatts: watts) { return (index, nil) }
      let slowest = frontier.plans[frontier.plans.count - 1]
      throw Self.outOfReach(
        "averagePowerWatts", asked: watts, least: slowest.energyJoules / slowest.iterationTimeSeconds, unit: "W",
        fact: "minimumAveragePowerWatts")
    case .averageDevicePowerWatts(let watts):
      // Unlike that of all together, the power of the hottest device need not fall along the plans.
      let powers = characterized.devicePowersWatts
      if let index = powers.firstIndex(where: { $0 <= watts }) { return (index, nil) }
      throw Self.outOfReach(
        "averageDevicePowerWatts", asked: watts, least: powers.min() ?? 0, unit: "W",
        fact: "minimumAverageDevicePowerWatts")
    case .objective(.fastest): return (0, nil)
    case .objective(.cheapest): return (frontier.plans.count - 1, nil)
    case .objective(.energyDelayProduct): return (frontier.leastEnergyDelayPlanIndex(delayExponent: 1), nil)
    case .objective(.energyDelaySquaredProduct): return (frontier.leastEnergyDelayPlanIndex(delayExponent: 2), nil)
    }
  }

  private static func plan(within seconds: Double, in frontier: Frontier, path: String) throws(RequestError) -> Int {
    if let index = frontier.planIndex(within: seconds) { return index }
    let minimum = frontier.minimumPlanTimeSeconds
    throw RequestError(
      .deadlineBelowMinimum, path: path, expected: "an iteration time of at least \(minimum) s", found: "\(seconds) s",
      fix: "allow at least the minimum, or register faster GPUs",
      details: [.init(key: "minimumTimeSeconds", value: .number(minimum))])
  }

  private static func outOfReach(
    _ path: String, asked: Double, least: Double, unit: String, fact: String
  ) -> RequestError {
    RequestError(
      .objectiveOutOfReach, path: path, expected: "at least \(least) \(unit)", found: "\(asked) \(unit)",
      fix: "allow at least the minimum", details: [.init(key: fact, value: .number(least))])
  }
}
