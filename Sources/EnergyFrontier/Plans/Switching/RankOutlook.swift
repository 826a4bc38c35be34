/// What the rest of a rank loses at least, told from the setting it stands at.
///
/// **Why.** A change of setting pays off only over the instructions that follow, and a beam that knows what has been lost
/// so far would never make one. Seen alone, a rank is a chain whose instructions cost their reduced costs (``BoundPrices``)
/// and whose changes cost their energy and, at the price of the time between the two instructions, their latency. The least
/// that is left is found backwards (Bellman 1957; Viterbi 1967, 10.1109/TIT.1967.1054010), and no plan loses less.
///
/// **Complexity.** O(places x options) time and memory.
struct RankOutlook {
  private let space: SwitchingSpace
  /// For each place the joules that a change before it costs at least.
  let switchLosses: [Double]
  /// For each place where its options begin in the lists below.
  private let start: [Int]
  /// For each place and option: its reduced cost.
  private let reduced: [Double]
  /// For each place and option: what the rank loses after it at least.
  private let rest: [Double]

  /// What the instructions cost at least with their time paid for, one by one, in joules.
  private let leastJoules: Double

  init(_ space: SwitchingSpace, prices: BoundPrices) {
    self.space = space
    var start: [Int] = [0]
    for place in 0..<space.count { start.append(start[place] + space.optionEnd[place] - space.optionStart[place]) }
    var reduced = [Double](repeating: 0, count: start[space.count])
    var rest = reduced
    var switchLosses = [Double](repeating: 0, count: space.count)
    var leastJoules = 0.0
    for place in 0..<space.count {
      let options = space.optionStart[place]..<space.optionEnd[place]
      let price = prices.places[place]
      let costs = options.map { space.joules[$0] + price * Double(space.ticks[$0]) }
      let least = costs.min()!
      leastJoules += least
      for (index, cost) in costs.enumerated() { reduced[start[place] + index] = cost - least }
      let rank = space.ranks[place]
      for dependency in Int(space.base.predecessorStart[place])..<Int(space.base.predecessorStart[place + 1])
      where Int(space.base.predecessors[dependency]) == space.before[place] {
        // A lag passes anyway.
        let delay = max(0, space.latencies[rank] - space.base.predecessorLags[dependency])
        switchLosses[place] = space.switchJoules[rank] + prices.dependencies[dependency] * Double(delay)
      }
    }
    for chain in space.chains {
      var later: Int?
      for place in chain.reversed() {
        if let later {
          let first = space.optionStart[later]
          let row = start[later]
          var cheapest = Double.infinity
          for index in row..<start[later + 1] { cheapest = min(cheapest, reduced[index] + rest[index]) }
          let changing = cheapest + switchLosses[later]
          for option in space.optionStart[place]..<space.optionEnd[place] {
            let twin = space.twin(of: option, at: place)
            let staying = twin < 0 ? Double.infinity : reduced[row + twin - first] + rest[row + twin - first]
            rest[start[place] + option - space.optionStart[place]] = min(changing, staying)
          }
        }
        later = place
      }
    }
    self.leastJoules = leastJoules
    (self.start, self.reduced, self.rest, self.switchLosses) = (start, reduced, rest, switchLosses)
  }

  /// The reduced cost of an option.
  @inline(__always)
  func reducedJoules(_ option: Int, at place: Int) -> Double {
    reduced[start[place] + option - space.optionStart[place]]
  }

  /// What the rank loses at least after an option.
  @inline(__always)
  func restJoules(_ option: Int, at place: Int) -> Double { rest[start[place] + option - space.optionStart[place]] }

  /// The plan in which each rank loses least, taken alone, and its joules with time and changes paid for at the prices; changes
  /// at the iteration's end are left out.
  func cheapestPlan() -> (plan: [Int32], joules: Double) {
    var plan = [Int32](repeating: 0, count: space.count)
    var joules = leastJoules
    for chain in space.chains {
      var setting: Int32 = -1
      for place in chain {
        let range = space.optionStart[place]..<space.optionEnd[place]
        func loss(_ option: Int) -> Double {
          let isChanging = setting >= 0 && space.settings[option] != setting
          return reducedJoules(option, at: place) + restJoules(option, at: place)
            + (isChanging ? switchLosses[place] : 0)
        }
        let best = range.min { loss($0) < loss($1) }!
        if setting < 0 { joules += loss(best) }
        plan[place] = Int32(best)
        setting = space.settings[best]
      }
    }
    return (plan, joules)
  }
}
