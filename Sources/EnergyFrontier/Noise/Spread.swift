internal import Basics

/// Where the values of a sample lie.
public struct Spread: Sendable {
  private let sorted: [Double]

  /// Takes finite values, at least one; O(n log n).
  public init(_ values: [Double]) {
    precondition(!values.isEmpty)
    sorted = values.sorted()
  }

  public var mean: Double { sorted.reduce(0, +) / Double(sorted.count) }

  /// The root of the mean squared difference from the mean, over n - 1; 0 for one value.
  public var standardDeviation: Double {
    guard sorted.count > 1 else { return 0 }
    let mean = mean
    let sum = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (sum / Double(sorted.count - 1)).squareRoot()
  }

  /// The quantile at `share` in 0...1, between two values by straight line (definition 7 of Hyndman and Fan 1996).
  public func quantile(_ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = min(max(Int(place.rounded(.down)), 0), sorted.count - 1)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
  }

  /// The middle `share` of the values, as its two ends.
  public func interval(holding share: Double) -> (low: Double, high: Double) {
    (quantile((1 - share) / 2), quantile((1 + share) / 2))
  }

  /// The share of the values above `limit`. O(log n).
  public func fraction(above limit: Double) -> Double {
    Double(sorted.count - sorted.partitioningIndex { $0 > limit }) / Double(sorted.count)
  }
}
