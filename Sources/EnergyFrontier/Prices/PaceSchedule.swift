internal import Basics

/// A way to go on: how many iterations a second, at which power. Rate 0 is a pause.
public struct Pace: Sendable, Equatable {
  public let iterationsPerSecond: Double
  /// Watts of all devices.
  public let powerWatts: Double

  public init(iterationsPerSecond: Double, powerWatts: Double) {
    self.iterationsPerSecond = iterationsPerSecond
    self.powerWatts = powerWatts
  }

  /// The pace of running one iteration after another.
  public init(iterationTimeSeconds: Double, energyJoules: Double) {
    self.init(iterationsPerSecond: 1 / iterationTimeSeconds, powerWatts: energyJoules / iterationTimeSeconds)
  }
}

/// A stretch of time over which a joule has one price.
public struct PricedInterval: Sendable, Equatable {
  public let durationSeconds: Double
  /// In any unit: money, grams of carbon dioxide. May be negative.
  public let pricePerJoule: Double

  public init(durationSeconds: Double, pricePerJoule: Double) {
    self.durationSeconds = durationSeconds
    self.pricePerJoule = pricePerJoule
  }
}

/// At which pace to run when, so that the joules of a whole horizon cost least.
///
/// Let interval k last `D_k` seconds at `p_k` a joule, and let `w(r)` be the least power at rate `r`: the lower hull of
/// the paces, for within an interval two paces can follow each other. To minimise `sum p_k D_k w(r_k)` over `sum D_k
/// r_k >= N` is a linear program. With a multiplier `m` for its one constraint it falls apart: each interval takes the
/// steps along the hull whose price of one more iteration, `p_k` times the step's slope, is at most `m`. The smallest
/// `m` that reaches `N` is found by bisection over the doubles, and the steps that cost exactly `m` are taken one by
/// one until `N` is met, the last of them in part. So at most one interval has two paces, and the cost equals the
/// Lagrangian's value at `m`: by weak duality nothing is cheaper, whether it changes its pace often or never.
public struct PaceSchedule: Sendable, Equatable {
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
    /// Index into the paces.
    public let pace: Int
  }

  /// In the order of time; one for each interval, but at most one interval has two, the faster first.
  public let segments: [Segment]
  public let iterationCount: Double
  public let energyJoules: Double
  /// In the unit of the prices.
  public let cost: Double
  /// What one iteration more would cost; 0 where the goal does not bind.
  public let pricePerIteration: Double

  /// Finds the schedule; nil when even the fastest pace reaches too few iterations.
  ///
  /// - Parameters:
  ///   - paces: at least one; power rises with the rate, or else only matters where it does. Where joules have a
  ///     negative price the fastest is taken.
  ///   - intervals: at least one, in the order of time, with positive durations.
  /// - Complexity: O(paces log paces + 64 intervals log paces).
  public init?(paces: [Pace], intervals: [PricedInterval], goal: Goal) {
    let hull = PaceHull(paces)
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
          Segment(interval: index, offsetSeconds: 0, durationSeconds: fast, pace: hull.corners[steps[index] + 1]))
      }
      if interval.durationSeconds > fast {
        segments.append(
          Segment(
            interval: index, offsetSeconds: fast, durationSeconds: interval.durationSeconds - fast,
            pace: hull.corners[steps[index]]))
      }
    }
    self.segments = segments
    iterationCount = segments.reduce(0) { $0 + $1.durationSeconds * paces[$1.pace].iterationsPerSecond }
    energyJoules = segments.reduce(0) { $0 + $1.durationSeconds * paces[$1.pace].powerWatts }
    cost = segments.reduce(0) {
      $0 + $1.durationSeconds * paces[$1.pace].powerWatts * intervals[$1.interval].pricePerJoule
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

/// The lower hull of paces in rate and power, from the one of least power to the fastest.
private struct PaceHull {
  /// Indices of the paces, by rising rate and rising power.
  let corners: [Int]
  private let rates: [Double]
  /// Joules that one iteration more costs between a corner and the next, rising.
  private let slopes: [Double]

  init(_ paces: [Pace]) {
    func slope(_ a: Int, _ b: Int) -> Double {
      (paces[b].powerWatts - paces[a].powerWatts) / (paces[b].iterationsPerSecond - paces[a].iterationsPerSecond)
    }
    let front = paces.indices.paretoFront { (paces[$0].powerWatts, -paces[$0].iterationsPerSecond) }
    let corners = lowerHull(count: front.count) { left, middle, right in
      slope(front[left], front[middle]) < slope(front[middle], front[right])
    }.map { front[$0] }
    self.corners = corners
    rates = corners.map { paces[$0].iterationsPerSecond }
    slopes = zip(corners, corners.dropFirst()).map { slope($0, $1) }
  }

  /// How many steps up the hull cost at most `multiplier` for each iteration. Where joules are free all are taken.
  func steps(costingAtMost multiplier: Double, in interval: PricedInterval) -> Int {
    if interval.pricePerJoule <= 0 { return slopes.count }
    return slopes.partitioningIndex { interval.pricePerJoule * $0 > multiplier }
  }

  func iterations(_ interval: PricedInterval, steps: Int) -> Double { interval.durationSeconds * rates[steps] }
}
