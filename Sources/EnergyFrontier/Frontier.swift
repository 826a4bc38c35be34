/// What characterization delivers: the exact lower bound and a Pareto set of real plans with their certified gaps.
public struct Frontier: Sendable {
  /// The exact lower-bound curve.
  public let curve: LowerBoundCurve
  /// Plans by rising realised time and strictly falling realised energy; none is dominated by another. At least one.
  public let plans: [Plan]

  /// The least deadline that a plan keeps; above the curve's where changes of setting cost time.
  public var minimumPlanTimeSeconds: Double { max(curve.minimumTimeSeconds, plans[0].iterationTimeSeconds) }

  /// The cheapest plan that lasts at most as long as given, as an index into `plans`; nil below the fastest plan.
  ///
  /// - Complexity: O(log plans).
  public func planIndex(within iterationTimeSeconds: Double) -> Int? {
    let after = plans.partitionIndex { $0.iterationTimeSeconds > iterationTimeSeconds }
    return after == 0 ? nil : after - 1
  }

  /// The fastest plan that draws at most the energy given; nil when even the cheapest draws more. O(log plans).
  public func planIndex(withinEnergyJoules energyJoules: Double) -> Int? {
    let index = plans.partitionIndex { $0.energyJoules <= energyJoules }
    return index == plans.count ? nil : index
  }

  /// The fastest plan whose mean power is at most the watts given; nil when none is. Mean power falls along the plans.
  public func planIndex(withinAveragePowerWatts watts: Double) -> Int? {
    let index = plans.partitionIndex { $0.energyJoules <= watts * $0.iterationTimeSeconds }
    return index == plans.count ? nil : index
  }

  /// The plan of least energy times time, or times a power of time. O(plans).
  public func leastEnergyDelayPlanIndex(delayExponent: Int) -> Int {
    // Relative to the fastest plan, so that no power of a time leaves the range of numbers.
    func product(_ plan: Plan) -> Double {
      let delay = plan.iterationTimeSeconds / plans[0].iterationTimeSeconds
      return (0..<delayExponent).reduce(plan.energyJoules) { product, _ in product * delay }
    }
    return plans.indices.min { product(plans[$0]) < product(plans[$1]) } ?? 0
  }
}
