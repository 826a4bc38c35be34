import Basics
import Testing

@testable import EnergyFrontier

/// What tables share, and how their common law ends.
@Suite struct TableLikenessTests {
  /// Equal stages are found to be equal: no plan is made of the luck of one of them. Energies of eight levels, each
  /// known to 0.55 %, would lie 1.5 % apart; so would their draws.
  @Test func alikeTablesAreEqual() throws {
    var (apart, drawn) = (0.0, 0.0)
    for seed in UInt64(0)..<8 {
      let estimate = try ProfileEstimate(NoisyProfile(seed: seed).measured(time: 0.01, energy: 0.03, seed: seed + 20))
      apart += spread(estimate.tables) / 8
      for index in 0..<20 {
        var random = SplitMix64(seed: seed, index: index)
        drawn += spread(estimate.draw(&random)) / 160
      }
    }
    #expect(apart < 0.001 && drawn < 0.004)
  }

  /// One stage that is unlike is seen, and the others stay equal.
  @Test(arguments: UInt64(0)..<6) func oneTableMayBeUnlike(seed: UInt64) throws {
    let measured = NoisyProfile(seed: seed).measured(time: 0.01, energy: 0.03, seed: seed) { table, _ in
      table == 5 ? 1.1 : 1
    }
    let levels = try energies(ProfileEstimate(measured).tables)
    let others = levels.indices.filter { $0 != 5 }.map { levels[$0] }
    #expect(abs(levels[5] / (others.reduce(0, +) / 7) - 1.1) < 0.025)
    #expect(others.max()! / others.min()! - 1 < 0.01)
  }

  /// A law that levels off softly is given no corner: at its top, where a plan for the fastest iteration takes all its
  /// clocks, times are right to a third of a percent on average at the worst clock.
  @Test func whatLevelsOffSoftlyHasNoCorner() throws {
    var (worst, sharp) = (0.0, 0)
    for seed in UInt64(0)..<12 {
      let profile = NoisyProfile(seed: seed, plateau: 1260, softness: 0.03)
      let estimate = try ProfileEstimate(profile.measured(time: 0.01, energy: 0.03, seed: seed + 40))
      let errors = zip(estimate.tables, profile.truth).flatMap { found, truth in
        zip(found, truth).suffix(14).map { abs($0.timeSeconds / $1.timeSeconds - 1) }
      }
      worst += errors.max()! / 12
      sharp += estimate.families[0].plateauClock == nil ? 0 : 1
    }
    #expect(worst < 0.0045 && sharp <= 3)
  }

  /// How tables are alike is learned: what would be unlike among alike ones is nothing new among unlike ones.
  @Test func howManyAreAlikeIsLearned() {
    // Each as likely under either, but for the others.
    let doubtful = [0.0, 1, 0.5, 0.5, 1]
    let alike = [0.0, 40, 40, 40, 40]
    let unlike = [40.0, 10, 2, 0, 2]
    func isUnlike(_ others: [Double]) -> Double {
      let costs = [doubtful] + Array(repeating: others, count: 7)
      let likeness = TableLikeness(time: costs, energy: costs)
      var random = SplitMix64(seed: 1)
      return Double((0..<400).count { _ in likeness.draw(&random)[0] != .init(time: 0, energy: 0) }) / 400
    }
    #expect(isUnlike(alike) < 0.25 && isUnlike(unlike) > 0.6)
  }

  private func energies(_ tables: [[Measurement]]) -> [Double] {
    tables.map { $0.reduce(0) { $0 + $1.energyJoules } / Double($0.count) }
  }

  private func spread(_ tables: [[Measurement]]) -> Double {
    let levels = energies(tables)
    return levels.max()! / levels.min()! - 1
  }
}
