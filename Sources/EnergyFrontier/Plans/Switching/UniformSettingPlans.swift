/// The plans that cost least at given prices when each rank is taken alone and its choices are restricted.
///
/// There are three: one setting for the whole rank; one option for each of its tables, with the changes between them;
/// and any choices (``RankCostToGo/cheapestPlan()``). Where changes are restricted, those of them that keep to it, and
/// the cheapest without what changes cost.
struct UniformSettingPlans {
  let plans: [[Int32]]

  /// O(positions x options).
  init(_ space: SwitchingSpace, _ prices: BoundPrices) {
    let costToGo = RankCostToGo(space, prices: prices)
    var uniform = space.optionStart.map(Int32.init)
    var byTable = uniform
    for chain in space.chains {
      if let setting = Self.bestSetting(space, chain, loss: { costToGo.reducedJoules($1, at: $0) }) {
        for position in chain { uniform[position] = space.option(of: position, setting: setting) }
      }
      for positions in Dictionary(grouping: chain, by: { space.optionStart[$0] }).values {
        let options = space.optionStart[positions[0]]..<space.optionEnd[positions[0]]
        let losses = options.map { option in positions.reduce(0) { $0 + costToGo.reducedJoules(option, at: $1) } }
        let best = Int32(options.lowerBound + losses.indices.min { losses[$0] < losses[$1] }!)
        for position in positions { byTable[position] = best }
      }
    }
    let found = [uniform, byTable, costToGo.cheapestPlan().plan]
    plans =
      space.isRestricted
      ? found.filter(space.allows) + [RestrictedPlans.cheapest(space) { costToGo.reducedJoules($1, at: $0) }] : found
  }

  /// Each rank at the one setting at which it is busy for the shortest time; where its instructions share no setting,
  /// each at its fastest option, or as fast as they may where changes are restricted.
  static func fastest(_ space: SwitchingSpace) -> [Int32] {
    if space.isRestricted { return RestrictedPlans.cheapest(space) { Double(space.ticks[$1]) } }
    var plan = space.optionStart.map(Int32.init)
    for chain in space.chains {
      guard let setting = bestSetting(space, chain, loss: { Double(space.ticks[$1]) }) else { continue }
      for position in chain { plan[position] = space.option(of: position, setting: setting) }
    }
    return plan
  }

  /// The setting at which a rank loses least, given what an option at a position loses; nil when the rank's
  /// instructions share no setting.
  static func bestSetting(
    _ space: SwitchingSpace, _ chain: [Int], loss: (_ position: Int, _ option: Int) -> Double
  ) -> Int32? {
    guard let first = chain.first else { return nil }
    var (best, least) = (Int32?.none, Double.infinity)
    settings: for option in space.optionStart[first]..<space.optionEnd[first] {
      let setting = space.settings[option]
      var sum = 0.0
      for position in chain {
        let choice = space.option(of: position, setting: setting)
        if choice < 0 { continue settings }
        sum += loss(position, Int(choice))
      }
      if sum < least { (best, least) = (setting, sum) }
    }
    return best
  }
}
