internal import Basics

/// Who of several candidates is best, given what is known of each: probabilities and the expected regret.
///
/// Everybody is taken beside the favourite, so that what is common to the pool does not count: exact for each pair with the
/// favourite. With independent normal log errors y_j, the probability that i is least is the integral of its density times the
/// probabilities that all others are above; the expected least is an integral of the probability that all are above.
/// Both are taken by parabolas between where the least can possibly lie, so nothing is drawn at random. Steps are as long as
/// the sharpest distribution that they touch allows: a candidate that is known exactly beside one that is not costs no
/// accuracy. Both are right to 1e-6 (`Tests/ProcessTests/test_posterior.py`).
///
/// **Complexity.** O(contenders x steps); only the ``mostContenders`` with a chance take part, and there are some 60 steps
/// for each scale of deviations.
struct Contest: Equatable, Sendable {
  /// Candidates with a chance, and the probability that each is best, by the order of the input.
  private(set) var contenders: [(candidate: Int, probability: Double)] = []
  /// Expected log error of the favourite less that of the best.
  private(set) var regret = 0.0

  static func == (one: Contest, other: Contest) -> Bool {
    one.regret == other.regret && one.contenders.map(\.candidate) == other.contenders.map(\.candidate)
      && one.contenders.map(\.probability) == other.contenders.map(\.probability)
  }

  private static let mostContenders = 32
  /// Deviations from the mean beyond which a normal variable is not looked for: 1e-9 of its mass.
  private static let reach = 6.0
  /// The length of a step in deviations of the sharpest distribution that it touches.
  private static let stride = 0.2

  /// - Parameters:
  ///   - field: each candidate with what is known of it.
  ///   - favourite: the candidate that is suggested, one of the field.
  init(_ field: [(candidate: Int, final: FinalError)], favourite: FinalError) {
    let field = field.map { (candidate: $0.candidate, final: $0.final.beside(favourite)) }
    let limit = field.lazy.map { $0.final.mean + Self.reach * $0.final.deviation }.min() ?? 0
    // Among those with a chance at all the most promising; candidates have different numbers, so there are no ties.
    let kept = field.lazy.filter { $0.final.mean - Self.reach * $0.final.deviation <= limit }
      .map { (promise: $0.final.mean - 2 * $0.final.deviation, one: $0) }
      .smallest(Self.mostContenders) { ($0.promise, $0.one.candidate) < ($1.promise, $1.one.candidate) }
      .map(\.one)
    guard let low = kept.map({ $0.final.mean - Self.reach * $0.final.deviation }).min() else { return }
    var integral = LeastOfNormals(kept.map(\.final), from: low, reach: Self.reach)
    while integral.position < limit { integral.advance(to: limit, stride: Self.stride) }
    let sum = integral.probabilities.reduce(0, +)
    contenders = zip(kept, integral.probabilities).map { ($0.candidate, sum > 0 ? $1 / sum : 0) }
    regret = max(0, favourite.mean - integral.expectedLeast)
  }
}

/// The integrals of a ``Contest``, as far as they have been taken.
private struct LeastOfNormals {
  let finals: [FinalError]
  let reach: Double
  private(set) var position: Double
  /// For each how likely it is to be least and below the position.
  private(set) var probabilities: [Double]
  /// Of the least, or of the position where that is less.
  private(set) var expectedLeast: Double
  /// The probability of each to be above the position.
  private var above: [Double]

  init(_ finals: [FinalError], from low: Double, reach: Double) {
    self.finals = finals
    self.reach = reach
    position = low
    probabilities = Array(repeating: 0, count: finals.count)
    above = Array(repeating: 1, count: finals.count)
    expectedLeast = low
  }

  /// Over one step, all probabilities to be above are taken for parabolas through its ends and its middle.
  mutating func advance(to limit: Double, stride: Double) {
    var end = limit
    for one in finals {
      let begin = one.mean - reach * one.deviation
      end = min(end, begin > position ? begin : position + stride * one.deviation)
    }
    // Where deviations are below the spacing of numbers there is still a next number.
    end = min(limit, max(end, position.nextUp))
    let middle = finals.map { aboveProbability($0, (position + end) / 2) }
    let last = finals.map { aboveProbability($0, end) }
    let (allFirst, allMiddle, allLast) = (above.reduce(1, *), middle.reduce(1, *), last.reduce(1, *))
    for index in finals.indices where above[index] > last[index] {
      let first = others(index, above, allFirst)
      let (half, second) = (others(index, middle, allMiddle), others(index, last, allLast))
      let bend = 2 * middle[index] - above[index] - last[index]
      probabilities[index] +=
        (above[index] - last[index]) * (first + 4 * half + second) / 6 + bend * (second - first) / 3
    }
    expectedLeast += (end - position) * (allFirst + 4 * allMiddle + allLast) / 6
    (above, position) = (last, end)
  }

  private func aboveProbability(_ one: FinalError, _ y: Double) -> Double {
    let z = (y - one.mean) / one.deviation
    return z <= -reach ? 1 : z >= reach ? 0 : PortableMath.normalProbability(below: -z)
  }

  /// The product of all but one of the values; `all` is that of all.
  private func others(_ index: Int, _ values: [Double], _ all: Double) -> Double {
    if values[index] > 0 { return all / values[index] }
    var product = 1.0
    for other in values.indices where other != index { product *= values[other] }
    return product
  }
}
