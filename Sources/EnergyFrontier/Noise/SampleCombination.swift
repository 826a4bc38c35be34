/// Repeated measurements of one option, made into one: outliers are left out, the rest is averaged.
///
/// A sample is an *outlier* when its time, or its mean power, is farther from the median than
/// ``outlierDeviations`` robust standard deviations: that of the option's own samples (1.4826 times the median
/// absolute deviation, what it is for normal noise) or, if larger, that which is usual for the table
/// (``SampleSpread``), and at least ``leastSpreadFraction`` of the median. Time and power are judged, not time and
/// energy, because a run that was held up is long and costly alike, while a counter that was read too soon shows in
/// the power alone. A sample is left out as a whole, so that time and energy always come from the same runs. With
/// fewer than three samples it cannot be said which is wrong.
///
/// Few samples tell their own spread badly: of three with normal noise, one lies beyond 5 of its own deviations in a
/// third of all options. Where the table says nothing, `5 + 220 / (n - 2)²` deviations are allowed for `n` samples
/// instead, which leaves a sound sample out in one option of a hundred
/// (`SampleCombinationTests.soundSamplesAreRarelyLeftOut`).
///
/// What is left is averaged, and not given by its median: an iteration adds up hundreds of executions, so the mean is
/// what it is made of; the mean of `energy - P * time` is also that of the means, whatever `P`, which the median's is
/// not; and once outliers are out the mean is the estimate of least variance for normal noise (the median's is 1.57
/// times that).
public struct SampleCombination: Sendable, Equatable {
  /// Deviations below ``outlierDeviations`` times this share of the median are never outliers: clocks and counters have
  /// steps.
  public static let leastSpreadFraction = 0.005
  /// How many robust standard deviations from the median a sample may be.
  public static let outlierDeviations = 5.0
  static let normalConsistency = 1.4826

  /// Means over the kept samples.
  public let mean: Measurement
  /// Indices of the samples that were left out, rising; fewer than half of them.
  public let outliers: [Int]

  /// Combines samples, at least one, in O(n log n).
  ///
  /// - Parameter spread: what is usual for the table that the option is of, where that is known.
  public init(_ samples: [Measurement], usual spread: SampleSpread? = nil) {
    precondition(!samples.isEmpty)
    let outliers = Self.outliers(samples, spread)
    self.outliers = outliers
    var next = outliers[...]
    let kept = samples.indices.filter { index in
      if next.first == index { next.removeFirst() } else { return true }
      return false
    }
    func mean(_ value: (Measurement) -> Double) -> Double {
      let values = kept.map { value(samples[$0]) }
      // Rounding must not carry the mean past what was measured.
      return min(max(values.reduce(0, +) / Double(values.count), values.min()!), values.max()!)
    }
    self.mean = Measurement(timeSeconds: mean(\.timeSeconds), energyJoules: mean(\.energyJoules))
  }

  /// The samples that `init` averaged.
  public func kept(of samples: [Measurement]) -> [Measurement] {
    if outliers.isEmpty { return samples }
    let left = Set(outliers)
    return samples.indices.filter { !left.contains($0) }.map { samples[$0] }
  }

  private static func outliers(_ samples: [Measurement], _ usual: SampleSpread?) -> [Int] {
    guard samples.count >= 3 else { return [] }
    let isLate = farFromMedian(samples.map(\.timeSeconds), usual?.timeFraction)
    let isOdd = farFromMedian(samples.map(\.averagePowerWatts), usual?.powerFraction)
    let outliers = samples.indices.filter { isLate[$0] || isOdd[$0] }
    // Each quantity alone condemns less than half. Where both together do more, the samples agree on nothing.
    return 2 * outliers.count < samples.count ? outliers : []
  }

  private static func farFromMedian(_ values: [Double], _ usual: Double?) -> [Bool] {
    let middle = median(values)
    let own = robustSpread(values)
    let beyondTwo = Double(values.count - 2)
    let limit =
      if let usual {
        outlierDeviations * max(leastSpreadFraction, usual, own)
      } else {
        max(outlierDeviations * leastSpreadFraction, (outlierDeviations + 220 / (beyondTwo * beyondTwo)) * own)
      }
    return values.map { abs($0 / middle - 1) > limit }
  }

  /// 1.4826 times the median absolute deviation from the median, as a fraction of it.
  static func robustSpread(_ values: [Double]) -> Double {
    let middle = median(values)
    return normalConsistency * median(values.map { abs($0 / middle - 1) })
  }

  /// The middle value, or the mean of the two middle ones.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
    return low + (high - low) / 2
  }
}

extension Measurement {
  /// Mean watts over one execution.
  public var averagePowerWatts: Double { energyJoules / timeSeconds }
}
