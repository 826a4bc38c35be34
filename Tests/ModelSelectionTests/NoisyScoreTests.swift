import Basics
import Testing

@testable import ModelSelection

/// Scores that carry their noise, and candidates that are trained again with another seed.
@Suite struct NoisyScoreTests {
  // MARK: - The filter

  /// The filter against the same posterior from the covariances of all points at once: an integrated random walk has
  /// Cov(level(s), level(t)) = wander^2 (s^2 (3 t - s)) / 6 for s <= t, beside its first level and slope.
  @Test(arguments: 0..<20 as Range<UInt64>) func theFilterIsTheGaussianPosterior(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let count = Int.random(in: 1...7, using: &generator)
    let points = (0..<count).map { step in
      Observation(
        dataFraction: Double(sign: .plus, exponent: step - 8, significand: 1 + 0.5 * generator.unitFraction()),
        error: 0.3 + 0.2 * generator.unitFraction(),
        logErrorDeviation: Bool.random(using: &generator) ? 0.005 + 0.1 * generator.unitFraction() : nil)
    }
    let (noise, pool) = (0.03, (mean: -1.2, deviation: 0.4))
    let end = NoisyCurve(points).end(noise: noise, pool: pool)
    let (level, variance) = Self.posterior(points, noise: noise, pool: pool)
    #expect(abs(end.level - level) < 1e-9)
    #expect(abs(end.levelVariance - variance) < 1e-9)
  }

  /// Mean and variance of the last level, over five wanders and two distances from the pool, weighted by likelihood.
  private static func posterior(
    _ points: [Observation], noise: Double, pool: (mean: Double, deviation: Double)
  ) -> (level: Double, variance: Double) {
    let times = points.map { CurveKnots.position(points[0]) - CurveKnots.position($0) }
    var parts: [(weight: Double, mean: Double, variance: Double)] = []
    let distances = [(1.0, 0.998), (10.0, 0.002)]
    for (wander, distance) in [0.005, 0.015, 0.05, 0.15, 0.5].flatMap({ wander in distances.map { (wander, $0) } }) {
      func covariance(_ one: Int, _ other: Int) -> Double {
        let (s, t) = (min(times[one], times[other]), max(times[one], times[other]))
        return pool.deviation * pool.deviation * distance.0 * distance.0 + 0.01 * s * t + wander * wander * s * s
          * (3 * t - s) / 6
      }
      var matrix = points.indices.map { row in points.indices.map { covariance(row, $0) } }
      for (row, point) in points.enumerated() {
        let deviation = point.logErrorDeviation ?? noise
        matrix[row][row] += deviation * deviation
      }
      let residuals = points.indices.map { points[$0].logError - pool.mean + 0.07 * times[$0] }
      let last = points.count - 1
      let toLast = points.indices.map { covariance($0, last) }
      let (weighted, determinant) = solve(matrix, residuals)
      let mean = zip(toLast, weighted).reduce(0) { $0 + $1.0 * $1.1 }
      let explained = zip(toLast, solve(matrix, toLast).solution).reduce(0) { $0 + $1.0 * $1.1 }
      let square = zip(residuals, weighted).reduce(0) { $0 + $1.0 * $1.1 }
      parts.append(
        (
          distance.1 * PortableMath.exp(-square / 2) / determinant.squareRoot(), pool.mean - 0.07 * times[last] + mean,
          covariance(last, last) - explained
        ))
    }
    let sum = parts.reduce(0) { $0 + $1.weight }
    let mean = parts.reduce(0) { $0 + $1.weight * $1.mean } / sum
    return (mean, parts.reduce(0) { $0 + $1.weight * ($1.variance + ($1.mean - mean) * ($1.mean - mean)) } / sum)
  }

  /// Gauss's elimination with pivots.
  private static func solve(_ matrix: [[Double]], _ right: [Double]) -> (solution: [Double], determinant: Double) {
    var (rows, determinant) = (zip(matrix, right).map { $0 + [$1] }, 1.0)
    for column in rows.indices {
      let pivot = rows.indices.dropFirst(column).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      if pivot != column { determinant = -determinant }
      rows.swapAt(column, pivot)
      determinant *= rows[column][column]
      for row in rows.indices where row != column {
        let factor = rows[row][column] / rows[column][column]
        for place in rows[row].indices { rows[row][place] -= factor * rows[column][place] }
      }
    }
    return (rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }, determinant)
  }

  // MARK: - Certainty

  /// A grid of candidates, each trained to all the data, whose scores have this noise.
  private func finished(_ errors: [Double], deviation: Double?) throws -> Search {
    let candidates = errors.indices.map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) }
    var search = try Search(pool: Pool(unclustered: candidates), settings: SearchSettings(strategy: .grid))
    for error in errors {
      guard case .assigned(let work) = search.nextTrial() else { throw Missing() }
      _ = try search.record(
        Report(step: 0, dataFraction: 1, error: error, logErrorDeviation: deviation), of: work.trial)
    }
    return search
  }

  /// Two finished candidates half a deviation apart are nearly even; without noise the better one is the best.
  @Test func aFinishedCandidateIsAsSureAsItsScore() throws {
    let noisy = try finished([0.2, 0.2 * PortableMath.exp(0.025)], deviation: 0.05)
    let expected = PortableMath.normalProbability(below: 0.5 / 2.0.squareRoot())
    let chance = try #require(noisy.suggestion()).prediction.probabilityBestFraction
    #expect(abs(chance - expected) < 0.06, "\(chance), not \(expected)")
    let exact = try #require(try finished([0.2, 0.205], deviation: nil).suggestion())
    #expect(exact.prediction.probabilityBestFraction == 1 && exact.expectedRegretFraction == 0)
  }

  /// In 400 pools of eight whose true errors differ by twice the noise, of those that are said to be best with P > .9
  /// nine in ten are, and the stated chances are those that come true. The bound is 2.5 standard errors wide.
  @Test(arguments: [(noise: 0.005, seed: UInt64(77)), (0.02, 78), (0.05, 79)])
  func chancesHoldAgainstTheTrueErrors(noise: Double, seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + generator.unitFraction() } }
    var (said, right, sure, sureRight) = (0.0, 0.0, 0, 0)
    for _ in 0..<400 {
      let truth = (0..<8).map { _ in -1.5 + 2 * noise * normal() }
      let search = try finished(truth.map { PortableMath.exp($0 + noise * normal()) }, deviation: noise)
      let best = try #require(search.suggestion()).prediction
      let isRight = truth[best.candidate] == truth.min()
      said += best.probabilityBestFraction
      right += isRight ? 1 : 0
      if best.probabilityBestFraction > 0.9 { (sure, sureRight) = (sure + 1, sureRight + (isRight ? 1 : 0)) }
    }
    #expect(abs(said - right) / 400 < 0.06, "said \(said / 400), true \(right / 400)")
    let slack = 2.5 * (0.09 * Double(sure)).squareRoot()
    #expect(sure >= 20 && Double(sureRight) >= 0.9 * Double(sure) - slack, "\(sureRight) of \(sure)")
  }

  /// Noise that no report states is learned from how rough curves are, of which half the variance is taken to be that
  /// of evaluation; smooth curves have none.
  @Test func unstatedNoiseIsLearned() {
    var generator = SplitMix64(seed: 3)
    func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + generator.unitFraction() } }
    for noise in [0.0, 0.02] {
      var learned = EvaluationNoise(candidateCount: 30)
      for candidate in 0..<30 {
        let slope = 0.1 + 0.1 * generator.unitFraction()
        let curve = (0...6).map { step in
          Observation(
            dataFraction: Double(sign: .plus, exponent: step - 6, significand: 1),
            error: PortableMath.exp(-1 - slope * Double(step) + noise * normal()))
        }
        learned.take(curve, of: candidate)
      }
      learned.learn()
      #expect(
        noise == 0 ? learned.deviation < 0.001 : abs(learned.deviation - noise * 0.5.squareRoot()) < 0.006,
        "\(learned.deviation)")
    }
  }

  // MARK: - Another seed

  /// A repetition begins at 0 without a checkpoint, and what it shows is averaged with what was seen.
  @Test func aRepetitionIsAnotherTraining() throws {
    var search = try finished([0.2, 0.21], deviation: 0.05)
    try search.advance(0, to: 1, isRepeat: true)
    guard case .assigned(let work) = search.nextTrial() else { throw Missing() }
    #expect(work.candidate == 0 && work.seed == 1 && work.fromFraction == 0 && work.checkpoint == nil)
    #expect(search.nextTrial() != .assigned(work))
    _ = try search.record(Report(step: 0, dataFraction: 1, error: 0.24, logErrorDeviation: 0.05), of: work.trial)
    let seen = try #require(search.evidence(of: 0).observations.last)
    #expect(abs(seen.error - 0.22) < 1e-12 && seen.trainingCount == 2)
    // Two scores that lie .18 apart in log error are noisier than either says.
    let spread = PortableMath.log(0.24 / 0.2) / 2
    #expect(abs((seen.logErrorDeviation ?? 0) - spread) < 1e-9)
    #expect(search.suggestion()?.prediction.candidate == 1)
    #expect(search.nextTrial() == .none(.finished(.planComplete)))
  }

  /// A repetition that is lost goes on from what it saved itself, not from the first training.
  @Test func aLostRepetitionKeepsItsSeed() throws {
    var search = try finished([0.2, 0.21], deviation: 0.05)
    try search.advance(1, to: 1, isRepeat: true)
    guard case .assigned(let first) = search.nextTrial() else { throw Missing() }
    _ = try search.record(Report(step: 0, dataFraction: 0.5, error: 0.3, hasCheckpoint: true), of: first.trial)
    try search.end(first.trial, as: .lost)
    guard case .assigned(let second) = search.nextTrial() else { throw Missing() }
    #expect(second.candidate == 1 && second.seed == 1 && second.fromFraction == 0.5)
    #expect(second.checkpoint?.trial == first.trial)
  }

  /// A race repeats finished candidates only where that is allowed and their scores are noisy, and no candidate more
  /// often than allowed. Over 12 pools of candidates that lie closer than their noise, repetitions make the suggestion
  /// surer and better.
  @Test func aRaceRepeatsWhatNoiseLeavesOpen() throws {
    struct Outcome { var (seeds, chance, regret) = (Set<Int>(), 0.0, 0.0) }
    func run(repetitionLimit: Int, deviation: Double?, seed: UInt64) throws -> Outcome {
      var settings = SearchSettings(strategy: .race)
      settings.repetitionLimit = repetitionLimit
      let candidates = (0..<4).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) }
      var search = try Search(pool: Pool(unclustered: candidates), settings: settings)
      var generator = SplitMix64(seed: seed)
      var outcome = Outcome()
      while case .assigned(let work) = search.nextTrial() {
        outcome.seeds.insert(work.seed)
        #expect(work.seed == 0 || (work.fromFraction == 0 && work.phase == .repetition))
        let level = -1.5 + 0.02 * Double(work.candidate) - 0.1 * PortableMath.log(work.toFraction)
        let noise = (deviation ?? 0) * ((0..<12).reduce(-6) { sum, _ in sum + generator.unitFraction() })
        _ = try search.record(
          Report(
            step: 0, dataFraction: work.toFraction, error: PortableMath.exp(level + noise),
            logErrorDeviation: deviation, hasCheckpoint: true), of: work.trial)
      }
      let best = try #require(search.suggestion()).prediction
      outcome.chance = best.probabilityBestFraction
      outcome.regret = 0.02 * Double(best.candidate)
      return outcome
    }
    var (single, repeated) = (Outcome(), Outcome())
    for seed in 0..<12 as Range<UInt64> {
      #expect(try run(repetitionLimit: 3, deviation: nil, seed: seed).seeds == [0])
      let (one, other) = (
        try run(repetitionLimit: 0, deviation: 0.03, seed: seed),
        try run(repetitionLimit: 3, deviation: 0.03, seed: seed)
      )
      single.seeds.formUnion(one.seeds)
      repeated.seeds.formUnion(other.seeds)
      (single.chance, repeated.chance) = (single.chance + one.chance, repeated.chance + other.chance)
      (single.regret, repeated.regret) = (single.regret + one.regret, repeated.regret + other.regret)
    }
    #expect(single.seeds == [0])
    #expect(repeated.seeds.isSubset(of: [0, 1, 2, 3]) && repeated.seeds.count > 1, "\(repeated.seeds)")
    #expect(repeated.chance > single.chance && repeated.regret < single.regret, "\(single), \(repeated)")
  }

  struct Missing: Error {}
}
