internal import Basics

/// The deadlines that plans are searched for, each with the cheapest plan known to keep it.
struct Incumbents: Sendable {
  struct Target: Sendable {
    let deadline: Int64
    let prices: BoundPrices
    /// The bound at the deadline in joules of one device per rank, waiting included.
    let boundJoules: Double
    /// The cheapest plan that keeps the deadline.
    fileprivate(set) var plan: DraftPlan
    /// Joules of the plan, waiting included.
    fileprivate(set) var joules: Double

    /// Joules above the bound.
    var loss: Double { joules - boundJoules }
  }

  /// Slowest first.
  private(set) var targets: [Target]

  /// - Parameters:
  ///   - plans: fastest first, none dominated by another; the first keeps every deadline.
  ///   - boundJoules: the bound at a deadline in ticks.
  init(
    _ deadlines: [PricedDeadline], plans: [DraftPlan], waitingJoulesPerTick: Double, boundJoules: (Int64) -> Double
  ) {
    targets = deadlines.map { deadline in
      let plan = plans[plans.partitioningIndex { $0.ticks > deadline.ticks } - 1]
      return Target(
        deadline: deadline.ticks, prices: deadline.prices, boundJoules: boundJoules(deadline.ticks), plan: plan,
        joules: plan.joules(waitingJoulesPerTick: waitingJoulesPerTick))
    }
  }

  /// Makes a new plan the incumbent of every deadline that it keeps and serves better; `joules` include waiting.
  ///
  /// - Returns: whether there was one.
  @discardableResult
  mutating func offer(_ plan: DraftPlan, joules: Double) -> Bool {
    var isBetter = false
    for index in targets.indices where targets[index].deadline >= plan.ticks && joules < targets[index].joules {
      targets[index].plan = plan
      targets[index].joules = joules
      isBetter = true
    }
    return isBetter
  }

  /// The target at an offset from another, or the outermost one.
  func target(_ index: Int, offset: Int) -> Target { targets[min(max(0, index + offset), targets.count - 1)] }
}
