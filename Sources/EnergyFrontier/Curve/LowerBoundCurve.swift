internal import Basics

/// The least energy that any mix of options can reach, as a function of iteration time: convex, piecewise linear.
///
/// No real plan can lie below it. Waiting is included: past the cheapest time the curve rises again.
///
/// A curve is *exact*, or it is *bracketed* where it would have too many corners: then it lies below the exact curve by
/// no more than ``bracketFraction``, which ``upperPoints`` prove.
public struct LowerBoundCurve: Sendable, Equatable {
  /// One corner of the curve.
  public struct Breakpoint: Sendable, Equatable {
    /// Iteration time in seconds.
    public let iterationTimeSeconds: Double
    /// Joules of all devices, waiting included.
    public let energyJoules: Double
    /// Joules saved for each second that the iteration may last longer, just right of this corner; the negative slope.
    /// Negative past the cheapest time. At the last corner: minus the waiting power.
    public let priceWatts: Double
  }

  /// What a schedule of mixed options reaches: the exact curve does not lie above it.
  public struct UpperPoint: Sendable, Equatable {
    /// Iteration time in seconds.
    public let iterationTimeSeconds: Double
    /// Joules of all devices, waiting included.
    public let energyJoules: Double
  }

  /// The corners by rising time, at least one.
  public let breakpoints: [Breakpoint]
  /// Of a bracketed curve, corners of a convex line on or above the exact curve by rising time; empty for an exact
  /// curve.
  public let upperPoints: [UpperPoint]
  /// How far the exact curve may lie above this one between the fastest and the cheapest time, at most, as a share; 0
  /// for an exact curve.
  public let bracketFraction: Double

  /// An exact curve.
  init(breakpoints: [Breakpoint]) {
    self.breakpoints = breakpoints
    upperPoints = []
    bracketFraction = 0
  }

  /// A bracketed curve; O(n log n).
  init(breakpoints: [Breakpoint], upperPoints: [UpperPoint]) {
    self.breakpoints = breakpoints
    self.upperPoints = upperPoints
    let lower = LowerBoundCurve(breakpoints: breakpoints)
    // Between corners of both lines the difference is straight, so the corners suffice.
    let times = breakpoints.map(\.iterationTimeSeconds) + upperPoints.map(\.iterationTimeSeconds)
    var widest = 0.0
    for seconds in times where seconds <= lower.cheapestTimeSeconds {
      guard let below = lower.energyJoules(at: seconds), let above = Self.energyJoules(of: upperPoints, at: seconds)
      else { continue }
      // A share of nothing says nothing: such a bound is as wide as can be, unless it is exact.
      widest = max(widest, below > 0 ? above / below - 1 : above > below ? .infinity : 0)
    }
    bracketFraction = widest
  }

  /// Whether every corner was traced.
  public var isExact: Bool { upperPoints.isEmpty }

  private static func energyJoules(of points: [UpperPoint], at seconds: Double) -> Double? {
    let after = points.partitioningIndex { $0.iterationTimeSeconds > seconds }
    guard after > 0 else { return nil }
    let fast = points[after - 1]
    guard after < points.count else { return fast.energyJoules }
    let slow = points[after]
    let share = (seconds - fast.iterationTimeSeconds) / (slow.iterationTimeSeconds - fast.iterationTimeSeconds)
    return fast.energyJoules + share * (slow.energyJoules - fast.energyJoules)
  }

  /// The fastest iteration that any plan can reach.
  public var minimumTimeSeconds: Double { breakpoints[0].iterationTimeSeconds }
  /// The iteration time past which nothing more can be gained by running slower.
  public var maximumTimeSeconds: Double { breakpoints[breakpoints.count - 1].iterationTimeSeconds }

  /// The time of least energy, T*; running slower than this only waits. O(log breakpoints).
  public var cheapestTimeSeconds: Double { breakpoints[cheapestIndex].iterationTimeSeconds }

  /// Index of the corner of least energy.
  var cheapestIndex: Int { breakpoints.partitioningIndex { $0.priceWatts <= 0 } }

  /// The bound at an iteration time, and nil below the fastest one. O(log breakpoints).
  public func energyJoules(at iterationTimeSeconds: Double) -> Double? {
    guard iterationTimeSeconds >= minimumTimeSeconds else { return nil }
    let corner = corner(at: iterationTimeSeconds)
    return corner.energyJoules - corner.priceWatts * (iterationTimeSeconds - corner.iterationTimeSeconds)
  }

  /// The last time at which the bound is at most the energy given; the cheapest time where it is more everywhere, and
  /// the last corner's time where waiting costs nothing.
  func lastTimeSeconds(withinEnergyJoules joules: Double) -> Double {
    let rising = breakpoints[cheapestIndex...]
    let after = rising.partitioningIndex { $0.energyJoules > joules }
    guard after > rising.startIndex else { return cheapestTimeSeconds }
    let corner = rising[after - 1]
    if corner.priceWatts >= 0 { return max(corner.iterationTimeSeconds, maximumTimeSeconds) }
    return corner.iterationTimeSeconds + (corner.energyJoules - joules) / corner.priceWatts
  }

  /// What one second less would cost at an iteration time, in joules per second. O(log breakpoints).
  public func priceWatts(at iterationTimeSeconds: Double) -> Double { corner(at: iterationTimeSeconds).priceWatts }

  /// The last corner not right of the time.
  private func corner(at iterationTimeSeconds: Double) -> Breakpoint {
    let after = breakpoints.partitioningIndex { $0.iterationTimeSeconds > iterationTimeSeconds }
    return breakpoints[max(0, min(after, breakpoints.count) - 1)]
  }
}
