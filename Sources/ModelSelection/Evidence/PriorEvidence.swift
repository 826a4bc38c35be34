internal import Basics

/// How far evidence from outside foretells the final errors of this pool, learned while the pool is seen.
///
/// **Notation.** f is a candidate's final log error, of mean a and deviation s in the pool. An index is a source, or
/// all of them together (``EvidenceIndex``), of mean 0 and variance 1; u is its value for a candidate, the less the
/// better.
///
/// **Idea.** An index measures f with noise: u = c (f - a) / s + e, e normal with variance 1 - c^2. Its correlation c
/// is not known, and may be 0. So hypotheses compete: that nothing is said, that all sources together say something,
/// or one of them alone, each for several sizes of c. They are weighed by how well the index foretold the finals of the
/// candidates seen, as curves predict them, which holds whoever was chosen by it. Predictions are less certain than
/// finals, so a correlation is found too small rather than too large. Shuffled evidence is found out by the first rung.
///
/// **Use.** Evidence decides the order of a rung, after the first rung who takes part in the next, and what is believed
/// of candidates that were not tried. Predictions of those that were are left to their curves: evidence tells good
/// from bad, but among the near best it decided wrongly as often as not (``GUIDE``).
///
/// Large correlations are believed the less before trials, the less the sources agree.
///
/// **Complexity.** O(sources x candidates) to build, O(hypotheses x seen) to learn, O(hypotheses) for a candidate.
///
/// **References.** Observations of unknown reliability as competing hypotheses: Hoeting et al. 1999.
struct PriorEvidence: Sendable {
  /// The sizes of the correlation that compete.
  private static let correlations = [0.25, 0.5, 0.75, 0.9]
  /// The probability that evidence says nothing, and of what is left that all sources together say something.
  private static let (nothing, together) = (0.25, 0.7)
  /// Sources beyond this number take part in their mean only.
  private static let mostSingles = 12
  /// From this probability on that evidence says something, a rung leaves out candidates that have a smaller chance
  /// than ``leastChance`` to end below the leader. They may be trained later, by what their curves promise.
  private static let sureProbability = 0.8
  static let leastChance = 0.1
  /// The deviation of final log errors in a pool of which nothing was seen.
  private static let usualDeviation = 0.3
  /// For how many candidates that belief counts.
  private static let usualWeight = 3.0

  private struct Hypothesis {
    let index: Int
    let correlation: Double
    let prior: Double
    var weight: Double
  }

  /// By index, then candidate; nil where no source of the index knows the candidate.
  private let indices: [[Double?]]
  /// For each index how many different values it has for each candidate that it knows: what several candidates share
  /// is one thing known, not several.
  private let tempers: [Double]
  private var hypotheses: [Hypothesis]
  /// The probability that evidence says nothing.
  private(set) var nothingProbability: Double
  /// Mean and deviation of the pool's final log errors, as far as seen.
  private var level = (mean: 0.0, deviation: usualDeviation)

  /// Nil where no source tells two candidates apart.
  init?(_ sources: [EvidenceSource], candidateCount: Int) {
    guard let known = EvidenceIndex(sources, candidateCount: candidateCount) else { return nil }
    let singles = known.sources.count > 1 ? Array(known.sources.prefix(Self.mostSingles)) : []
    let indices = [known.together] + singles
    let priors =
      [singles.isEmpty ? 1 : Self.together] + singles.map { _ in (1 - Self.together) / Double(singles.count) }
    let trust = known.reliability
    hypotheses = []
    for (index, prior) in priors.enumerated() {
      // The mean of sources that disagree is not expected to say much.
      let sizes = Self.correlations.map { index > 0 || $0 <= trust ? 1 : PortableMath.exp(-8 * ($0 - trust)) }
      let sum = sizes.reduce(0, +)
      for (correlation, size) in zip(Self.correlations, sizes) {
        let weight = (1 - Self.nothing) * size / sum
        // Before trials no source has shown that it says more alone than all together.
        hypotheses.append(
          Hypothesis(
            index: index, correlation: correlation, prior: prior * weight, weight: index == 0 ? weight : 0))
      }
    }
    nothingProbability = Self.nothing
    self.indices = indices
    tempers = indices.map { index in
      let known = index.compactMap { $0 }
      return Double(Set(known).count) / Double(max(1, known.count))
    }
  }

  /// Whether the pool itself has shown that evidence says something.
  var isSure: Bool { 1 - nothingProbability >= Self.sureProbability }

  /// The expected correlation of evidence with final errors.
  var expectedCorrelation: Double { hypotheses.reduce(0) { $0 + $1.weight * $1.correlation } }

  // MARK: - Learning

  /// Weighs the hypotheses by what curves predict of the candidates seen. O(indices x seen).
  mutating func learn(_ finals: [(candidate: Int, final: FinalError)]) {
    guard !finals.isEmpty else { return }
    let count = Double(finals.count)
    let mean = finals.reduce(0) { $0 + $1.final.mean } / count
    let square = finals.reduce(0) { $0 + ($1.final.mean - mean) * ($1.final.mean - mean) }
    let usual = Self.usualWeight * Self.usualDeviation * Self.usualDeviation
    level.deviation = ((usual + square) / (Self.usualWeight + count - 1)).squareRoot()
    var means = [Double](repeating: 0, count: indices.count)
    var logs = [Double](repeating: 0, count: hypotheses.count)
    for index in indices.indices {
      let sums = sums(index, finals)
      means[index] = sums.mean
      guard sums.count > 2, square > 0 else { continue }
      let scale = sums.square > 0 ? (sums.count - 1) / sums.square : 0
      for place in hypotheses.indices where hypotheses[place].index == index {
        let c = hypotheses[place].correlation
        let product = scale.squareRoot() * sums.product
        let off = (sums.count - 1) - 2 * c * product + c * c * sums.indexSquare
        let log = (sums.count - 1) * (1 - PortableMath.log(1 - c * c)) - off / (1 - c * c)
        logs[place] = tempers[index] * log / 2
      }
    }
    weigh(logs)
    level.mean = mean
    for hypothesis in hypotheses {
      level.mean -= hypothesis.weight * level.deviation * hypothesis.correlation * means[hypothesis.index]
    }
  }

  /// Sums over the candidates seen that an index knows: of predictions, in squares around their mean, of the index's
  /// squares around its own, and of both.
  private func sums(
    _ index: Int, _ finals: [(candidate: Int, final: FinalError)]
  ) -> (count: Double, mean: Double, square: Double, indexSquare: Double, product: Double) {
    var (count, x, y, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for (candidate, final) in finals {
      guard let value = indices[index][candidate] else { continue }
      count += 1
      x += value
      y += final.mean
      xx += value * value
      yy += final.mean * final.mean
      xy += value * final.mean
    }
    guard count > 0 else { return (0, 0, 0, 0, 0) }
    return (count, x / count, max(0, yy - y * y / count), max(0, xx - x * x / count), xy - x * y / count)
  }

  private mutating func weigh(_ logs: [Double]) {
    let most = max(0, logs.max() ?? 0)
    let nothing = Self.nothing * PortableMath.exp(-most)
    let weights = zip(hypotheses, logs).map { $0.prior * PortableMath.exp($1 - most) }
    let sum = weights.reduce(nothing, +)
    nothingProbability = nothing / sum
    for place in hypotheses.indices { hypotheses[place].weight = weights[place] / sum }
  }

  // MARK: - Predictions

  /// What evidence and another belief in a candidate's final error say together: the moments of the mixture over the
  /// hypotheses. O(hypotheses).
  func combined(_ candidate: Int, _ final: FinalError) -> FinalError {
    guard final.deviation > 1e-6 * level.deviation else { return final }
    let own = 1 / (final.deviation * final.deviation)
    // Shifts of the mean; what says nothing of the candidate shifts nothing.
    var (shift, square, variance, mass) = (0.0, 0.0, 0.0, 0.0)
    for hypothesis in hypotheses where hypothesis.weight > 1e-4 {
      guard let value = indices[hypothesis.index][candidate] else { continue }
      let (c, s) = (hypothesis.correlation, level.deviation)
      let precision = c * c / ((1 - c * c) * s * s)
      let left = 1 / (own + precision)
      let one = left * precision * (level.mean + s * value / c - final.mean)
      mass += hypothesis.weight
      shift += hypothesis.weight * one
      square += hypothesis.weight * one * one
      variance += hypothesis.weight * left
    }
    variance += (1 - mass) / own + square - shift * shift
    return FinalError(
      mean: final.mean + shift, deviation: max(FinalError.seenDeviation, variance.squareRoot()),
      commonDeviation: final.commonDeviation)
  }

  /// What is believed of a candidate before any was seen: its log error less the pool's mean.
  func prior(of candidate: Int) -> FinalError {
    combined(candidate, FinalError(mean: level.mean, deviation: level.deviation))
  }

  /// The candidates by what evidence alone says of them, the best first. O(candidates log candidates).
  var order: [Int] {
    let priors = indices[0].indices.map { prior(of: $0).mean }
    return priors.indices.sorted { (priors[$0], $0) < (priors[$1], $1) }
  }
}
