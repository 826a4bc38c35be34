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

  /// One report concerns one candidate. What is asked of all again are the fits, at every tenth more observations.
  @Test func aReportSeldomConcernsAllCandidates() throws {
    let count = 300
    let candidates = (0..<count).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) }
    let pool = try Pool(unclustered: candidates)
    var beliefs = GoalBeliefs(
      Goals(ceilings: [0.5, nil, 0.5]), candidateCount: count, prior: .learned, points: .unknown)
    var (changes, fits) = ([GoalBeliefs.Change: Int](), 0)
    for level in 1...7 {
      for candidate in 0..<count {
        let fraction = PortableMath.exp(0.6931471805599453 * Double(level - 7))
        let error = (0.4 + Double(candidate % 17) / 100) / Double(level)
        let change = beliefs.observe(
          candidate, Report(step: level, dataFraction: fraction, error: error, goalErrors: [error, 2 * error, error]),
          from: LearningCurve.Origin(trial: TrialID(candidate + 1), step: level), isAssigned: true, seed: 0, pool: pool)
        changes[change, default: 0] += 1
      }
    }
    var (seen, fitted) = (0, 0)
    for _ in 0..<(7 * count) {
      seen += 1
      if seen - fitted > fitted / 10 { (fits, fitted) = (fits + 1, seen) }
    }
    #expect(changes == [.allCandidates: fits, .oneCandidate: 7 * count - fits])
    #expect(fits < 7 * count / 20)
  }

  /// Whoever leads after a report is who would be found among all, whatever the report changed.
  @Test(arguments: 0..<6 as Range<UInt64>) func theLeaderIsKeptAsItWouldBeFound(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    func uniform() -> Double { Double(generator.index(below: 1_000_000)) / 1e6 }
    // Up to 64 candidates are fitted at each new knot, more of them at every tenth observation.
    let count = seed < 3 ? 12 : 70
    let candidates = (0..<count).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) }
    let pool = try Pool(
      candidates: candidates,
      clusters: stride(from: 0, to: count, by: 2).map { Cluster(members: [$0, $0 + 1], medoid: $0) })
    var search = try Search(
      pool: pool, settings: SearchSettings(), goals: Goals(ceilings: [nil, 0.55, 0.6], probabilityFraction: 0.7))
    var (kinds, step) = (Set<Int>(), 0)
    for _ in 0..<(4 * count) {
      guard case .assigned(let work) = search.nextTrial() else { break }
      for share in [0.5, 0.75, 1] {
        let fraction = work.fromFraction + (work.toFraction - work.fromFraction) * share
        step += 1
        let errors = (0..<3).map { _ in (0.3 + 0.4 * uniform()) / (1 + fraction) }
        // Some reports lack a metric: its belief is then that of the cluster's medoid.
        let goals = uniform() < 0.2 ? [errors[0], errors[1], .infinity] : errors
        let decision = try search.record(
          Report(step: step, dataFraction: fraction, error: errors[0], goalErrors: goals), of: work.trial)
        #expect(search.leader == search.foundLeader)
        if let leader = search.leader { kinds.insert(leader) }
        if decision != .proceed { break }
      }
    }
    #expect(kinds.count > 2)
  }

  @Test func whatWasSeenMeetsAFloorOrMissesIt() {
    let seen = FinalError(mean: -1, deviation: FinalError.seenDeviation)
    #expect(seen.probability(atMost: -1) == 1 && seen.probability(atMost: (-1.0).nextDown) == 0)
    let unsure = FinalError(mean: -1, deviation: 0.3, commonDeviation: 0.4)
    #expect(abs(unsure.probability(atMost: -0.5) - 0.8413447460685429) < 1e-12)
  }
}
