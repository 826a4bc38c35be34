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
  case objective(Objective)

  package enum Objective: String, CaseIterable, Sendable {
    case fastest, cheapest, energyDelayProduct
  }

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
      "averagePowerWatts", .positive, "The fastest plan whose mean power is at most this, all devices together.")
    let objective: Objective? = try reader.optional(
      "objective", .choice(), "The fastest plan, the cheapest, or the one of least energy times time.")
    let given: [FrontierTarget] = [
      deadline.map(FrontierTarget.deadlineSeconds), slowdown.map(FrontierTarget.slowdownFraction),
      straggler.map(FrontierTarget.stragglerTimeSeconds), energy.map(FrontierTarget.energyBudgetJoules),
      power.map(FrontierTarget.averagePowerWatts),
      objective.map(FrontierTarget.objective),
    ].compactMap { $0 }
    try reader.check(
      given.count <= 1, "deadlineSeconds",
      expected:
        "one of deadlineSeconds, slowdownFraction, stragglerTimeSeconds, energyBudgetJoules, averagePowerWatts and objective"
    )
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
  /// - Throws: ``Refusal`` of kind `deadlineBelowMinimum` or `objectiveOutOfReach`. O(log plans).
  func plan(in frontier: Frontier) throws(Refusal) -> (index: Int, deadlineSeconds: Double?) {
    switch self {
    case .deadlineSeconds(let seconds):
      return (try Self.plan(within: seconds, in: frontier, path: "deadlineSeconds"), seconds)
    case .slowdownFraction(let slowdown):
      let seconds = frontier.curve.minimumTimeSeconds * (1 + slowdown)
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
    case .objective(.fastest): return (0, nil)
    case .objective(.cheapest): return (frontier.plans.count - 1, nil)
    case .objective(.energyDelayProduct): return (frontier.leastEnergyDelayPlanIndex, nil)
    }
  }

  private static func plan(within seconds: Double, in frontier: Frontier, path: String) throws(Refusal) -> Int {
    if let index = frontier.planIndex(within: seconds) { return index }
    let minimum = frontier.curve.minimumTimeSeconds
    throw Refusal(
      .deadlineBelowMinimum, path: path, expected: "an iteration time of at least \(minimum) s", found: "\(seconds) s",
      fix: "allow at least the minimum, or register faster GPUs",
      facts: [.init(key: "minimumTimeSeconds", value: .number(minimum))])
  }

  private static func outOfReach(
    _ path: String, asked: Double, least: Double, unit: String, fact: String
  ) -> Refusal {
    Refusal(
      .objectiveOutOfReach, path: path, expected: "at least \(least) \(unit)", found: "\(asked) \(unit)",
      fix: "allow at least the minimum", facts: [.init(key: fact, value: .number(least))])
  }
}
