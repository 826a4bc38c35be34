internal import Basics

/// The least mean power at which a pipeline, or a job, can go at each rate: convex and piecewise linear.
///
/// *From energy to power.* Let `L(T)` be the least energy of an iteration that lasts `T`. At rate `r = 1 / T` the mean
/// power is `p(r) = r L(1 / r)`. A curve that is convex and piecewise linear is the largest of the lines through its
/// pieces, `L(T) = max_i (a_i + b_i T)`, and to multiply by `r > 0` keeps their order, so `p(r) = max_i (a_i r + b_i)`:
/// the largest of lines again. So `p` is convex, and it bends where `L` bends and nowhere else. Beyond the last corner
/// of `L` devices wait, at power `W`: that piece ends at rate 0 and power `W`.
///
/// *What may be mixed.* A pipeline that spends shares of its time at several rates has the mean of their rates and of
/// their powers. That is a point on or above `p`, because `p` is convex: changing the rate often gains nothing.
///
/// *Lockstep.* All pipelines of a job have the job's rate, so the job's curve is the sum of theirs, and convex too.
///
/// The inverse, the greatest rate at a power, is concave: each further watt buys less rate than the one before. That is
/// all that ``WattAllocation`` needs. See Boyd and Vandenberghe 2004, *Convex Optimization*, 3.2.6, on perspectives.
public struct PowerCurve: Sendable, Equatable {
  public struct Corner: Sendable, Equatable {
    public let iterationsPerSecond: Double
    public let powerWatts: Double

    public init(iterationsPerSecond: Double, powerWatts: Double) {
      self.iterationsPerSecond = iterationsPerSecond
      self.powerWatts = powerWatts
    }
  }

  /// By strictly rising rate, at least one; the power is convex in the rate.
  public let corners: [Corner]

  /// The lower hull of points, at least one, in any order. O(n log n).
  public init(hullOf points: [Corner]) {
    // Of points at one rate the one of least power counts.
    var distinct: [Corner] = []
    let order = points.sorted { ($0.iterationsPerSecond, $0.powerWatts) < ($1.iterationsPerSecond, $1.powerWatts) }
    for point in order where distinct.last?.iterationsPerSecond != point.iterationsPerSecond { distinct.append(point) }
    let hull = lowerHull(x: distinct.map(\.iterationsPerSecond), y: distinct.map(\.powerWatts))
    corners = hull.map { distinct[$0] }
  }

  /// The curve of a lower bound, down to rate 0.
  ///
  /// - Parameter waitingPowerWatts: what all devices draw while they wait.
  public init(_ bound: LowerBoundCurve, waitingPowerWatts: Double) {
    // The hull changes nothing but what rounding has bent the wrong way.
    self.init(
      hullOf: [Corner(iterationsPerSecond: 0, powerWatts: waitingPowerWatts)]
        + bound.breakpoints.map {
          Corner(
            iterationsPerSecond: 1 / $0.iterationTimeSeconds, powerWatts: $0.energyJoules / $0.iterationTimeSeconds)
        })
  }

  /// The sum over pipelines in lockstep, each curve `count` times, at the rates that all of them reach; at least one
  /// part, with a rate in common. O(C n log n) for C parts with n corners in all.
  public init(lockstep parts: [(curve: PowerCurve, count: Double)]) {
    let slowest = parts.reduce(0) { max($0, $1.curve.corners[0].iterationsPerSecond) }
    let fastest = parts.reduce(.infinity) { min($0, $1.curve.fastest.iterationsPerSecond) }
    if parts.count == 1 {
      self.init(
        corners: parts[0].curve.corners.map {
          Corner(iterationsPerSecond: $0.iterationsPerSecond, powerWatts: parts[0].count * $0.powerWatts)
        })
      return
    }
    let rates = parts.flatMap { $0.curve.corners.map(\.iterationsPerSecond) } + [slowest, fastest]
    self.init(
      hullOf: Set(rates).filter { $0 >= slowest && $0 <= fastest }.map { rate in
        Corner(
          iterationsPerSecond: rate,
          powerWatts: parts.reduce(0) { $0 + $1.count * $1.curve.powerWatts(at: rate) })
      })
  }

  private init(corners: [Corner]) { self.corners = corners }

  public var fastest: Corner { corners[corners.count - 1] }

  /// The corner of least power, below which a lower rate saves nothing. O(log corners).
  public var leastPower: Corner { corners[leastPowerIndex] }

  var leastPowerIndex: Int {
    (0..<(corners.count - 1)).partitioningIndex { corners[$0 + 1].powerWatts > corners[$0].powerWatts }
  }

  /// The least power at a rate; at rates beyond the ends that of the nearest end. O(log corners).
  public func powerWatts(at iterationsPerSecond: Double) -> Double {
    let after = corners.partitioningIndex { $0.iterationsPerSecond > iterationsPerSecond }
    guard after > 0 else { return corners[0].powerWatts }
    guard after < corners.count else { return fastest.powerWatts }
    let (left, right) = (corners[after - 1], corners[after])
    let share =
      (iterationsPerSecond - left.iterationsPerSecond) / (right.iterationsPerSecond - left.iterationsPerSecond)
    return left.powerWatts + share * (right.powerWatts - left.powerWatts)
  }

  /// The greatest rate within a power; nil below the least power. O(log corners).
  public func iterationsPerSecond(withinWatts powerWatts: Double) -> Double? {
    guard powerWatts >= leastPower.powerWatts else { return nil }
    let rising = corners[leastPowerIndex...]
    let after = rising.partitioningIndex { $0.powerWatts > powerWatts }
    guard after < corners.count else { return fastest.iterationsPerSecond }
    let (left, right) = (corners[after - 1], corners[after])
    let share = (powerWatts - left.powerWatts) / (right.powerWatts - left.powerWatts)
    return left.iterationsPerSecond + share * (right.iterationsPerSecond - left.iterationsPerSecond)
  }

  /// The part between two rates; where they lie outside, up to the ends. At least one corner is left. O(corners).
  public func clipped(from slowest: Double, to fastest: Double) -> PowerCurve {
    let top = max(min(fastest, self.fastest.iterationsPerSecond), corners[0].iterationsPerSecond)
    let bottom = min(max(slowest, corners[0].iterationsPerSecond), top)
    var kept = [Corner(iterationsPerSecond: bottom, powerWatts: powerWatts(at: bottom))]
    kept += corners.filter { $0.iterationsPerSecond > bottom && $0.iterationsPerSecond < top }
    if top > bottom { kept.append(Corner(iterationsPerSecond: top, powerWatts: powerWatts(at: top))) }
    return PowerCurve(corners: kept)
  }
}
