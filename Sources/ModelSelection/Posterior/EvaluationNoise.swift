internal import Basics

/// How noisy the evaluations of a pool are that state no noise of their own: learned from how rough its curves are.
///
/// A finished candidate's score is not its true one, and a search that trains the best further prefers the lucky. The
/// sizes in ``sizes`` compete by the likelihood of all curves (``NoisyCurve``), starting from a belief that evaluations
/// are nearly exact. Curves are rough because evaluations differ, and because trainings do. What a training made of a
/// candidate stays when it is evaluated again, so only ``evaluationShare`` of the variance counts.
struct EvaluationNoise: Sendable {
  /// Deviations of the log error, and the probability of each before anything was seen.
  private static let sizes: [(deviation: Double, probability: Double)] = [
    (0, 0.4), (0.001, 0.2), (0.002, 0.16), (0.004, 0.12), (0.008, 0.07), (0.016, 0.03), (0.032, 0.015), (0.064, 0.005),
  ]
  /// The part of the variance that evaluation is taken to be; nothing in a curve tells it from that of training.
  private static let evaluationShare = 0.5
  /// Three points are the fewest that differ from a line.
  private static let fewestPoints = 3

  /// For each candidate the log likelihood of each size; nil for one that says nothing.
  private var logs: [[Double]?]
  /// The deviation of the log error of one evaluation; 0 while no curve says anything.
  private(set) var deviation = 0.0

  init(candidateCount: Int) { logs = Array(repeating: nil, count: candidateCount) }

  mutating func add(candidates count: Int) { logs += Array(repeating: nil, count: count) }

  /// Takes the observations of a candidate in place of those before. O(observations).
  mutating func take(_ observations: [Observation], of candidate: Int) {
    let isSilent = observations.count < Self.fewestPoints || observations.allSatisfy { $0.logErrorDeviation != nil }
    let curve = NoisyCurve(observations)
    logs[candidate] = isSilent ? nil : Self.sizes.map { curve.logLikelihood(noise: $0.deviation) }
  }

  /// Weighs the sizes by what is taken in. O(candidates).
  mutating func learn() {
    var sums = [Double](repeating: 0, count: Self.sizes.count)
    var count = 0
    for case let logs? in logs {
      for place in sums.indices { sums[place] += logs[place] }
      count += 1
    }
    guard count > 0 else {
      deviation = 0
      return
    }
    for place in sums.indices { sums[place] += PortableMath.log(Self.sizes[place].probability) }
    let most = sums.max() ?? 0
    let weights = sums.map { PortableMath.exp($0 - most) }
    let square = zip(weights, Self.sizes).reduce(0) { $0 + $1.0 * $1.1.deviation * $1.1.deviation }
    deviation = (Self.evaluationShare * square / weights.reduce(0, +)).squareRoot()
  }
}
