internal import Basics

/// Rate and power of one way to run a pipeline; rate 0 is a pause.
public struct OperatingPoint: Sendable, Equatable {
  public let iterationsPerSecond: Double
  /// Watts of all devices.
  public let powerWatts: Double

  public init(iterationsPerSecond: Double, powerWatts: Double) {
    self.iterationsPerSecond = iterationsPerSecond
    self.powerWatts = powerWatts
  }

  /// One iteration after another.
  public init(iterationTimeSeconds: Double, energyJoules: Double) {
    self.init(iterationsPerSecond: 1 / iterationTimeSeconds, powerWatts: energyJoules / iterationTimeSeconds)
  }
}

/// An interval of a tariff: a stretch of time over which a joule has one price.
public struct TariffInterval: Sendable, Equatable {
  public let durationSeconds: Double
  /// In any unit: money, grams of carbon dioxide. May be negative.
  public let pricePerJoule: Double

  public init(durationSeconds: Double, pricePerJoule: Double) {
    self.durationSeconds = durationSeconds
    self.pricePerJoule = pricePerJoule
  }
}

/// Which operating point to run at when, so that the joules of a whole horizon cost least.
///
/// Let interval k last `D_k` seconds at `p_k` a joule, and let `w(r)` be the least power at rate `r`: the lower hull of
/// the points, for within an interval two points can follow each other. To minimise `sum p_k D_k w(r_k)` over `sum D_k
/// r_k >= N` is a linear program. With a multiplier `m` for its one constraint it falls apart: each interval takes the
/// steps along the hull whose price of one more iteration, `p_k` times the step's slope, is at most `m`. The smallest
/// `m` that reaches `N` is found by bisection over the doubles, and the steps that cost exactly `m` are taken one by
/// one until `N` is met, the last of them in part. So at most one interval has two points, and the cost equals the
/// Lagrangian's value at `m`: by weak duality nothing is cheaper, however often it changes its operating point.
public struct OperatingSchedule: Sendable, Equatable {
  /// What is to be reached.
  public enum Goal: Sendable, Equatable {
    /// At least this many iterations over all intervals.
    case iterations(Double)
    /// Whatever is worth it, when an iteration is worth this, in the unit of the prices.
    case valuePerIteration(Double)
  }

  public struct Segment: Sendable, Equatable {
    /// Which interval it is in.
    public let interval: Int
    /// Seconds after the interval's start.
    public let offsetSeconds: Double
    public let durationSeconds: Double
    /// Index into the operating points.
    public let point: Int
  }

  /// In the order of time; one for each interval, but at most one interval has two, the faster first.
  public let segments: [Segment]
  public let iterationCount: Double
  public let energyJoules: Double
  /// In the unit of the prices.
  public let cost: Double
  /// What one iteration more would cost; 0 where the goal does not bind.
  public let pricePerIteration: Double

  /// Finds the schedule; nil when even the fastest point reaches too few iterations.
  ///
  /// - Parameters:
  ///   - points: at least one; power rises with the rate, or else only matters where it does. Where joules have a
  ///     negative price the fastest is taken.
  ///   - intervals: at least one, in the order of time, with positive durations.
  /// - Complexity: O(points log points + 64 intervals log points).
  public init?(points: [OperatingPoint], intervals: [TariffInterval], goal: Goal) {
    let hull = OperatingHull(points)
    let multiplier: Double
    /// How many steps each interval takes.
    var steps: [Int]
    var cut: (interval: Int, share: Double)?
    switch goal {
    case .valuePerIteration(let value):
      multiplier = max(0, value)
      steps = intervals.map { hull.steps(costingAtMost: multiplier, in: $0) }
    case .iterations(let wanted):
      func reached(_ multiplier: Double) -> Double {
        intervals.reduce(0) { $0 + hull.iterations($1, steps: hull.steps(costingAtMost: multiplier, in: $1)) }
      }
      let most = reached(.greatestFiniteMagnitude)
      // To ask for all there is must not fail by rounding.
      guard wanted <= most * (1 + 1e-12) else { return nil }
      let wanted = min(wanted, most)
      let least = Self.leastMultiplier { reached($0) >= wanted }
      multiplier = least
      // Without the steps that cost exactly the multiplier; those that cost nothing are always taken.
      steps = intervals.map { hull.steps(costingAtMost: least == 0 ? 0 : least.nextDown, in: $0) }
      var total = zip(intervals, steps).reduce(0) { $0 + hull.iterations($1.0, steps: $1.1) }
      fill: for (index, interval) in intervals.enumerated() {
        let affordable = hull.steps(costingAtMost: least, in: interval)
        while steps[index] < affordable, total < wanted {
          let gain = hull.iterations(interval, steps: steps[index] + 1) - hull.iterations(interval, steps: steps[index])
          if total + gain > wanted {
            cut = (index, (wanted - total) / gain)
            break fill
          }
          steps[index] += 1
          total += gain
        }
      }
    }
    var segments: [Segment] = []
    for (index, interval) in intervals.enumerated() {
      let fast = cut.flatMap { $0.interval == index ? $0.share * interval.durationSeconds : nil } ?? 0
      if fast > 0 {
        segments.append(
          Segment(interval: index, offsetSeconds: 0, durationSeconds: fast, point: hull.corners[steps[index] + 1]))
      }
      if interval.durationSeconds > fast {
        segments.append(
          Segment(
            interval: index, offsetSeconds: fast, durationSeconds: interval.durationSeconds - fast,
            point: hull.corners[steps[index]]))
      }
    }
    self.segments = segments
    iterationCount = segments.reduce(0) { $0 + $1.durationSeconds * points[$1.point].iterationsPerSecond }
    energyJoules = segments.reduce(0) { $0 + $1.durationSeconds * points[$1.point].powerWatts }
    cost = segments.reduce(0) {
      $0 + $1.durationSeconds * points[$1.point].powerWatts * intervals[$1.interval].pricePerJoule
    }
    pricePerIteration = multiplier
  }

  /// The smallest double from 0 at which a condition holds that holds from some value on.
  private static func leastMultiplier(where holds: (Double) -> Bool) -> Double {
    // The doubles from 0 are ordered as their bit patterns are.
    var (low, high) = (UInt64(0), Double.greatestFiniteMagnitude.bitPattern)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(Double(bitPattern: middle)) { high = middle } else { low = middle + 1 }
    }
    return Double(bitPattern: low)
  }
}

/// The lower hull of operating points in rate and power, from the one of least power to the fastest.
private struct OperatingHull {
  /// Indices of the points, by rising rate and rising power.
  let corners: [Int]
  private let rates: [Double]
  /// Joules that one iteration more costs between a corner and the next, rising.
  private let slopes: [Double]

  init(_ points: [OperatingPoint]) {
    func slope(_ a: Int, _ b: Int) -> Double {
      (points[b].powerWatts - points[a].powerWatts) / (points[b].iterationsPerSecond - points[a].iterationsPerSecond)
    }
    let front = points.indices.paretoFront { (points[$0].powerWatts, -points[$0].iterationsPerSecond) }
    let corners = lowerHull(count: front.count) { left, middle, right in
      slope(front[left], front[middle]) < slope(front[middle], front[right])
    }.map { front[$0] }
    self.corners = corners
    rates = corners.map { points[$0].iterationsPerSecond }
    slopes = zip(corners, corners.dropFirst()).map { slope($0, $1) }
  }

  /// How many steps up the hull cost at most `multiplier` for each iteration. Where joules are free all are taken.
  func steps(costingAtMost multiplier: Double, in interval: TariffInterval) -> Int {
    if interval.pricePerJoule <= 0 { return slopes.count }
    return slopes.partitioningIndex { interval.pricePerJoule * $0 > multiplier }
  }

  func iterations(_ interval: TariffInterval, steps: Int) -> Double { interval.durationSeconds * rates[steps] }
}
