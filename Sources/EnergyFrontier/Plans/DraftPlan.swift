internal import Basics

/// A plan in the terms of a search space: an option for each position, with the resulting time and energy.
struct DraftPlan: Sendable {
  /// For each position of the ``PlanSpace`` or ``SwitchingSpace`` an index into its options.
  let options: [Int32]
  /// Iteration time in ticks.
  let ticks: Int64
  /// Effective joules of one device per rank; changes of setting included, waiting not.
  let effectiveJoules: Double

  /// Energies closer than this share of each other count as equal.
  static let roundingFraction = 1e-12

  init(_ options: [Int32], in space: PlanSpace) {
    self.options = options
    ticks = space.longestPath(options)
    effectiveJoules = space.joules(of: options)
  }

  init(_ options: [Int32], in space: SwitchingSpace) {
    self.options = options
    (ticks, effectiveJoules) = space.outcome(options)
  }

  /// Joules of one device per rank, waiting included.
  func joules(waitingJoulesPerTick: Double) -> Double { effectiveJoules + waitingJoulesPerTick * Double(ticks) }
}

extension [DraftPlan] {
  /// The drafts that no other dominates, fastest first, by time and by energy with waiting.
  ///
  /// A slower draft must be cheaper by more than rounding: sums of the same energies in another order differ.
  func paretoFront(waitingJoulesPerTick: Double) -> [DraftPlan] {
    var least = Double.infinity
    return paretoFront { ($0.ticks, $0.joules(waitingJoulesPerTick: waitingJoulesPerTick)) }.filter { draft in
      let joules = draft.joules(waitingJoulesPerTick: waitingJoulesPerTick)
      guard least == .infinity || joules < least - DraftPlan.roundingFraction * abs(least) else { return false }
      least = joules
      return true
    }
  }

  /// The corners of the lower convex hull in ticks and effective joules, fastest first; O(drafts log drafts).
  var lowerHullCorners: [DraftPlan] {
    let front = paretoFront { ($0.ticks, $0.effectiveJoules) }
    let corners = lowerHull(count: front.count) { left, middle, right in
      let (a, b, c) = (front[left], front[middle], front[right])
      return (b.effectiveJoules - a.effectiveJoules) * Double(c.ticks - a.ticks)
        < (c.effectiveJoules - a.effectiveJoules) * Double(b.ticks - a.ticks)
    }
    return corners.map { front[$0] }
  }
}
