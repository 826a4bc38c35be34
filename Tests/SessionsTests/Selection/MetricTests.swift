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
}
