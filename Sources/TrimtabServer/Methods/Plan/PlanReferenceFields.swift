internal import EnergyFrontier
internal import JSON
internal import Sessions

// How a point of a frontier, and a plan, are named on the wire.

extension FrontierTarget {
  private static let fieldNames: [StaticString] = [
    "deadlineSeconds", "slowdownFraction", "stragglerTimeSeconds", "energyBudgetJoules", "averagePowerWatts",
    "averageDevicePowerWatts", "peakPowerWatts", "objective",
  ]

  /// Reads the fields, of which exactly one must be there.
  static func required(from reader: inout ObjectReader) throws(InvalidField) -> FrontierTarget {
    let target = try optional(from: &reader)
    try reader.checkOne(of: fieldNames)
    // While the declaration is recorded, no field is there.
    return target ?? .objective(.fastest)
  }

  /// Reads the fields, of which at most one may be there.
  static func optional(from reader: inout ObjectReader) throws(InvalidField) -> FrontierTarget? {
    let deadline = try reader.optional(
      "deadlineSeconds", .positive,
      """
      The cheapest plan whose iteration lasts at most this long. Beyond the cheapest iteration time the cheapest plan \
      is returned; running slower would cost more energy.
      """
    )
    let slowdown = try reader.optional(
      "slowdownFraction", .number(in: 0...1e30),
      "The same, with the deadline relative to the fastest plan: 0.05 allows an iteration that is 5 % longer.")
    let straggler = try reader.optional(
      "stragglerTimeSeconds", .number(in: 1e-300...1e30),
      "The iteration time of the job's slowest pipeline, T': the cheapest plan that ends by then, at min(T*, T').")
    let energy = try reader.optional(
      "energyBudgetJoules", .positive, "The fastest plan whose iteration takes at most this energy, of all devices.")
    let power = try reader.optional(
      "averagePowerWatts", .positive,
      "The fastest plan whose mean power, of all devices together, is at most this: a power cap for the job.")
    let devicePower = try reader.optional(
      "averageDevicePowerWatts", .positive,
      "The fastest plan in which no device draws more than this on average: a power cap for each GPU.")
    let peakPower = try reader.optional(
      "peakPowerWatts", .positive,
      """
      The fastest plan whose power, of all devices together, never exceeds this; each instruction draws its mean power \
      while it runs.
      """
    )
    let objective: Objective? = try reader.optional(
      "objective", .choice(),
      """
      The fastest plan, the cheapest, or the one with the least product of energy and time, or of energy and time \
      squared.
      """
    )
    try reader.checkOne(of: fieldNames, orNone: true)
    let given: [FrontierTarget?] = [
      deadline.map(FrontierTarget.deadlineSeconds), slowdown.map(FrontierTarget.slowdownFraction),
      straggler.map(FrontierTarget.stragglerTimeSeconds), energy.map(FrontierTarget.energyBudgetJoules),
      power.map(FrontierTarget.averagePowerWatts), devicePower.map(FrontierTarget.averageDevicePowerWatts),
      peakPower.map(FrontierTarget.peakPowerWatts), objective.map(FrontierTarget.objective),
    ]
    return given.lazy.compactMap { $0 }.first
  }
}

extension MissLimit {
  /// Reads the fields; nil where none is there.
  static func optional(from reader: inout ObjectReader, for target: FrontierTarget?) throws(InvalidField) -> MissLimit?
  {
    let fraction = try reader.optional(
      "missFraction", .number(in: 0...0.5),
      """
      How likely the plan may miss the deadline: the cheapest plan that misses it no more often is returned. Needs a \
      frontier of estimated tables and a deadline, a slowdown or a straggler.
      """
    )
    let resampling: OutcomeBootstrap.Resampling? = try reader.optional(
      "resampling", .choice(),
      """
      Of what the miss is meant, by `missFraction`: `options` (the default) of the mean iteration, `executions` of \
      single iterations, whose instructions differ by the noise of a sample each.
      """
    )
    try reader.check(
      resampling == nil || fraction != nil, "resampling", expected: "absent without missFraction")
    guard let fraction else { return nil }
    switch target {
    case .deadlineSeconds, .slowdownFraction, .stragglerTimeSeconds: break
    default:
      throw reader.fail(
        "missFraction", expected: "absent without deadlineSeconds, slowdownFraction or stragglerTimeSeconds")
    }
    return MissLimit(fraction: fraction, resampling: resampling ?? .options)
  }
}

extension PlanReference {
  static let numberDoc: StaticString = "The plan's number. Or name a point of the frontier:"

  /// Reads the fields that name a plan: its number, or a point of the frontier.
  static func required(from reader: inout ObjectReader) throws(InvalidField) -> PlanReference {
    let plan = try reader.optional("plan", .integer(in: 0...Int.max), numberDoc)
    let generation = try reader.generation()
    let target = try FrontierTarget.optional(from: &reader)
    let limit = try MissLimit.optional(from: &reader, for: target)
    try reader.check(
      (plan == nil) != (target == nil), "plan", expected: "either a plan's number or a point of the frontier")
    if let plan { return PlanReference(.number(plan), generation: generation) }
    guard let target else { throw reader.fail("plan", expected: "a plan's number or a point of the frontier") }
    return PlanReference(.target(target), generation: generation, missing: limit)
  }
}

extension ObjectReader {
  mutating func generation() throws(InvalidField) -> Int? {
    try optional(
      "generation", .integer(in: 1...Int.max),
      "The generation of the frontier that is meant; the request is refused when another one is current.")
  }
}
