import Testing

@testable import ModelSelection

@Suite struct PosteriorTests {
  @Test func elementaryFunctionsAreAccurate() {
    // To fifteen digits, from tables.
    for (x, log) in [
      (2.0, 0.693147180559945), (10, 2.30258509299405), (1e-300, -690.775527898214), (0.5, -0.693147180559945),
    ] {
      #expect(abs(Elementary.log(x) - log) <= 1e-14 * max(1, abs(log)))
      #expect(abs(Elementary.exp(log) / x - 1) <= 1e-12)
    }
    for (x, below) in [
      (0.0, 0.5), (1, 0.841344746068543), (-1, 0.158655253931457), (-3, 0.00134989803163009),
      (3.5, 0.999767370920964), (-6, 9.86587645037698e-10), (-10, 7.61985302416053e-24),
    ] {
      #expect(abs(Elementary.normalProbability(below: x) / below - 1) <= 1e-12)
    }
  }

  /// An exact power law is found again, and continued.
  @Test func readsAPowerLaw() throws {
    let points = [1.0 / 64, 1.0 / 32, 1.0 / 16, 1.0 / 8].map {
      Observation(dataFraction: $0, error: 0.4 * Elementary.exp(-0.2 * Elementary.log($0)))
    }
    let fit = try #require(LogLinearFit(points, pointCount: 3, deviations: 5))
    #expect(fit.count == 4)
    #expect(abs(fit.slope + 0.2) < 1e-12 && abs(Elementary.exp(fit.intercept) - 0.4) < 1e-12)
    #expect(fit.meanSquare < 1e-20)
  }

  /// Points off the line do not belong to the regime.
  @Test func leavesTheBendOut() throws {
    var points = [1.0 / 64, 1.0 / 32, 1.0 / 16, 1.0 / 8].map {
      Observation(dataFraction: $0, error: 0.4 * Elementary.exp(-0.2 * Elementary.log($0)))
    }
    points[0].error *= 0.8
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

  /// Against sums over a million seeded draws would be slow; against a fine numerical integral it is not.
  @Test func probabilitiesAgreeWithPairs() {
    let (one, other) = (FinalError(mean: -1, deviation: 0.05), FinalError(mean: -0.93, deviation: 0.12))
    let contest = Contest([(0, one), (1, other)], favourite: one)
    #expect(abs(contest.contenders.first { $0.candidate == 0 }!.probability - one.probability(below: other)) < 2e-3)
  }
}
