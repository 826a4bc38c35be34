internal import Basics

/// Prices of time that account for changes of setting, and the bound that they prove.
///
/// **Bound.** Any flow of value F puts prices on the time of instructions and dependencies (``BoundPrices``). With them
/// every plan that ends by D costs at least what each rank costs alone, time and latencies paid for, less F D; and the
/// cheapest way to run a rank alone is what ``RankCostToGo`` finds. So the bound holds whatever the flow, and good
/// prices are those that make it high.
///
/// **Method.** The bound is concave in the flow. Where the ranks' cheapest ways together make a path longer than
/// others, the bound grows when flow moves to that path: each round moves a falling share of all flow to the longest
/// path (Frank & Wolfe 1956, 10.1002/nav.3800030109; with ties it is Brown's fictitious play, 1951). The best flow seen
/// is kept.
///
/// **Complexity.** O(rounds x positions x options).
struct SwitchingPrices: Sendable {
  /// The flow as prices; times to be guided by are those given.
  private(set) var prices: BoundPrices
  /// The flow's value in joules per tick.
  let value: Double
  /// What the ranks cost at least with their time paid for, in joules.
  private(set) var paidJoules = -Double.infinity

  /// The bound on effective joules of a plan that ends by a deadline in ticks.
  func boundJoules(_ deadline: Int64) -> Double { paidJoules - value * Double(deadline) }

  /// Raises the bound of a flow of the value given.
  init(
    raising flow: BoundPrices, value: Double, in space: SwitchingSpace, _ progress: ProgressHandle
  ) throws(FrontierError) {
    self.value = value
    prices = flow
    var (positions, dependencies) = (flow.positions, flow.dependencies)
    for round in 0..<Self.rounds {
      try progress.check()
      let current = BoundPrices(positions: positions, dependencies: dependencies, starts: flow.starts, ends: flow.ends)
      let costToGo = RankCostToGo(space, prices: current)
      let (plan, joules) = costToGo.cheapestPlan()
      if joules > paidJoules { (paidJoules, prices) = (joules, current) }
      let share = 1 / Double(round + Self.caution)
      for index in positions.indices { positions[index] *= 1 - share }
      for index in dependencies.indices { dependencies[index] *= 1 - share }
      let path = space.longestPath(plan)
      for position in path.positions { positions[position] += share * value }
      for dependency in path.dependencies { dependencies[dependency] += share * value }
    }
  }

  private static let rounds = 60
  /// The first round moves one part in `caution`.
  private static let caution = 20
}

extension SwitchingSpace {
  /// A longest path of a plan without the changes at its end; the dependencies as indices into
  /// ``PlanSpace/predecessors``.
  fileprivate func longestPath(_ options: [Int32]) -> (positions: [Int], dependencies: [Int]) {
    let (ends, last) = ends(options)
    var position = ends.firstIndex(of: last) ?? 0
    var (positions, dependencies) = ([position], [Int]())
    while true {
      let start = ends[position] - ticks[Int(options[position])]
      let change = latency(before: position, options)
      let cause = base.dependencies(before: position).first { dependency in
        let earlier = Int(base.predecessors[dependency])
        let latency = earlier == before[position] ? change : 0
        return ends[earlier] + max(latency, base.predecessorLags[dependency]) == start
      }
      guard let cause else { return (positions, dependencies) }
      dependencies.append(cause)
      position = Int(base.predecessors[cause])
      positions.append(position)
    }
  }
}
