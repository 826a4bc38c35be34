import Basics
import Testing

@testable import ModelSelection

@Suite struct PosteriorTests {
  /// An exact power law is found again, and continued.
  @Test func readsAPowerLaw() throws {
    let points = [1.0 / 64, 1.0 / 32, 1.0 / 16, 1.0 / 8].map {
      Observation(dataFraction: $0, error: 0.4 * PortableMath.exp(-0.2 * PortableMath.log($0)))
    }
    let fit = try #require(LogLinearFit(points, pointCount: 3, deviations: 5))
    #expect(fit.count == 4)
    #expect(abs(fit.slope + 0.2) < 1e-12 && abs(PortableMath.exp(fit.intercept) - 0.4) < 1e-12)
    #expect(fit.meanSquare < 1e-20)
  }

  /// Points off the line do not belong to the regime.
  @Test func leavesTheBendOut() throws {
    var points = [1.0 / 64, 1.0 / 32, 1.0 / 16, 1.0 / 8].map {
      Observation(dataFraction: $0, error: 0.4 * PortableMath.exp(-0.2 * PortableMath.log($0)))
    }
    points[0] = Observation(dataFraction: points[0].dataFraction, error: 0.8 * points[0].error)
    #expect(LogLinearFit(points, pointCount: 3, deviations: 5)?.count == 3)
  }

  /// Curves by their errors at 1/64, 1/32, ... of the data; all candidates have the first, some more of them.
  private func knowledge(_ curves: [[Double]], order: [Int]? = nil) throws -> Knowledge {
    let pool = try Pool(unclustered: curves.indices.map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) })
    var states = pool.candidates.map { _ in CandidateState() }
    var knowledge = Knowledge(candidateCount: curves.count)
    for candidate in order ?? Array(curves.indices) {
      for (step, error) in curves[candidate].enumerated() {
        _ = states[candidate].curve.take(
          Observation(dataFraction: Double(sign: .plus, exponent: step - 6, significand: 1), error: error),
          from: LearningCurve.Origin(trial: TrialID(candidate), step: step), isAssigned: true)
        _ = knowledge.observe(candidate, states: states, pool: pool)
      }
    }
    return knowledge
  }

  /// Power laws with a slope of each candidate's own.
  private func powerLaws(seed: UInt64, count: Int, points: (Int) -> Int) -> [[Double]] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { candidate in
      let (level, slope) = (0.3 + 0.2 * generator.unitFraction(), 0.1 + 0.2 * generator.unitFraction())
      return (0..<points(candidate)).map { level * PortableMath.exp(slope * 0.6931471805599453 * Double(6 - $0)) }
    }
  }

  /// What is believed of a pool does not depend on which candidate has which number, nor on who reported first.
  @Test(arguments: 0..<2 as Range<UInt64>) func numbersDoNotMatter(seed: UInt64) throws {
    let curves = powerLaws(seed: seed, count: 12) { 1 + $0 % 5 }
    var shuffle = CandidateOrder(seed: seed)
    let order = shuffle.order(curves.count)
    let one = try knowledge(curves)
    let other = try knowledge(order.map { curves[$0] })
    let late = try knowledge(curves, order: order)
    for (place, candidate) in order.enumerated() {
      let pair = (one.finals[candidate], other.finals[place])
      let (expected, found) = (try #require(pair.0), try #require(pair.1))
      #expect(abs(expected.mean - found.mean) < 1e-9 && abs(expected.deviation - found.deviation) < 1e-9)
      #expect(late.finals[candidate] == expected)
    }
  }

  /// A curve of which less was seen is foretold at most 2 % more narrowly: a next point may favour wider experts.
  @Test(arguments: 0..<2 as Range<UInt64>) func fewerPointsAreNotSurer(seed: UInt64) throws {
    for length in 2...5 {
      // All others are alike in both, so that only the first candidate's points differ.
      let curves = powerLaws(seed: seed, count: 8) { $0 == 0 ? 6 : 4 }
      var shorter = curves
      shorter[0] = Array(curves[0].prefix(length))
      var longer = curves
      longer[0] = Array(curves[0].prefix(length + 1))
      let (before, after) = (try knowledge(shorter).finals[0], try knowledge(longer).finals[0])
      let (less, more) = (try #require(before), try #require(after))
      #expect(less.deviation + less.commonDeviation >= 0.98 * (more.deviation + more.commonDeviation))
    }
  }

  /// A curve that was seen to its end is known but for the noise of its score, which a smooth curve hardly has,
  /// however little is known of the others.
  @Test func theEndIsKnown() throws {
    let curves = powerLaws(seed: 3, count: 5) { $0 == 2 ? 7 : 1 }
    let known = try knowledge(curves).finals[2]
    let final = try #require(known)
    #expect(abs(final.mean - PortableMath.log(curves[2][6])) < 0.002 && final.commonDeviation == 0)
    #expect(final.deviation < 0.003, "\(final)")
  }

  /// Where slopes persist from step to step the engine comes to hold that they do, and continues power laws.
  @Test func learnsThatSlopesPersist() throws {
    let curves = powerLaws(seed: 1, count: 20) { _ in 5 }
    let knowledge = try knowledge(curves)
    let truth = powerLaws(seed: 1, count: 20) { _ in 7 }.map { PortableMath.log($0[6]) }
    let off = zip(knowledge.finals, truth).map { abs(($0?.mean ?? .infinity) - $1) }
    #expect(off.allSatisfy { $0 < 0.06 }, "\(off)")
    // What is seen longer is foretold better.
    let shorter = try self.knowledge(powerLaws(seed: 1, count: 20) { _ in 3 }).finals
    let before = zip(shorter, truth).map { abs(($0?.mean ?? .infinity) - $1) }
    #expect(off.reduce(0, +) < 0.7 * before.reduce(0, +), "\(before)")
  }

  /// Whose first step was an accident is not expected to repeat it each time.
  @Test func anAccidentDoesNotPersist() throws {
    var curves = powerLaws(seed: 2, count: 20) { _ in 3 }
    func expectedRest() throws -> Double {
      let final = try knowledge(curves).finals[0]
      return try #require(final).mean - PortableMath.log(curves[0][2])
    }
    let calm = try expectedRest()
    curves[0][2] /= 5
    // Its last step was five times as long as the whole rest was before.
    let lucky = try expectedRest()
    #expect(calm < 0 && lucky > 3 * calm, "\(calm) \(lucky)")
  }

  /// Two candidates of which the same is known are best with equal probability, and the expected regret is that of
  /// the least of two.
  @Test func aContestOfTwoIsEven() throws {
    let alike = FinalError(mean: -1, deviation: 0.1)
    let forecast = CurveForecast(CurveMixture(prior: .learned))
    let contest = Contest(
      [3, 8].map { Contest.Entrant(candidate: $0, final: alike, end: nil) }, favourite: 3, forecast: forecast)
    #expect(Set(contest.contenders.map(\.candidate)) == [3, 8])
    for contender in contest.contenders { #expect(abs(contender.probability - 0.5) < 0.01) }
    // 1/2 - exp(s^2 / 2) Phi(-s) with s = 0.1 sqrt(2), the deviation of the difference.
    #expect(abs(contest.regretFraction - 0.05177) < 0.001)
  }

  /// Two candidates have a closed form: the difference of their log errors is normal.
  @Test(arguments: [(0.05, 0.12, -0.93), (0.3, 0.01, -1.2), (1e-9, 0.08, -1.01)])
  func contestsAgreeWithPairs(own: Double, others: Double, mean: Double) throws {
    let (one, other) = (FinalError(mean: -1, deviation: own), FinalError(mean: mean, deviation: others))
    let contest = Contest(
      [Contest.Entrant(candidate: 0, final: one, end: nil), Contest.Entrant(candidate: 1, final: other, end: nil)],
      favourite: 0, forecast: CurveForecast(CurveMixture(prior: .learned)))
    let chance = try #require(contest.contenders.first { $0.candidate == 0 }).probability
    #expect(abs(chance - one.probability(below: other)) < 0.01)
    let (m, s) = (mean + 1, (own * own + others * others).squareRoot())
    let regret =
      PortableMath.normalProbability(below: -m / s)
      - PortableMath.exp(m + s * s / 2) * PortableMath.normalProbability(below: -(m + s * s) / s)
    #expect(abs(contest.regretFraction - regret) < 0.001)
  }

  /// What is common to both widens the intervals, and says nothing of who is best.
  @Test func theCommonPartDoesNotDecide() {
    func pair(common: Double) -> (FinalError, FinalError) {
      (
        FinalError(mean: -1, deviation: 0.1, commonDeviation: common),
        FinalError(mean: -0.9, deviation: 0.1, commonDeviation: common)
      )
    }
    let (one, other) = pair(common: 0)
    let (shifted, shiftedOther) = pair(common: 0.5)
    #expect(one.probability(below: other) == shifted.probability(below: shiftedOther))
    #expect(shifted.interval.0 < one.interval.0 && shifted.interval.1 > one.interval.1)
  }

  /// Untried candidates take part: among many of them the only one that was seen is not sure to be best.
  @Test func untriedCandidatesMayBeBest() throws {
    let pool = try Pool(unclustered: (0..<20).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) })
    var search = try Search(pool: pool, settings: SearchSettings(strategy: .race))
    guard case .assigned(let work) = search.nextTrial() else {
      Issue.record("no trial")
      return
    }
    _ = try search.record(Report(step: 0, dataFraction: work.toFraction, error: 0.5), of: work.trial)
    let suggestion = try #require(search.suggestion())
    #expect(suggestion.prediction.probabilityBestFraction < 0.5 && suggestion.expectedRegretFraction > 0.05)
  }

  /// Positions between knots, and curves that begin between them, are read without a jump.
  @Test func readsBetweenKnots() throws {
    func end(_ fractions: [Double]) throws -> CurveEnd {
      try #require(CurveEnd(fractions.map { Observation(dataFraction: $0, error: 1 / $0.squareRoot()) }))
    }
    let whole = try end([0.125, 0.25, 0.5])
    let between = try end([0.03, 0.06, 0.12, 0.24, 0.48])
    #expect(whole.position == 1)
    for step in [whole.step, between.step] {
      let step = try #require(step)
      #expect(abs(step + 0.34657359027997264) < 1e-12)
    }
    let short = try end([0.5, 0.6])
    #expect(short.step == nil)
    let read = CurveKnots([0.03, 0.06].map { Observation(dataFraction: $0, error: $0) })
    let knots = try #require(read)
    #expect(knots.first == 5 && knots.values.count == 1)
  }

  /// A later report of a fraction counts, and a point between others is read where it belongs.
  @Test func readsCurvesInAnyOrder() throws {
    let pool = try Pool(unclustered: (0..<4).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) })
    func final(_ order: [(fraction: Double, error: Double)]) throws -> FinalError {
      var states = pool.candidates.map { _ in CandidateState() }
      var knowledge = Knowledge(candidateCount: 4)
      func observe(_ candidate: Int, _ fraction: Double, _ error: Double, step: Int) {
        _ = states[candidate].curve.take(
          Observation(dataFraction: fraction, error: error),
          from: LearningCurve.Origin(trial: TrialID(candidate), step: step), isAssigned: true)
        _ = knowledge.observe(candidate, states: states, pool: pool)
      }
      for candidate in states.indices.dropFirst() { observe(candidate, 0.1, 2, step: 0) }
      for (step, point) in order.enumerated() { observe(0, point.fraction, point.error, step: step) }
      let final = knowledge.finals[0]
      return try #require(final)
    }
    let expected = try final([(0.1, 2), (0.2, 1.8), (0.4, 1.7)])
    let late = try final([(0.1, 2), (0.4, 1.7), (0.2, 1.8)])
    let again = try final([(0.1, 2), (0.2, 1.8), (0.4, 1.6), (0.4, 1.7)])
    let other = try final([(0.1, 2), (0.2, 1.8), (0.4, 1.6)])
    #expect(late == expected && again == expected && other != expected)
  }
}
