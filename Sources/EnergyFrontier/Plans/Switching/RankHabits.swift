/// Plans that treat alike what is alike: what each rank would do at given prices if it were alone and had few habits.
///
/// Three of them: one setting for the whole rank; one option for each of its tables, with all changes between them; and any
/// changes at all (``RankOutlook/cheapestPlan()``).
struct RankHabits {
  let plans: [[Int32]]

  /// O(places x options).
  init(_ space: SwitchingSpace, _ prices: BoundPrices) {
    let outlook = RankOutlook(space, prices: prices)
    var steady = space.optionStart.map(Int32.init)
    var byTable = steady
    for chain in space.chains {
      if let setting = Self.bestSetting(space, chain, loss: { outlook.reducedJoules($1, at: $0) }) {
        for place in chain { steady[place] = space.option(of: place, setting: setting) }
      }
      for places in Dictionary(grouping: chain, by: { space.optionStart[$0] }).values {
        let options = space.optionStart[places[0]]..<space.optionEnd[places[0]]
        let losses = options.map { option in places.reduce(0) { $0 + outlook.reducedJoules(option, at: $1) } }
        let best = Int32(options.lowerBound + losses.indices.min { losses[$0] < losses[$1] }!)
        for place in places { byTable[place] = best }
      }
    }
    plans = [steady, byTable, outlook.cheapestPlan().plan]
  }

  /// Each rank at the one setting at which it is busy for the shortest time; where its instructions share none, each at its
  /// fastest.
  static func fastestSteadyPlan(_ space: SwitchingSpace) -> [Int32] {
    var plan = space.optionStart.map(Int32.init)
    for chain in space.chains {
      guard let setting = bestSetting(space, chain, loss: { Double(space.ticks[$1]) }) else { continue }
      for place in chain { plan[place] = space.option(of: place, setting: setting) }
    }
    return plan
  }

  /// The setting at which a rank loses least, where `loss` tells what an option at a place loses; nil when its instructions
  /// share none.
  private static func bestSetting(
    _ space: SwitchingSpace, _ chain: [Int], loss: (_ place: Int, _ option: Int) -> Double
  ) -> Int32? {
    guard let first = chain.first else { return nil }
    var (best, least) = (Int32?.none, Double.infinity)
    settings: for option in space.optionStart[first]..<space.optionEnd[first] {
      let setting = space.settings[option]
      var sum = 0.0
      for place in chain {
        let choice = space.option(of: place, setting: setting)
        if choice < 0 { continue settings }
        sum += loss(place, Int(choice))
      }
      if sum < least { (best, least) = (setting, sum) }
    }
    return best
  }
}
