/// What enumeration needs of a ``PlanSpace`` or a ``SwitchingSpace``: the same fields for both.
struct EnumerationSpace {
  let base: PlanSpace
  /// `optionStart[p]..<optionEnd[p]` are the options of position p, fastest first but for dominated ones.
  let optionStart: [Int]
  let optionEnd: [Int]
  let ticks: [Int64]
  /// Effective joules.
  let joules: [Double]
  /// The setting of each option; empty where changes of setting cost nothing.
  let settings: [Int32]
  /// For each position the previous one on its rank and the first one of it, where it is the rank's last; -1 otherwise.
  let before: [Int]
  let firstOfEndingRank: [Int]
  /// For each position the first one of its rank; empty where changes cost nothing.
  let firstOfRank: [Int]
  /// For each position ticks and joules of a change of its rank, ticks of the longest where they depend on settings.
  let latencies: [Int64]
  let switchJoules: [Double]
  /// For each position how often its rank may change; empty where changes are not restricted.
  let mostSwitches: [Int]
  private let switching: SwitchingSpace?

  var count: Int { base.count }

  init(_ space: PlanSpace) {
    base = space
    optionStart = space.optionStart.prefix(space.count).map(Int.init)
    optionEnd = space.optionEnd.prefix(space.count).map(Int.init)
    ticks = Array(space.ticks)
    joules = Array(space.joules)
    settings = []
    (before, firstOfEndingRank, latencies, switchJoules) = ([], [], [], [])
    (firstOfRank, mostSwitches, switching) = ([], [], nil)
  }

  init(_ space: SwitchingSpace) {
    base = space.base
    (optionStart, optionEnd, ticks, joules) = (space.optionStart, space.optionEnd, space.ticks, space.joules)
    (settings, before) = (space.settings, space.before)
    firstOfEndingRank = (0..<space.count).map { space.after[$0] < 0 ? space.chains[space.ranks[$0]][0] : -1 }
    firstOfRank = space.ranks.map { space.chains[$0][0] }
    latencies = space.ranks.map { space.latencies[$0] }
    switchJoules = space.ranks.map { space.switchJoules[$0] }
    mostSwitches = space.isRestricted ? space.ranks.map { space.mostSwitches[$0] } : []
    switching = space
  }

  /// Ticks of a change of a position's rank between the settings of two options, which differ.
  @inline(__always)
  func latency(_ position: Int, from: Int, to: Int) -> Int64 {
    guard let switching, switching.pairLatencies != nil else { return latencies[position] }
    return switching.latency(switching.ranks[position], from: settings[from], to: settings[to])
  }
}
