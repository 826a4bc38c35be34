internal import Basics

/// The least that the rest of each rank can lose, given the option that the rank runs now.
///
/// **Why.** A change of setting pays off only over the instructions that follow, and a beam that knows only what has
/// been lost so far would never make one. Taken alone, a rank is a chain whose instructions cost their reduced costs
/// (``BoundPrices``) and whose changes cost their energy and, at the price of the time between the two instructions,
/// their latency. Dynamic programming from the last instruction to the first gives the least cost to go (Bellman 1957;
/// Viterbi 1967, 10.1109/TIT.1967.1054010), and no plan loses less.
///
/// **Complexity.** O(positions x options) time and memory.
struct RankCostToGo {
  private let space: SwitchingSpace
  /// For each position the joules that a change before it costs at least.
  let switchLosses: [Double]
  /// For each position the index of its first option in the lists below.
  private let start: [Int]
  /// For each position and option: its reduced cost.
  private let reduced: [Double]
  /// For each position and option: the least that the rank loses after it.
  private let rest: [Double]

  /// The least joules of all instructions with their time paid for, each taken alone.
  private let leastJoules: Double

  init(_ space: SwitchingSpace, prices: BoundPrices) {
    self.space = space
    var start: [Int] = [0]
    for position in 0..<space.count {
      start.append(start[position] + space.optionEnd[position] - space.optionStart[position])
    }
    var reduced = [Double](repeating: 0, count: start[space.count])
    var rest = reduced
    var switchLosses = [Double](repeating: 0, count: space.count)
    var leastJoules = 0.0
    for position in 0..<space.count {
      let options = space.optionStart[position]..<space.optionEnd[position]
      let price = prices.positions[position]
      let costs = options.map { space.joules[$0] + price * Double(space.ticks[$0]) }
      let least = costs.min()!
      leastJoules += least
      for (index, cost) in costs.enumerated() { reduced[start[position] + index] = cost - least }
      let rank = space.ranks[position]
      for dependency in space.base.dependencies(before: position)
      where Int(space.base.predecessors[dependency]) == space.before[position] {
        // The latency runs beside the lag.
        let delay = max(0, space.latencies[rank] - space.base.predecessorLags[dependency])
        switchLosses[position] = space.switchJoules[rank] + prices.dependencies[dependency] * Double(delay)
      }
    }
    for chain in space.chains {
      var later: Int?
      for position in chain.reversed() {
        if let later {
          let first = space.optionStart[later]
          let row = start[later]
          var cheapest = Double.infinity
          for index in row..<start[later + 1] { cheapest = min(cheapest, reduced[index] + rest[index]) }
          let changing = cheapest + switchLosses[later]
          for option in space.optionStart[position]..<space.optionEnd[position] {
            let same = space.optionAtSameSetting(as: option, at: position)
            let staying = same < 0 ? Double.infinity : reduced[row + same - first] + rest[row + same - first]
            rest[start[position] + option - space.optionStart[position]] = min(changing, staying)
          }
        }
        later = position
      }
    }
    self.leastJoules = leastJoules
    (self.start, self.reduced, self.rest, self.switchLosses) = (start, reduced, rest, switchLosses)
  }

  /// The reduced cost of an option.
  @inline(__always)
  func reducedJoules(_ option: Int, at position: Int) -> Double {
    reduced[start[position] + option - space.optionStart[position]]
  }

  /// The least that the rank loses after an option.
  @inline(__always)
  func joules(after option: Int, at position: Int) -> Double {
    rest[start[position] + option - space.optionStart[position]]
  }

  /// The plan in which each rank, taken alone, loses least, and its joules with time and changes paid for at the
  /// prices. Changes at the iteration's end are left out.
  func cheapestPlan() -> (plan: [Int32], joules: Double) {
    var plan = [Int32](repeating: 0, count: space.count)
    var joules = leastJoules
    for chain in space.chains {
      var setting: Int32 = -1
      for position in chain {
        let range = space.optionStart[position]..<space.optionEnd[position]
        func loss(_ option: Int) -> Double {
          let isChanging = setting >= 0 && space.settings[option] != setting
          return reducedJoules(option, at: position) + self.joules(after: option, at: position)
            + (isChanging ? switchLosses[position] : 0)
        }
        let best = range.min { loss($0) < loss($1) }!
        if setting < 0 { joules += loss(best) }
        plan[position] = Int32(best)
        setting = space.settings[best]
      }
    }
    return (plan, joules)
  }
}
