internal import Basics

/// A stretch of time and the power that there is in it.
public struct PowerBudget: Sendable, Equatable {
  public let durationSeconds: Double
  /// May be infinite.
  public let budgetWatts: Double

  public init(durationSeconds: Double, budgetWatts: Double) {
    (self.durationSeconds, self.budgetWatts) = (durationSeconds, budgetWatts)
  }
}

extension PowerAllocator {
  /// The allocations of a series of budgets, as of a day; with `energyJoules` of those that draw no more in all the one
  /// that does the most work.
  ///
  /// *Most work for given joules.* What jobs are worth together is one concave function `V` of the power they draw, the
  /// same in each interval. To maximise `sum D_k V(p_k)` over `p_k <= B_k` and `sum D_k p_k <= E`, let a watt be worth
  /// the same wherever a budget does not bind: `p_k = min(B_k, level)`, at the level that uses up the joules. So this
  /// is exact for the bound. Plans keep the same powers; what they leave of the joules is part of their distance from
  /// it.
  ///
  /// - Throws: ``PowerShortage``.
  /// - Complexity: an allocation for each power that differs.
  public func allocations(
    of budgets: [PowerBudget], energyJoules: Double? = nil
  ) throws(PowerShortage) -> [PowerAllocation] {
    var level = Double.infinity
    if let energyJoules {
      let least = budgets.reduce(0) { $0 + $1.durationSeconds * leastPowerWatts }
      guard energyJoules >= least else { throw .energy(leastEnergyJoules: least) }
      // Never below the least power, whatever rounding makes of joules that just suffice.
      level = max(leastPowerWatts, Self.level(of: budgets, energyJoules: energyJoules))
    }
    var known: [Double: PowerAllocation] = [:]
    var allocations: [PowerAllocation] = []
    let powers = budgets.map { min($0.budgetWatts, level) }
    let effort = 1 / Double(Set(powers).count)
    for watts in powers {
      if known[watts] == nil { known[watts] = try allocation(ofBudgetWatts: watts, effort: effort) }
      allocations += known[watts].map { [$0] } ?? []
    }
    return allocations
  }

  /// The power at which intervals use up the joules, each within its budget; infinite where budgets do not let them.
  static func level(of budgets: [PowerBudget], energyJoules: Double) -> Double {
    var joules = energyJoules
    var seconds = budgets.reduce(0) { $0 + $1.durationSeconds }
    for budget in budgets.sorted(by: { $0.budgetWatts < $1.budgetWatts }) {
      // Those with more power all stand at the level.
      if budget.budgetWatts * seconds >= joules { return joules / seconds }
      joules -= budget.budgetWatts * budget.durationSeconds
      seconds -= budget.durationSeconds
    }
    return .infinity
  }
}
