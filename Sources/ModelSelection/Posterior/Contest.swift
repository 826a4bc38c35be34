/// Who of several candidates is best, given what is known of each: probabilities and the expected regret.
///
/// With independent normal log errors y_j, the probability that i is least is the integral of its density times the
/// probabilities that all others are above; the expected least is an integral of the probability that all are above.
/// Both are taken by the trapezoidal rule on a grid between where the least can possibly lie, so nothing is drawn at random.
///
/// **Complexity.** O(contenders x grid); only the ``mostContenders`` with a chance take part.
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
  private static let gridCount = 128
  private static let reach = 6.0

  /// - Parameters:
  ///   - field: each candidate with what is known of it.
  ///   - favourite: the candidate that is suggested, one of the field.
  init(_ field: [(candidate: Int, final: FinalError)], favourite: FinalError) {
    let limit = field.lazy.map { $0.final.mean + Self.reach * $0.final.deviation }.min() ?? 0
    // Among those with a chance at all the most promising; candidates have different numbers, so there are no ties.
    let kept = field.lazy.filter { $0.final.mean - Self.reach * $0.final.deviation <= limit }
      .map { (promise: $0.final.mean - 2 * $0.final.deviation, one: $0) }
      .least(Self.mostContenders) { ($0.promise, $0.one.candidate) < ($1.promise, $1.one.candidate) }
      .map(\.one)
    guard let low = kept.map({ $0.final.mean - Self.reach * $0.final.deviation }).min() else { return }
    let width = (limit - low) / Double(Self.gridCount)
    var probabilities = [Double](repeating: 0, count: kept.count)
    var expectedLeast = low
    var above = [Double](repeating: 1, count: kept.count)
    var before = above
    for step in 1...Self.gridCount {
      let y = low + Double(step) * width
      for (index, one) in kept.enumerated() {
        let z = (y - one.final.mean) / one.final.deviation
        // Beyond the reach the rest of the mass is below 1e-9.
        above[index] = z < -Self.reach ? 1 : z > Self.reach ? 0 : 1 - Elementary.normalProbability(below: z)
      }
      // Within a cell each loses before - above of its mass; the others survive by their mean over the cell.
      let survival = zip(before, above).map { ($0 + $1) / 2 }
      let all = survival.reduce(1, *)
      for index in kept.indices where survival[index] > 0 {
        probabilities[index] += (before[index] - above[index]) * all / survival[index]
      }
      expectedLeast += width * all
      (before, above) = (above, before)
    }
    let sum = probabilities.reduce(0, +)
    contenders = zip(kept, probabilities).map { ($0.candidate, sum > 0 ? $1 / sum : 0) }
    regret = max(0, favourite.mean - expectedLeast)
  }
}
