internal import Basics

/// Prices of time that know of changes of setting, and the bound that they prove.
///
/// **Bound.** Any flow of value F puts prices on the time of instructions and dependencies (``BoundPrices``). With them every
/// plan that ends by D costs at least what each rank costs alone, time and latencies paid for, less F D; and the
/// cheapest way to run a rank alone is what ``RankOutlook`` finds. So the bound holds whatever the flow, and good prices are
/// those that make it high.
///
/// **Method.** The bound is concave in the flow. Where the ranks' cheapest ways together make a path longer than others, the
/// bound grows when flow moves to that path: each round moves a falling share of all flow to the longest path (Frank & Wolfe
/// 1956, 10.1002/nav.3800030109; with ties it is Brown's fictitious play, 1951). The best flow seen is kept.
///
/// **Complexity.** O(rounds x places x options).
struct SwitchingPrices {
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
    var (places, dependencies) = (flow.places, flow.dependencies)
    for round in 0..<Self.rounds {
      try progress.check()
      let current = BoundPrices(places: places, dependencies: dependencies, starts: flow.starts, ends: flow.ends)
      let outlook = RankOutlook(space, prices: current)
      let (plan, joules) = outlook.cheapestPlan()
      if joules > paidJoules { (paidJoules, prices) = (joules, current) }
      let share = 1 / Double(round + Self.caution)
      for index in places.indices { places[index] *= 1 - share }
      for index in dependencies.indices { dependencies[index] *= 1 - share }
      let path = space.longestPath(plan)
      for place in path.places { places[place] += share * value }
      for dependency in path.dependencies { dependencies[dependency] += share * value }
    }
  }

  private static let rounds = 60
  /// The first round moves one part in so many.
  private static let caution = 20
}

extension SwitchingSpace {
  /// A longest path of a plan, changes at the end left out; the dependencies as indices into ``PlanSpace/predecessors``.
  fileprivate func longestPath(_ options: [Int32]) -> (places: [Int], dependencies: [Int]) {
    var ends = [Int64](repeating: 0, count: count)
    var causes = [Int](repeating: -1, count: count)
    var last = 0
    for place in 0..<count {
      var start: Int64 = -1
      let isChanging = switches(before: place, options)
      for dependency in Int(base.predecessorStart[place])..<Int(base.predecessorStart[place + 1]) {
        let earlier = Int(base.predecessors[dependency])
        let own = isChanging && earlier == before[place] ? latencies[ranks[place]] : 0
        let lag = max(own, base.predecessorLags[dependency])
        if ends[earlier] + lag > start { (start, causes[place]) = (ends[earlier] + lag, dependency) }
      }
      ends[place] = max(0, start) + ticks[Int(options[place])]
      if ends[place] > ends[last] { last = place }
    }
    var (places, dependencies) = ([last], [Int]())
    while causes[last] >= 0 {
      dependencies.append(causes[last])
      last = Int(base.predecessors[causes[last]])
      places.append(last)
    }
    return (places, dependencies)
  }
}
