/// How far repeated samples of one table's options usually lie apart, in time and in mean power, as fractions.
///
/// An option's own few samples say little about how far a sound one may lie off: of three, normal noise puts the third
/// more than five of their own robust deviations away in one case of three. What the options of a table have in
/// common says more.
public struct SampleSpread: Sendable, Equatable {
  public let timeFraction: Double
  public let powerFraction: Double
  /// Options that it rests on.
  public let optionCount: Int

  /// The medians, over the options with three samples or more, of robust standard deviations that are corrected for
  /// their number of samples; nil where there are fewer than ``leastOptionCount`` such options.
  ///
  /// - Complexity: O(samples log samples).
  public init?(_ options: [[Measurement]]) {
    let repeated = options.filter { $0.count >= 3 }
    guard repeated.count >= Self.leastOptionCount else { return nil }
    func spread(_ value: (Measurement) -> Double) -> Double {
      SampleCombination.median(
        repeated.map { samples in
          SampleCombination.robustSpread(samples.map(value)) / Self.medianOfSpread(sampleCount: samples.count)
        })
    }
    timeFraction = spread(\.timeSeconds)
    powerFraction = spread(\.averagePowerWatts)
    optionCount = repeated.count
  }

  static let leastOptionCount = 8

  /// The median of 1.4826 times the median absolute deviation of that number of standard normal samples, by simulation
  /// (400 000 draws): few samples look closer than they are.
  private static func medianOfSpread(sampleCount: Int) -> Double {
    let few = [3: 0.536, 4: 0.671, 5: 0.746, 6: 0.791, 7: 0.828, 8: 0.849, 9: 0.869]
    return few[sampleCount] ?? 1 - 1.2 / Double(sampleCount)
  }
}
