internal import Basics

/// What an instruction costs when it may mix its options: the lower convex hull of (seconds, effective joules).
struct HullCost: Sendable {
  private let seconds: [Double]
  private let joules: [Double]

  init(_ table: OptionTable) {
    seconds = table.hull.map { table.timeSeconds(at: $0) }
    joules = table.hull.map { table.effectiveEnergies[$0] }
  }

  /// Seconds of the fastest option.
  var fastest: Double { seconds[0] }

  /// What a second less costs at the fastest option, in watts; 0 where there is only one.
  var steepestWatts: Double { seconds.count < 2 ? 0 : (joules[0] - joules[1]) / (seconds[1] - seconds[0]) }

  /// Seconds of the cheapest option; longer ones gain nothing.
  var slowest: Double { seconds[seconds.count - 1] }

  /// Effective joules of the cheapest mix that lasts at most `duration`, which is at least ``fastest``. O(log options).
  func joules(lasting duration: Double) -> Double {
    let after = seconds.partitioningIndex { $0 > duration }
    guard after > 0 else { return joules[0] }
    guard after < seconds.count else { return joules[joules.count - 1] }
    let share = (duration - seconds[after - 1]) / (seconds[after] - seconds[after - 1])
    return joules[after - 1] + share * (joules[after] - joules[after - 1])
  }

  /// The least of joules + `watts` x seconds over all options; the hull has it. O(log options).
  func leastCost(atPrice watts: Double) -> Double {
    // Slopes fall along the hull, so costs fall and then rise.
    var (low, high) = (0, seconds.count - 1)
    while low < high {
      let middle = (low + high) / 2
      let here = joules[middle] + watts * seconds[middle]
      if joules[middle + 1] + watts * seconds[middle + 1] < here { low = middle + 1 } else { high = middle }
    }
    return joules[low] + watts * seconds[low]
  }
}
