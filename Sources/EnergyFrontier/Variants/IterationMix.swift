internal import Basics

/// Iterations of several kinds that take turns, such as those of other sequence lengths or those that write a
/// checkpoint: which plan each kind is to run so that the mean iteration takes little energy.
///
/// With shares `w` that add up to 1, the mean iteration lasts `sum w T` and takes `sum w E`. The kinds are bound by
/// that sum alone, so the best plans of all have one price of a second, and the lower bound of the mean is the infimal
/// convolution of the kinds' bounds: their straight pieces, each as long as its share, in the order of their slopes.
///
/// Plans are merged kind by kind, and of the sums only those stay that no other dominates. Where they are more than
/// ``exactPointCount``, of those within 1/1024 of the range of times only the fastest and the cheapest stay; what that
/// loses shows in the gap. O(kinds x n log n) where n is the larger of ``exactPointCount`` and ``mostPoints`` times the
/// plans.
public struct IterationMix: Sendable {
  /// One choice of plans.
  public struct Point: Sendable, Equatable {
    public let meanTimeSeconds: Double
    public let meanEnergyJoules: Double
    /// For each kind the plan's number in its frontier.
    public let plans: [Int]
  }

  /// By rising time; none dominates another.
  public let points: [Point]
  /// The bound at the fastest mean time, and its pieces by falling price.
  private let fastestBound: (seconds: Double, joules: Double)
  private let pieces: [(seconds: Double, priceWatts: Double)]

  static let (exactPointCount, bucketCount) = (65_536, 1024)
  static let mostPoints = 2 * bucketCount

  /// - Parameter kinds: at least one; weights are positive and need not add up to 1.
  public init(_ kinds: [(weight: Double, frontier: Frontier)]) {
    precondition(!kinds.isEmpty && kinds.allSatisfy { $0.weight > 0 })
    let total = kinds.reduce(0) { $0 + $1.weight }
    let shares = kinds.map { $0.weight / total }
    var merged: [Sum] = [Sum(seconds: 0, joules: 0, before: -1, plan: -1)]
    var layers: [[Sum]] = []
    for (share, kind) in zip(shares, kinds) {
      merged = Self.merged(merged, kind.frontier.plans, share: share)
      layers.append(merged)
    }
    points = merged.indices.map { index in
      var (plans, place) = ([Int](), index)
      for layer in layers.reversed() {
        plans.append(layer[place].plan)
        place = layer[place].before
      }
      return Point(
        meanTimeSeconds: merged[index].seconds, meanEnergyJoules: merged[index].joules, plans: plans.reversed())
    }
    var (fastest, pieces) = ((seconds: 0.0, joules: 0.0), [(seconds: Double, priceWatts: Double)]())
    for (share, kind) in zip(shares, kinds) {
      let corners = kind.frontier.curve.breakpoints
      fastest.seconds += share * corners[0].iterationTimeSeconds
      fastest.joules += share * corners[0].energyJoules
      for (corner, next) in zip(corners, corners.dropFirst()) where corner.priceWatts > 0 {
        pieces.append((share * (next.iterationTimeSeconds - corner.iterationTimeSeconds), corner.priceWatts))
      }
    }
    fastestBound = fastest
    self.pieces = pieces.sorted { $0.priceWatts > $1.priceWatts }
  }

  /// The cheapest choice whose mean iteration lasts at most `seconds`; nil where none is so fast. O(log points).
  public func point(within seconds: Double) -> Point? {
    let after = points.partitioningIndex { $0.meanTimeSeconds > seconds * (1 + 1e-12) }
    return after > 0 ? points[after - 1] : nil
  }

  /// The least mean energy of any mixture of options whose mean iteration lasts at most `seconds`, and the joules that
  /// one more second would save; the bound at the fastest mean time below that. O(pieces).
  public func lowerBound(within seconds: Double) -> (joules: Double, priceWatts: Double) {
    var (left, joules) = (seconds - fastestBound.seconds, fastestBound.joules)
    for piece in pieces {
      if left < piece.seconds { return (joules - piece.priceWatts * max(0, left), piece.priceWatts) }
      joules -= piece.priceWatts * piece.seconds
      left -= piece.seconds
    }
    return (joules, 0)
  }

  private struct Sum {
    let seconds: Double
    let joules: Double
    /// An index into the sums without this kind.
    let before: Int
    let plan: Int
  }

  private static func merged(_ sums: [Sum], _ plans: [Plan], share: Double) -> [Sum] {
    func sum(_ before: Int, _ plan: Int) -> Sum {
      Sum(
        seconds: sums[before].seconds + share * plans[plan].iterationTimeSeconds,
        joules: sums[before].joules + share * plans[plan].energyJoules, before: before, plan: plan)
    }
    guard sums.count * plans.count > exactPointCount else {
      return front(sums.indices.flatMap { before in plans.indices.map { sum(before, $0) } })
    }
    let (first, last) = (sum(0, 0).seconds, sum(sums.count - 1, plans.count - 1).seconds)
    let perSecond = last > first ? Double(bucketCount) / (last - first) : 0
    var (fastest, cheapest) = ([Sum?](repeating: nil, count: bucketCount), [Sum?](repeating: nil, count: bucketCount))
    for before in sums.indices {
      for plan in plans.indices {
        let one = sum(before, plan)
        let bucket = min(bucketCount - 1, Int(perSecond * (one.seconds - first)))
        if fastest[bucket].map({ (one.seconds, one.joules) < ($0.seconds, $0.joules) }) ?? true {
          fastest[bucket] = one
        }
        if cheapest[bucket].map({ (one.joules, one.seconds) < ($0.joules, $0.seconds) }) ?? true {
          cheapest[bucket] = one
        }
      }
    }
    return front((fastest + cheapest).compactMap { $0 })
  }

  private static func front(_ sums: [Sum]) -> [Sum] { sums.paretoFront { ($0.seconds, $0.joules) } }
}
