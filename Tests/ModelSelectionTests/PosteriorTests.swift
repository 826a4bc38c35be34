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

  /// Two alike are best with probability a half each; the expected regret of one is that of the least of two normals.
  @Test func aContestOfTwoIsEven() throws {
    let alike = FinalError(mean: -1, deviation: 0.1)
    let contest = Contest([(3, alike), (8, alike)], favourite: alike)
    #expect(contest.contenders.map(\.candidate) == [3, 8])
    for contender in contest.contenders { #expect(abs(contender.probability - 0.5) < 1e-6) }
    // E[max of two] = deviation / sqrt(pi).
    #expect(abs(contest.regret - 0.1 / 3.141592653589793.squareRoot()) < 2e-4)
  }

  /// The regret of one of two is what the other is expected to gain over it, and to be best what it is to be below.
  @Test(arguments: [(0.05, 0.12, -0.93), (0.3, 0.01, -1.2), (1e-9, 0.08, -1.01)])
  func contestsAgreeWithPairs(own: Double, others: Double, mean: Double) throws {
    let one = FinalError(mean: -1, deviation: own, commonDeviation: 0.05)
    let other = FinalError(mean: mean, deviation: others, commonDeviation: 0.2)
    let contest = Contest([(0, one), (1, other)], favourite: one)
    let chance = try #require(contest.contenders.first { $0.candidate == 0 }).probability
    #expect(abs(chance - one.probability(below: other)) < 1e-6)
    #expect(abs(contest.regret - other.expectedGain(over: one)) < 1e-6)
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

  /// The prediction of a curve that keeps its slope nears the power law it follows.
  @Test func continuesAPowerLaw() {
    let prior = CurvePrior()
    var filter: CurveFilter?
    var off: [Double] = []
    for step in stride(from: 8.0, through: 1, by: -1) {
      let x = -step * PortableMath.log(2)
      if filter == nil { filter = CurveFilter(logFraction: x, logError: -1 - 0.2 * x, law: prior.law) }
      filter?.observe(logFraction: x, logError: -1 - 0.2 * x, law: prior.law)
      off.append(abs(FinalError(filter!, prior: prior).mean + 1))
    }
    #expect(off[0] > 0.1 && off.last! < 0.01)
    #expect(zip(off, off.dropFirst()).allSatisfy { $0 > $1 })
  }

  /// Curves drawn from a law, with the mean slope and the noise that it has.
  @Test func learnsFromCurves() {
    var generator = SplitMix64(seed: 5)
    func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) } }
    let curves = (0..<CurvePrior.mostCurves).map { _ -> CurvePrior.Curve in
      let slope = -0.15 + 0.05 * normal()
      return stride(from: -4.0, through: -1, by: 0.5).map { (x: $0, y: slope * $0 + 0.02 * normal()) }
    }
    let prior = CurvePrior(curves)
    #expect(abs(prior.meanSlope + 0.15) < 0.015 && prior.meanSlopeDeviation < 0.01)
    #expect(abs(PortableMath.log(prior.law.noise / 0.02)) < 0.25)
    #expect(prior.law.slopeMemory > CurvePrior.lawBelief.slopeMemory)
  }

  /// A prediction is drawn towards the others' mean as far as it is unsure.
  @Test func othersTellOfACandidate() {
    let known = (0..<50).map { FinalError(mean: -1 + 0.1 * (Double($0 % 2) - 0.5), deviation: 1e-9) }
    let prior = FinalPrior(known + [FinalError(mean: 0, deviation: 0.5)])
    #expect(abs(prior.mean + 1) < 0.02 && prior.deviation < 0.15)
    let (vague, sure) = (FinalError(mean: 0, deviation: 0.5), FinalError(mean: 0, deviation: 1e-9))
    #expect(prior.together(with: vague).mean < -0.9 && prior.together(with: vague).deviation < 0.15)
    #expect(abs(prior.together(with: sure).mean) < 1e-9)
  }

  /// Many that were hardly seen are not taken to end alike because they look alike.
  @Test func aLargePoolStaysOpen() {
    let prior = FinalPrior((0..<10_000).map { FinalError(mean: -1 + 0.1 * (Double($0 % 2) - 0.5), deviation: 0.2) })
    #expect(prior.deviation > 0.1 && prior.together(with: FinalError(mean: -1, deviation: 0.2)).deviation > 0.1)
  }

  /// A later report of a fraction counts, and a point between others is read where it belongs.
  @Test func readsCurvesInAnyOrder() throws {
    let pool = try Pool(unclustered: (0..<40).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) })
    func knowledge(_ order: [(fraction: Double, error: Double)]) -> Knowledge {
      var states = pool.candidates.map { _ in CandidateState() }
      var knowledge = Knowledge(candidateCount: 40)
      func observe(_ candidate: Int, _ fraction: Double, _ error: Double, step: Int) {
        let change = states[candidate].curve.take(
          Observation(dataFraction: fraction, error: error), from: LearningCurve.Origin(trial: 0, step: step),
          isAssigned: true)
        _ = knowledge.observe(candidate, states: states, pool: pool, isAppended: change == .appended)
      }
      for candidate in states.indices.dropFirst() { observe(candidate, 0.1, 2, step: 0) }
      let prior = knowledge.prior
      for (step, point) in order.enumerated() { observe(0, point.fraction, point.error, step: step) }
      // What is common was not learned anew, so that only this curve's own reading counts.
      #expect(knowledge.prior == prior)
      return knowledge
    }
    let expected = try #require(knowledge([(0.1, 2), (0.2, 1.8), (0.4, 1.7)]).finals[0])
    #expect(knowledge([(0.1, 2), (0.4, 1.7), (0.2, 1.8)]).finals[0] == expected)
    #expect(knowledge([(0.1, 2), (0.2, 1.8), (0.4, 1.6), (0.4, 1.7)]).finals[0] == expected)
    #expect(knowledge([(0.1, 2), (0.2, 1.8), (0.4, 1.6)]).finals[0] != expected)
  }
}
