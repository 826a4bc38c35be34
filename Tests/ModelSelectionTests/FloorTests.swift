import Basics
import Testing

@testable import ModelSelection

/// Who is best of those that keep their ceilings.
@Suite struct FloorTests {
  /// Against the integral: a rival that may miss a ceiling is below x with probability p F(x) only.
  @Test(arguments: 0..<12 as Range<UInt64>) func probabilitiesAreThoseOfTheIntegral(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    func uniform() -> Double { Double(generator.index(below: 1_000_000)) / 1e6 }
    let entrants = (0..<5).map { candidate in
      Contest.Entrant(
        candidate: candidate, final: FinalError(mean: 0.4 * uniform(), deviation: 0.05 + 0.2 * uniform()), end: nil,
        chance: candidate == 0 ? 1 : uniform() < 0.2 ? 0 : uniform())
    }
    let contest = Contest(entrants, favourite: 0, forecast: CurveForecast(CurveMixture(prior: .learned)))
    var (exact, regret) = ([Double](repeating: 0, count: 5), 0.0)
    let step = 0.0005
    func below(_ one: Contest.Entrant, _ x: Double) -> Double {
      PortableMath.normalProbability(below: (x - one.final.mean) / one.final.deviation)
    }
    for x in stride(from: -1.5, to: 2, by: step) {
      for one in entrants {
        let density =
          PortableMath.normalDensity((x - one.final.mean) / one.final.deviation) / one.final.deviation
        let others = entrants.filter { $0.candidate != one.candidate }
        let wins = others.reduce(one.chance * density) { $0 * (1 - $1.chance * below($1, x)) }
        exact[one.candidate] += wins * step
      }
    }
    // The favourite always keeps its ceilings here, so it is compared with the least of all that do.
    regret = contest.regretFraction
    for candidate in 0..<5 {
      let probability = contest.contenders.first { $0.candidate == candidate }?.probability ?? 0
      #expect(abs(probability - exact[candidate]) < 0.03)
    }
    #expect(abs(contest.contenders.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
    #expect((0..<1).contains(regret))
  }

  /// Without ceilings nothing is other than it was.
  @Test func certainEntrantsWinAsBefore() {
    let finals = [(0.1, 0.1), (0.12, 0.05), (0.3, 0.2)]
    func contest(_ chance: Double) -> Contest {
      Contest(
        finals.enumerated().map {
          Contest.Entrant(
            candidate: $0, final: FinalError(mean: $1.0, deviation: $1.1), end: nil, chance: chance)
        }, favourite: 0, forecast: CurveForecast(CurveMixture(prior: .learned)))
    }
    let (sure, nearly) = (contest(1), contest(1 - 1e-12))
    for (one, other) in zip(sure.contenders, nearly.contenders) {
      #expect(abs(one.probability - other.probability) < 1e-6)
    }
    #expect(abs(sure.regretFraction - nearly.regretFraction) < 1e-6)
  }

  @Test func whatWasSeenMeetsAFloorOrMissesIt() {
    let seen = FinalError(mean: -1, deviation: FinalError.seenDeviation)
    #expect(seen.probability(atMost: -1) == 1 && seen.probability(atMost: (-1.0).nextDown) == 0)
    let unsure = FinalError(mean: -1, deviation: 0.3, commonDeviation: 0.4)
    #expect(abs(unsure.probability(atMost: -0.5) - 0.8413447460685429) < 1e-12)
  }
}
