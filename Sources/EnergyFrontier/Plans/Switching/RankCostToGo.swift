internal import Basics

/// The least that the rest of each rank can lose, given the option that the rank runs now.
///
/// **Why.** A change of setting pays off only over the instructions that follow, and a beam that knows only what has
/// been lost so far would never make one. Taken alone, a rank is a chain whose instructions cost their reduced costs
/// (``BoundPrices``) and whose changes cost their energy and, at the price of the time between the two instructions,
/// their latency. Dynamic programming from the last instruction to the first gives the least cost to go (Bellman 1957;
/// Viterbi 1967, 10.1109/TIT.1967.1054010), and no plan loses less.
///
/// **Restricted changes.** Where a rank may change only so often, there is a cost to go for each small number of
/// changes that are left; with more left any number counts as allowed, and so does the change at the iteration's end.
/// So no plan that keeps the restriction loses less, either.
///
/// **Complexity.** O(positions x options x numbers of changes left) time and memory; where latencies depend on the
/// settings up to O(positions x options^2) time for each number, though the next options are looked at by rising cost
/// until none can be better, and these are few.
struct RankCostToGo {
  private let space: SwitchingSpace
  /// For each position the joules of a change before it beside its latency, the price of a tick of that, and the ticks
  /// of the lag beside which it runs.
  private let changes: [(joules: Double, price: Double, lag: Int64)]
  /// For each position the joules that a change before it costs at least; of the longest where latencies depend on the
  /// settings.
  private let switchLosses: [Double]
  /// For each position the index of its first option in the lists below.
  private let start: [Int]
  /// For each position and option: its reduced cost.
  private let reduced: [Double]
  /// For each number of changes left, position and option: the least that the rank loses after it. The last number
  /// stands for any, and is the only one where changes are not restricted.
  private var rest: [Double]
  private let anyNumber: Int

  /// The least joules of all instructions with their time paid for, each taken alone.
  private let leastJoules: Double

  init(_ space: SwitchingSpace, prices: BoundPrices) {
    self.space = space
    var start: [Int] = [0]
    for position in 0..<space.count {
      start.append(start[position] + space.optionEnd[position] - space.optionStart[position])
    }
    var reduced = [Double](repeating: 0, count: start[space.count])
    var changes = [(joules: Double, price: Double, lag: Int64)](repeating: (0, 0, 0), count: space.count)
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
        let change = (
          space.switchJoules[rank], prices.dependencies[dependency], space.base.predecessorLags[dependency]
        )
        changes[position] = change
        switchLosses[position] = Self.loss(change, latency: space.latencies[rank])
      }
    }
    anyNumber = Self.countedChanges(space, entries: reduced.count)
    rest = [Double](repeating: 0, count: (anyNumber + 1) * reduced.count)
    self.leastJoules = leastJoules
    (self.start, self.reduced, self.changes, self.switchLosses) = (start, reduced, changes, switchLosses)
    for chain in space.chains {
      for (later, position) in zip(chain.reversed(), chain.reversed().dropFirst()) {
        for left in 0...anyNumber {
          if space.pairLatencies == nil {
            addRest(of: position, before: later, left)
          } else {
            addPairwiseRest(of: position, before: later, left)
          }
        }
      }
    }
  }

  /// How many changes left are distinguished from any number of them.
  private static func countedChanges(_ space: SwitchingSpace, entries: Int) -> Int {
    let most = space.mostSwitches.filter { $0 < .max }.max()
    return most.map { min($0 + 1, mostCounted, mostEntries / max(1, entries)) } ?? 0
  }

  private static let mostCounted = 8
  /// 32 MB.
  private static let mostEntries = 1 << 22

  /// Where the costs to go begin after a change, with a number of changes left before it; nil where none is allowed.
  @inline(__always)
  private func rowsAfterChange(_ left: Int) -> Int? {
    if left == anyNumber { return left * reduced.count }
    return left == 0 ? nil : (left - 1) * reduced.count
  }

  /// What a change costs at least; the latency runs beside the lag.
  @inline(__always)
  private static func loss(_ change: (joules: Double, price: Double, lag: Int64), latency: Int64) -> Double {
    change.joules + change.price * Double(max(0, latency - change.lag))
  }

  /// Finds the cost to go of a position's options from that of the rank's next position, where all changes cost alike.
  private mutating func addRest(of position: Int, before later: Int, _ left: Int) {
    let first = space.optionStart[later]
    let row = start[later]
    let rows = left * reduced.count
    var cheapest = Double.infinity
    if let after = rowsAfterChange(left) {
      for index in row..<start[later + 1] { cheapest = min(cheapest, reduced[index] + rest[after + index]) }
    }
    let changing = cheapest + switchLosses[later]
    for option in space.optionStart[position]..<space.optionEnd[position] {
      let same = space.optionAtSameSetting(as: option, at: position)
      let staying = same < 0 ? Double.infinity : reduced[row + same - first] + rest[rows + row + same - first]
      rest[rows + start[position] + option - space.optionStart[position]] = min(changing, staying)
    }
  }

  /// The same where changes cost what their settings say.
  private mutating func addPairwiseRest(of position: Int, before later: Int, _ left: Int) {
    let options = space.optionStart[later]..<space.optionEnd[later]
    let row = start[later] - options.lowerBound
    let rows = left * reduced.count
    let byCost = rowsAfterChange(left).map { after in
      options.map { (cost: reduced[row + $0] + rest[after + row + $0], option: $0) }.sorted { $0 < $1 }
    }
    for option in space.optionStart[position]..<space.optionEnd[position] {
      let same = space.optionAtSameSetting(as: option, at: position)
      var least = same < 0 ? Double.infinity : reduced[row + same] + rest[rows + row + same]
      // Changes cost nothing at least, so from here on none is better.
      for (cost, next) in byCost ?? [] {
        if cost >= least { break }
        if next == same { continue }
        least = min(least, cost + switchLoss(before: later, from: space.settings[option], to: space.settings[next]))
      }
      rest[rows + start[position] + option - space.optionStart[position]] = least
    }
  }

  /// The least joules of a change before a position, which has a setting before it; 0 where the setting stays.
  @inline(__always)
  func switchLoss(before position: Int, from: Int32, to: Int32) -> Double {
    if from == to { return 0 }
    if space.pairLatencies == nil { return switchLosses[position] }
    return Self.loss(changes[position], latency: space.latency(space.ranks[position], from: from, to: to))
  }

  /// The reduced cost of an option.
  @inline(__always)
  func reducedJoules(_ option: Int, at position: Int) -> Double {
    reduced[start[position] + option - space.optionStart[position]]
  }

  /// The least that the rank loses after an option; infinite where the rest cannot be run.
  ///
  /// - Parameter left: how often the rank may change then.
  @inline(__always)
  func joules(after option: Int, at position: Int, left: Int) -> Double {
    rest[min(left, anyNumber) * reduced.count + start[position] + option - space.optionStart[position]]
  }

  /// The plan in which each rank, taken alone, loses least, and its joules with time and changes paid for at the
  /// prices. Changes at the iteration's end are left out; where changes are restricted the joules are a bound all the
  /// same, and the plan may change too often.
  func cheapestPlan() -> (plan: [Int32], joules: Double) {
    var plan = [Int32](repeating: 0, count: space.count)
    var joules = leastJoules
    for (rank, chain) in space.chains.enumerated() {
      var setting: Int32 = -1
      var left = space.mostSwitches[rank]
      for position in chain {
        let range = space.optionStart[position]..<space.optionEnd[position]
        func loss(_ option: Int) -> Double {
          let change = setting >= 0 ? switchLoss(before: position, from: setting, to: space.settings[option]) : 0
          let isChanging = setting >= 0 && setting != space.settings[option]
          if isChanging && left == 0 { return .infinity }
          return reducedJoules(option, at: position)
            + self.joules(after: option, at: position, left: isChanging ? left - 1 : left) + change
        }
        let best = range.min { loss($0) < loss($1) }!
        if setting < 0 { joules += loss(best) }
        plan[position] = Int32(best)
        if setting >= 0, setting != space.settings[best] { left = max(0, left - 1) }
        setting = space.settings[best]
      }
    }
    return (plan, joules)
  }
}
