import Basics
import Testing

@testable import EnergyFrontier

/// Noisy profiles with a known truth: eight tables over thirty clocks.
struct NoisyProfile {
  /// For each table its true options.
  let truth: [[Measurement]]
  let clocks: [Double]

  /// - Parameters:
  ///   - unlikeness: how much tables differ in level and in the share of time that does not depend on the clock.
  ///   - plateau: the clock from which on nothing changes.
  ///   - softness: over what share of the clock it begins.
  init(
    seed: UInt64, unlikeness: Double = 0, plateau: Double = .infinity, softness: Double = 0, tableCount: Int = 8
  ) {
    var random = SplitMix64(seed: seed)
    clocks = stride(from: 900.0, through: 1335, by: 15).map { $0 }
    let law = Double.random(in: 0.1...0.4, using: &random)
    let clocks = clocks
    truth = (0..<tableCount).map { _ in
      let fixed = law + unlikeness * Double.random(in: 0...0.3, using: &random)
      let level = 0.05 * (1 + unlikeness * Double.random(in: -0.2...0.2, using: &random))
      return clocks.map { clock in
        let past = PortableMath.exp(-abs(PortableMath.log(clock / plateau)) / softness)
        let soft = softness > 0 ? PortableMath.exp(-softness * PortableMath.log(1 + past)) : 1
        let ratio = min(clock, plateau) / 1335 * soft
        let time = level * (fixed + (1 - fixed) / ratio)
        return Measurement(timeSeconds: time, energyJoules: time * (100 + 350 * ratio * ratio * ratio))
      }
    }
  }

  /// The truth measured with normal noise.
  func measured(
    time: Double, energy: Double, samples: Int = 1, seed: UInt64, change: (Int, Int) -> Double = { _, _ in 1 }
  ) -> [NoisyTable] {
    var random = SplitMix64(seed: seed)
    let normals = NormalPairs(correlation: 0)
    return truth.indices.map { table in
      NoisyTable(
        family: 0, clocks: clocks,
        samples: truth[table].indices.map { option in
          (0..<samples).map { _ in
            let (a, b) = normals.pair(&random)
            let factor = change(table, option)
            return Measurement(
              timeSeconds: truth[table][option].timeSeconds * (1 + time * a) * factor,
              energyJoules: truth[table][option].energyJoules * (1 + energy * b) * factor)
          }
        })
    }
  }

  /// Root mean square errors of times and energies, as fractions.
  func errors(_ tables: [[Measurement]]) -> (time: Double, energy: Double) {
    var (time, energy, count) = (0.0, 0.0, 0.0)
    for (true_, found) in zip(truth.joined(), tables.joined()) {
      let (t, e) = (found.timeSeconds / true_.timeSeconds - 1, found.energyJoules / true_.energyJoules - 1)
      (time, energy, count) = (time + t * t, energy + e * e, count + 1)
    }
    return ((time / count).squareRoot(), (energy / count).squareRoot())
  }
}

@Suite struct ProfileEstimateTests {
  @Test(arguments: UInt64(0)..<8) func exactTablesAreUnchanged(seed: UInt64) throws {
    let profile = NoisyProfile(seed: seed, unlikeness: Double(seed % 2), plateau: seed % 4 < 2 ? .infinity : 1200)
    let measured = profile.measured(time: 0, energy: 0, seed: seed)
    #expect(try ProfileEstimate(measured).tables == profile.truth)
  }

  /// Alike tables, unlike ones, and such with a plateau: the error falls to two fifths and less of what was measured.
  @Test(arguments: UInt64(0)..<6) func noiseIsFoundAndTakenAway(seed: UInt64) throws {
    let profile = NoisyProfile(
      seed: seed, unlikeness: seed % 3 == 1 ? 1 : 0, plateau: seed % 3 == 2 ? 1155 : .infinity)
    let estimate = try ProfileEstimate(profile.measured(time: 0.01, energy: 0.03, seed: seed + 100))
    let family = try #require(estimate.families.first)
    // 240 options tell a standard deviation to 5 %.
    #expect(abs(family.timeNoiseFraction / 0.01 - 1) < 0.2)
    #expect(abs(family.energyNoiseFraction / 0.03 - 1) < 0.2)
    let (time, energy) = profile.errors(estimate.tables)
    #expect(time < 0.004 && energy < 0.012)
  }

  @Test(arguments: UInt64(0)..<6) func plateausAreFound(seed: UInt64) throws {
    let profile = NoisyProfile(seed: seed, unlikeness: Double(seed % 2), plateau: 1155)
    let estimate = try ProfileEstimate(profile.measured(time: 0.005, energy: 0.01, seed: seed))
    let family = try #require(estimate.families.first)
    #expect(family.isPowerCapped)
    #expect(abs(try #require(family.plateauClock) - 1155) <= 30)
    for table in estimate.tables { #expect(table[table.count - 1] == table[table.count - 3]) }
  }

  /// No plateau is seen where there is none.
  @Test(arguments: UInt64(0)..<6) func whatGoesOnFallingHasNoPlateau(seed: UInt64) throws {
    let profile = NoisyProfile(seed: seed, unlikeness: Double(seed % 2))
    let estimate = try ProfileEstimate(profile.measured(time: 0.01, energy: 0.03, seed: seed))
    #expect(estimate.families.map(\.plateauClock) == [nil] && estimate.families.map(\.isPowerCapped) == [false])
  }

  /// Runs that were held up are left out, and good ones are not.
  @Test(arguments: UInt64(0)..<6) func outliersAreLeftOut(seed: UInt64) throws {
    let profile = NoisyProfile(seed: seed, unlikeness: Double(seed % 2))
    let wrong: Set = [[1, 4], [1, 29], [6, 17]]
    let measured = profile.measured(time: 0.01, energy: 0.02, seed: seed) { table, option in
      wrong.contains([table, option]) ? 1.3 : 1
    }
    let estimate = try ProfileEstimate(measured)
    let outliers = try #require(estimate.families.first).outliers
    #expect(Set(outliers.map { [$0.table, $0.option] }) == wrong)
    for outlier in outliers {
      let truth = profile.truth[outlier.table][outlier.option]
      #expect(abs(estimate.tables[outlier.table][outlier.option].timeSeconds / truth.timeSeconds - 1) < 0.02)
    }
  }

  @Test func unitsAndOrderDoNotMatter() throws {
    let profile = NoisyProfile(seed: 3, unlikeness: 1)
    let measured = profile.measured(time: 0.01, energy: 0.03, seed: 4)
    let estimate = try ProfileEstimate(measured)
    var random = SplitMix64(seed: 5)
    let order = measured.indices.shuffled(using: &random)
    let options = profile.clocks.indices.shuffled(using: &random)
    let changed = order.map { table in
      NoisyTable(
        family: 7, clocks: options.map { profile.clocks[$0] * 1e6 },
        samples: options.map { option in
          measured[table].samples[option].map {
            Measurement(timeSeconds: $0.timeSeconds * 1000, energyJoules: $0.energyJoules / 3600)
          }
        })
    }
    let again = try ProfileEstimate(changed)
    for (place, table) in order.enumerated() {
      for (position, option) in options.enumerated() {
        let (a, b) = (estimate.tables[table][option], again.tables[place][position])
        #expect(abs(b.timeSeconds / (a.timeSeconds * 1000) - 1) < 1e-6)
        #expect(abs(b.energyJoules / (a.energyJoules / 3600) - 1) < 1e-6)
      }
    }
  }

  /// Where settings are no numbers, clocks are too few or not positive, what was measured stands.
  @Test func whatHasNoLawIsAsMeasured() throws {
    let noisy = NoisyProfile(seed: 1).measured(time: 0.01, energy: 0.03, samples: 2, seed: 1)
    let few = noisy.map {
      NoisyTable(family: 1, clocks: Array($0.clocks!.prefix(4)), samples: Array($0.samples.prefix(4)))
    }
    let names = noisy.map { NoisyTable(family: 2, clocks: nil, samples: $0.samples) }
    let zero = noisy.map { NoisyTable(family: 3, clocks: [0] + $0.clocks!.dropFirst(), samples: $0.samples) }
    for tables in [few, names, zero] {
      let estimate = try ProfileEstimate(tables)
      #expect(estimate.families == [] && estimate.tables == tables.map(\.means))
    }
  }

  /// Samples of one option that agree among themselves, but not with any smooth law, are believed.
  @Test func repeatedSamplesShowWhatIsNoNoise() throws {
    let profile = NoisyProfile(seed: 2)
    let bumps = profile.measured(time: 0.0005, energy: 0.001, samples: 10, seed: 3) { table, option in
      1 + 0.02 * Double((7 * table + 5 * option) % 11 - 5) / 5
    }
    let estimate = try ProfileEstimate(bumps)
    for (found, table) in zip(estimate.tables, bumps) {
      for (one, mean) in zip(found, table.means) {
        #expect(abs(one.timeSeconds / mean.timeSeconds - 1) < 0.001)
      }
    }
  }

  /// The posterior knows how far off the estimate may be: nine of ten intervals of 90 % hold the truth.
  @Test func drawsCoverTheTruth() throws {
    var (held, asked) = (0, 0)
    for seed in UInt64(0)..<20 {
      let profile = NoisyProfile(seed: seed, unlikeness: Double(seed % 2), tableCount: 4)
      let estimate = try ProfileEstimate(profile.measured(time: 0.01, energy: 0.03, seed: seed + 50))
      let draws = (0..<200).map { index in
        var random = SplitMix64(seed: seed, index: index)
        return estimate.draw(&random)
      }
      for table in profile.truth.indices {
        for option in [0, 14, 29] {
          for quantity in [\Measurement.timeSeconds, \.energyJoules] {
            let interval = Spread(draws.map { $0[table][option][keyPath: quantity] }).interval(holding: 0.9)
            asked += 1
            let truth = profile.truth[table][option][keyPath: quantity]
            held += interval.low <= truth && truth <= interval.high ? 1 : 0
          }
        }
      }
    }
    // 480 intervals, of which those of one profile hang together.
    #expect((0.84...0.96).contains(Double(held) / Double(asked)))
  }
}
