import Basics
import Sessions
import Testing

@Suite struct MetricTests {
  static let metrics: [Metric] = [
    Metric(name: "accuracy", direction: .maximize, range: 0...1, transform: .distance),
    Metric(name: "accuracy", direction: .maximize, range: 0...100, transform: .odds),
    Metric(name: "loss", direction: .minimize, range: 0...Double.infinity, transform: .distance),
    Metric(name: "error rate", direction: .minimize, range: 0.1...0.9, transform: .odds),
  ]

  @Test(arguments: metrics) func aScoreComesBackFromItsError(_ metric: Metric) {
    let low = metric.range.lowerBound
    let width = metric.range.upperBound.isFinite ? metric.range.upperBound - low : 20
    for step in 1..<100 {
      let score = low + width * Double(step) / 100
      let back = metric.score(ofError: metric.error(ofScore: score))
      #expect(abs(back - score) < 1e-9 * width, "\(metric.name) \(score)")
    }
  }

  @Test(arguments: metrics) func betterScoresHaveSmallerErrors(_ metric: Metric) {
    let low = metric.range.lowerBound
    let width = metric.range.upperBound.isFinite ? metric.range.upperBound - low : 20
    let errors = (0...100).map { metric.error(ofScore: low + width * Double($0) / 100) }
    #expect(errors.allSatisfy { $0 > 0 && $0.isFinite })
    for (worse, better) in zip(errors, errors.dropFirst()) {
      #expect(metric.direction == .maximize ? better < worse : better > worse)
    }
  }

  @Test(arguments: metrics) func aPredictionStaysInTheRange(_ metric: Metric) {
    for error in [0, 1e-300, 0.5, 3, 1e300, Double.infinity] {
      let score = metric.score(ofError: error)
      #expect(metric.range.contains(score), "\(metric.name): \(error) gave \(score)")
    }
  }

  /// The noise of a log error against the difference that a score one standard error away makes; and of a share of
  /// right answers as the binomial distribution has it.
  @Test(arguments: metrics) func noiseIsCarriedToTheLogError(_ metric: Metric) throws {
    let width = metric.range.upperBound.isFinite ? metric.range.upperBound - metric.range.lowerBound : 20
    for share in [0.2, 0.5, 0.8] {
      let (score, error) = (metric.range.lowerBound + share * width, 1e-6 * width)
      let deviation = try #require(metric.logErrorDeviation(ofScore: score, .standardError(error)))
      let there = metric.error(ofScore: score + error) / metric.error(ofScore: score)
      #expect(abs(deviation / abs(PortableMath.log(there)) - 1) < 1e-4)
      let counted = metric.standardError(ofScore: score, .exampleCount(10_000))
      guard metric.range.upperBound.isFinite else {
        #expect(counted == nil)
        continue
      }
      #expect(abs((counted ?? 0) / (width * (share * (1 - share) / 10_000).squareRoot()) - 1) < 1e-3)
    }
    // A perfect score of few examples is not certain, and no noise is without bound.
    if metric.range.upperBound.isFinite {
      let perfect = metric.direction == .maximize ? metric.range.upperBound : metric.range.lowerBound
      #expect(metric.standardError(ofScore: perfect, .exampleCount(10)) ?? 0 > 0.05 * width)
      #expect(metric.logErrorDeviation(ofScore: perfect, .exampleCount(10)) == 1)
    }
  }
}
