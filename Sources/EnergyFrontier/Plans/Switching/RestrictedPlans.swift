/// The cheapest plan in which no rank changes its setting more often than it may, when each option costs what it is
/// given and changes cost nothing.
///
/// **Method.** Dynamic programming along a rank over (changes so far, option), for each setting to begin with, because
/// the change back at the iteration's end counts. Where that takes too long, the rank may change once less and ends at
/// any setting: the change back is then within what it may, and the plan nearly as good.
///
/// **Complexity.** O(positions x options x changes) for each setting to begin with, with as much memory for one rank;
/// without changes O(positions x options log options).
struct RestrictedPlans {
  private let space: SwitchingSpace
  private let cost: (_ position: Int, _ option: Int) -> Double

  /// What one rank runs, in its order, and what that costs.
  private struct Found {
    var cost: Double
    var options: [Int32]
  }

  /// States times settings to begin with that are looked at exactly.
  private static let mostStates = 1 << 21

  static func cheapest(
    _ space: SwitchingSpace, cost: @escaping (_ position: Int, _ option: Int) -> Double
  ) -> [Int32] {
    let search = RestrictedPlans(space: space, cost: cost)
    var plan = space.optionStart.map(Int32.init)
    for (rank, chain) in space.chains.enumerated() {
      for (position, option) in zip(chain, search.options(rank, chain)) { plan[position] = option }
    }
    return plan
  }

  private func options(_ rank: Int, _ chain: [Int]) -> [Int32] {
    guard let first = chain.first else { return [] }
    let most = min(space.mostSwitches[rank], chain.count)
    if most == chain.count {
      return chain.map { position in
        Int32(
          (space.optionStart[position]..<space.optionEnd[position]).min { cost(position, $0) < cost(position, $1) }!)
      }
    }
    if most == 0, let setting = UniformSettingPlans.bestSetting(space, chain, loss: cost) {
      return chain.map { space.option(of: $0, setting: setting) }
    }
    let begins = space.optionStart[first]..<space.optionEnd[first]
    let states = chain.reduce(0) { $0 + space.optionEnd[$1] - space.optionStart[$1] } * (most + 1)
    if most > 0, states * begins.count > Self.mostStates, let found = cheapest(chain, most: most - 1, begin: nil) {
      return found.options
    }
    var best: Found?
    for begin in begins {
      guard let found = cheapest(chain, most: most, begin: begin) else { continue }
      if best.map({ found.cost < $0.cost }) ?? true { best = found }
    }
    // A problem is stated only where there is one.
    return best?.options ?? chain.map { Int32(space.optionStart[$0]) }
  }

  /// - Parameters:
  ///   - most: changes allowed.
  ///   - begin: the option to begin with, whose setting the rank changes back to; nil for any, without a change back.
  private func cheapest(_ chain: [Int], most: Int, begin: Int?) -> Found? {
    func options(_ index: Int) -> Range<Int> { space.optionStart[chain[index]]..<space.optionEnd[chain[index]] }
    let layers = most + 1
    // For each index but the first, by option and changes: the option before.
    var parents: [[Int32]] = []
    var now = [Double](repeating: .infinity, count: options(0).count * layers)
    for option in options(0) where begin == nil || option == begin {
      now[(option - options(0).lowerBound) * layers] = cost(chain[0], option)
    }
    for index in chain.indices.dropFirst() {
      let (before, own) = (options(index - 1), options(index))
      // For each number of changes the cheapest state before.
      var cheapest = [(cost: Double, option: Int)](repeating: (.infinity, before.lowerBound), count: layers)
      var same = [Int](repeating: -1, count: own.count)
      for option in before {
        for changes in 0..<layers where now[(option - before.lowerBound) * layers + changes] < cheapest[changes].cost {
          cheapest[changes] = (now[(option - before.lowerBound) * layers + changes], option)
        }
        let next = space.optionAtSameSetting(as: option, at: chain[index - 1])
        if next >= 0 { same[next - own.lowerBound] = option }
      }
      var next = [Double](repeating: .infinity, count: own.count * layers)
      var parent = [Int32](repeating: -1, count: own.count * layers)
      for option in own {
        let place = (option - own.lowerBound) * layers
        let stay = same[option - own.lowerBound]
        let ownCost = cost(chain[index], option)
        for changes in 0..<layers {
          var best = stay < 0 ? Double.infinity : now[(stay - before.lowerBound) * layers + changes]
          var from = stay
          if changes > 0, cheapest[changes - 1].cost < best {
            (best, from) = (cheapest[changes - 1].cost, cheapest[changes - 1].option)
          }
          guard best < .infinity else { continue }
          next[place + changes] = best + ownCost
          parent[place + changes] = Int32(from)
        }
      }
      parents.append(parent)
      now = next
    }
    let last = options(chain.count - 1)
    var end: (cost: Double, option: Int, changes: Int) = (.infinity, -1, 0)
    for option in last {
      let isBack = begin.map { space.settings[$0] == space.settings[option] } ?? true
      for changes in 0..<layers where isBack || changes + 1 <= most {
        let total = now[(option - last.lowerBound) * layers + changes]
        if total < end.cost { end = (total, option, changes) }
      }
    }
    guard end.option >= 0 else { return nil }
    var (option, changes) = (end.option, end.changes)
    var plan = [Int32(option)]
    for index in chain.indices.dropFirst().reversed() {
      let own = options(index)
      let from = Int(parents[index - 1][(option - own.lowerBound) * layers + changes])
      if space.settings[from] != space.settings[option] { changes -= 1 }
      option = from
      plan.append(Int32(option))
    }
    return Found(cost: end.cost, options: plan.reversed())
  }
}
