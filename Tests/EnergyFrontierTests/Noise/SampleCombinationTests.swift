import Basics
import EnergyFrontier
import Testing

/// Repeated measurements become one, and wrong ones among them do no harm.
@Suite struct SampleCombinationTests {
  /// Sound samples: times and powers a percent or so around theirs.
  private static func sound(_ count: Int, _ generator: inout SplitMix64) -> [Measurement] {
    (0..<count).map { _ in
      let time = 0.1 * Double.random(in: 0.99...1.01, using: &generator)
      return Measurement(
        timeSeconds: time, energyJoules: 300 * time * Double.random(in: 0.99...1.01, using: &generator))
    }
  }

  @Test func oneSampleIsItself() {
    let only = Measurement(timeSeconds: 0.1, energyJoules: 30)
    #expect(SampleCombination([only]).mean == only)
  }

  @Test func twoThatDisagreeAreAveraged() {
    let both = SampleCombination([
      Measurement(timeSeconds: 1, energyJoules: 10), Measurement(timeSeconds: 3, energyJoules: 100),
    ])
    #expect(both.mean == Measurement(timeSeconds: 2, energyJoules: 55) && both.outliers == [])
  }

  /// A run that was held up is long and costly; a counter read too soon shows in the power only. Both go as a whole.
  @Test(arguments: UInt64(0)..<200) func aWrongSampleIsLeftOutWhole(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let good = Self.sound(Int.random(in: 4...30, using: &generator), &generator)
    let held = Measurement(timeSeconds: 0.15, energyJoules: 0.15 * 300)
    let early = Measurement(timeSeconds: 0.1, energyJoules: 0.1 * 220)
    let wrong = seed % 2 == 0 ? held : early
    let place = Int.random(in: 0...good.count, using: &generator)
    var samples = good
    samples.insert(wrong, at: place)
    let combination = SampleCombination(samples)
    #expect(combination.outliers.contains(place))
    #expect(abs(combination.mean.timeSeconds / 0.1 - 1) < 0.01)
    #expect(abs(combination.mean.averagePowerWatts / 300 - 1) < 0.01)
  }

  /// Up to just below half of the samples may lie anywhere without carrying the result away.
  @Test(arguments: UInt64(0)..<100) func nearlyHalfMayBeWrong(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let good = Self.sound(21, &generator)
    let wrong = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
      let factor = Double.random(in: 2...1000, using: &generator)
      return Measurement(timeSeconds: 0.1 * factor, energyJoules: 30 * factor)
    }
    let combination = SampleCombination((good + wrong).shuffled(using: &generator))
    #expect(abs(combination.mean.timeSeconds / 0.1 - 1) < 0.03 && abs(combination.mean.energyJoules / 30 - 1) < 0.05)
  }

  /// Whatever the samples: the mean lies among those kept, fewer than half go, and the order does not matter.
  @Test(arguments: UInt64(0)..<300) func properties(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let samples = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
      Measurement(
        timeSeconds: Double.random(in: 0...1, using: &generator) * Double.random(in: 1e-3...1, using: &generator)
          + 1e-9,
        energyJoules: Double.random(in: 1...100, using: &generator))
    }
    let combination = SampleCombination(samples)
    let kept = combination.kept(of: samples)
    #expect(2 * combination.outliers.count < samples.count && kept.count + combination.outliers.count == samples.count)
    #expect(combination.outliers == combination.outliers.sorted())
    let times = kept.map(\.timeSeconds)
    let energies = kept.map(\.energyJoules)
    #expect((times.min()!...times.max()!).contains(combination.mean.timeSeconds))
    #expect((energies.min()!...energies.max()!).contains(combination.mean.energyJoules))
    let order = samples.indices.shuffled(using: &generator)
    let again = SampleCombination(order.map { samples[$0] })
    #expect(Set(again.outliers.map { order[$0] }) == Set(combination.outliers))
    #expect(abs(again.mean.timeSeconds / combination.mean.timeSeconds - 1) < 1e-12)
    // Twice the seconds and joules are twice the mean, exactly.
    let doubled = SampleCombination(
      samples.map { Measurement(timeSeconds: 2 * $0.timeSeconds, energyJoules: 4 * $0.energyJoules) })
    #expect(doubled.outliers == combination.outliers)
    #expect(doubled.mean.energyJoules == 4 * combination.mean.energyJoules)
  }

  /// Sound samples with normal noise of 1 % lose one in at most one option of sixteen, and one of fifty in all.
  @Test(arguments: [3, 4, 5, 6, 8, 10, 20, 50]) func soundSamplesAreRarelyLeftOut(count: Int) {
    var generator = SplitMix64(seed: UInt64(count))
    func normal() -> Double {
      // Twelve uniform numbers, whose sum has variance 1.
      (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0...1, using: &generator) }
    }
    var (options, left) = (0, 0)
    for _ in 0..<2000 {
      let samples = (0..<count).map { _ in
        let time = 0.1 * (1 + 0.01 * normal())
        return Measurement(timeSeconds: time, energyJoules: 300 * time * (1 + 0.01 * normal()))
      }
      let outliers = SampleCombination(samples).outliers.count
      options += outliers > 0 ? 1 : 0
      left += outliers
    }
    #expect(options <= 2000 / 16 && left <= 2000 * count / 50)
  }

  @Test func samplesOfAStepCounterAreNoOutliers() {
    // Most readings are equal, so their median deviation is 0; one step of 1 % more is still no outlier.
    let samples = (0..<9).map { Measurement(timeSeconds: 0.1, energyJoules: $0 == 4 ? 30.3 : 30) }
    #expect(SampleCombination(samples).outliers == [])
    let far = samples + [Measurement(timeSeconds: 0.1, energyJoules: 31)]
    #expect(SampleCombination(far).outliers == [9])
  }
}
