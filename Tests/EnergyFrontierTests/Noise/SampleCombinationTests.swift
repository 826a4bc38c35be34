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
    let good = Self.sound(Int.random(in: 5...30, using: &generator), &generator)
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

  /// Beside the other options of its table, a wrong sample is found among few, too.
  @Test(arguments: UInt64(0)..<200) func aWrongSampleAmongFewIsLeftOutByItsTable(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let usual = try #require(SampleSpread((0..<20).map { _ in Self.sound(5, &generator) }))
    var samples = Self.sound(Int.random(in: 2...30, using: &generator), &generator)
    let place = Int.random(in: 0...samples.count, using: &generator)
    let wrong =
      seed % 2 == 0
      ? Measurement(timeSeconds: 0.15, energyJoules: 45) : Measurement(timeSeconds: 0.1, energyJoules: 22)
    samples.insert(wrong, at: place)
    #expect(SampleCombination(samples, usual: usual).outliers.contains(place))
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

  /// Normal noise of 1 % in time and in power.
  private static func noisy(_ count: Int, _ generator: inout SplitMix64) -> [Measurement] {
    func normal() -> Double {
      // Twelve uniform numbers, whose sum has variance 1.
      (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0...1, using: &generator) }
    }
    return (0..<count).map { _ in
      let time = 0.1 * (1 + 0.01 * normal())
      return Measurement(timeSeconds: time, energyJoules: 300 * time * (1 + 0.01 * normal()))
    }
  }

  /// Sound samples lose one in at most two options of a hundred, judged by themselves.
  @Test(arguments: [3, 4, 5, 6, 8, 10, 20, 50]) func soundSamplesAreRarelyLeftOut(count: Int) {
    var generator = SplitMix64(seed: UInt64(count))
    let odd = (0..<2000).count { _ in !SampleCombination(Self.noisy(count, &generator)).outliers.isEmpty }
    #expect(odd <= 2000 / 50)
  }

  /// Judged beside the other options of a table, hardly any is: at most 1 of 520 samples, and 3 of 1000 options.
  @Test(arguments: [3, 4, 5, 10]) func soundSamplesOfATableAreKept(count: Int) throws {
    var generator = SplitMix64(seed: UInt64(count))
    var (odd, left) = (0, 0)
    for _ in 0..<100 {
      let options = (0..<20).map { _ in Self.noisy(count, &generator) }
      let spread = try #require(SampleSpread(options))
      for option in options {
        let outliers = SampleCombination(option, usual: spread).outliers
        odd += outliers.isEmpty ? 0 : 1
        left += outliers.count
      }
    }
    #expect(odd <= 6 && 520 * left <= 2000 * count)
  }

  /// The usual spread comes out right whatever the number of samples, and wrong samples do not move it much.
  @Test(arguments: [3, 4, 5, 6, 8, 10, 20]) func theUsualSpreadIsThatOfTheNoise(count: Int) throws {
    var generator = SplitMix64(seed: UInt64(count))
    var options = (0..<200).map { _ in Self.noisy(count, &generator) }
    #expect(abs(try #require(SampleSpread(options)).timeFraction / 0.01 - 1) < 0.12)
    for option in stride(from: 0, to: 200, by: 10) {
      options[option][0] = Measurement(timeSeconds: 0.2, energyJoules: 60)
    }
    let spread = try #require(SampleSpread(options))
    #expect(abs(spread.timeFraction / 0.01 - 1) < 0.25)
    // Of three samples, too, the wrong one is found, as the table says what is usual.
    #expect(SampleCombination(options[0], usual: spread).outliers == [0])
    #expect(SampleSpread(Array(options.prefix(7))) == nil)
  }

  @Test func samplesOfAStepCounterAreNoOutliers() {
    // Most readings are equal, so their median deviation is 0; one step of 1 % more is still no outlier.
    let samples = (0..<9).map { Measurement(timeSeconds: 0.1, energyJoules: $0 == 4 ? 30.3 : 30) }
    #expect(SampleCombination(samples).outliers == [])
    let far = samples + [Measurement(timeSeconds: 0.1, energyJoules: 31)]
    #expect(SampleCombination(far).outliers == [9])
  }
}
