internal import Basics

/// What watts are worth to a consumer: its curve with a worth for its rate, less a cost for each watt.
struct WorthCurve: Sendable {
  /// The power of each corner from the least on, as far as a watt is worth its cost.
  let powersWatts: [Double]
  /// What a watt is worth between each corner and the next, never rising.
  let slopes: [Double]

  init(_ curve: PowerCurve, worth: Double, costPerWatt: Double) {
    let rising = curve.corners[curve.leastPowerIndex...]
    var slopes: [Double] = []
    for (left, right) in zip(rising, rising.dropFirst()) {
      let rate = right.iterationsPerSecond - left.iterationsPerSecond
      let slope = worth * rate / (right.powerWatts - left.powerWatts) - costPerWatt
      if slope <= 0 { break }
      // Convexity says that slopes fall; where rounding says otherwise two pieces are one.
      slopes.append(min(slopes.last ?? .infinity, slope))
    }
    self.slopes = slopes
    powersWatts = rising.prefix(slopes.count + 1).map(\.powerWatts)
  }

  /// What one draws when it takes all pieces worth at least `slope` a watt. O(log corners).
  func powerWatts(takingSlopesFrom slope: Double) -> Double {
    powersWatts[slopes.partitioningIndex { $0 < slope }]
  }
}
