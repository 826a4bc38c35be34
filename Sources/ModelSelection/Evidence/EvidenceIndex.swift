internal import Basics

/// What all sources of evidence say together before any candidate was seen: one figure for each candidate, of mean 0
/// and variance 1 over the pool, less being better.
///
/// Each source becomes standard scores, its outliers drawn in, so that its unit does not matter. Scores of the same and
/// of related tasks are averaged; a source that disagrees with the others counts less. Figures of the models then
/// draw the average towards the law that they follow (``SideLaw``), as far as that would have foretold each score
/// source from the others. Where no law can be fitted, they are averaged with the scores.
///
/// **Complexity.** O(sources^2 x candidates), for at most ``mostCompared`` sources.
struct EvidenceIndex {
  /// The standard scores of each source that tells two candidates apart, by candidate; nil where it says nothing.
  let sources: [[Double?]]
  let together: [Double?]
  /// How well the index is expected to correlate with what sources have in common, in 0...1; 1 for a single source.
  let reliability: Double

  /// A source whose mean correlation with the others is below `full` counts in proportion, but for at least `least`.
  /// Above it, lower agreement is no fault: a source that measures something else adds more.
  private static let agreement = (full: 0.3, least: 0.1)
  /// A source is compared with so many others.
  private static let mostCompared = 12
  /// The part of the law where a single source of scores does not show what it is worth.
  private static let usualLawShare = 0.5
  /// Values farther than so many deviations from the median, as half of the values show them, are drawn in.
  private static let farthest = 3.0

  private struct Source {
    let kind: EvidenceSource.Kind
    let scores: [Double?]
    var weight = 1.0
  }

  /// Nil where no source tells two candidates apart.
  init?(_ told: [EvidenceSource], candidateCount: Int) {
    var sources = told.compactMap { source in
      Self.standardScores(source.values, count: candidateCount).map { Source(kind: source.kind, scores: $0) }
    }
    guard !sources.isEmpty else { return nil }
    let agreements = Self.agreements(sources.map(\.scores))
    for place in sources.indices {
      let agreement = min(1, max(Self.agreement.least, (agreements[place] ?? 1) / Self.agreement.full))
      sources[place].weight = sources[place].kind.weight * agreement
    }
    self.sources = sources.map(\.scores)
    reliability = Self.reliability(agreements)
    let sides = sources.filter { $0.kind == .side }
    let scores = sources.filter { $0.kind != .side }
    if let law = SideLaw(sides.map(\.scores)), let lawful = Self.lawful(scores, law) {
      together = Self.standardized(lawful)
    } else {
      together = Self.standardized(Self.mean(of: sources))
    }
  }

  /// The mean of the scores, drawn towards the law; nil where it cannot be fitted.
  private static func lawful(_ scores: [Source], _ law: SideLaw) -> [Double?]? {
    guard !scores.isEmpty else { return nil }
    let mean = mean(of: scores)
    guard let fitted = law.fitted(mean) else { return nil }
    let share = lawShare(scores, law)
    return zip(mean, fitted).map { score, lawful in
      guard let score else { return lawful }
      return lawful.map { score + share * ($0 - score) } ?? score
    }
  }

  /// The part of the law that foretells each source of scores best from the others, by least squares, in 0...1.
  private static func lawShare(_ scores: [Source], _ law: SideLaw) -> Double {
    var (product, square) = (0.0, 0.0)
    for left in scores.indices.prefix(mostCompared) where scores.count > 1 {
      let mean = mean(of: scores.indices.filter { $0 != left }.map { scores[$0] })
      guard let fitted = law.fitted(mean) else { continue }
      for ((score, mean), lawful) in zip(zip(scores[left].scores, mean), fitted) {
        guard let score, let mean, let lawful else { continue }
        product += (score - mean) * (lawful - mean)
        square += (lawful - mean) * (lawful - mean)
      }
    }
    return square > 0 ? min(1, max(0, product / square)) : usualLawShare
  }

  // MARK: - Standard scores

  /// Values as deviations from their mean in units of their standard deviation, the greatest value the least. Nil where
  /// no two differ.
  private static func standardScores(_ values: [Double?], count: Int) -> [Double?]? {
    var values = Array(values.prefix(count)) + Array(repeating: nil, count: max(0, count - values.count))
    let known = values.compactMap { $0 }.sorted()
    guard let least = known.first, let most = known.last, least < most else { return nil }
    let median = known[known.count / 2]
    let middle = known.map { abs($0 - median) }.sorted()[known.count / 2]
    // Of a normal variable, half of the values lie within 0.6745 deviations.
    if middle > 0 {
      let reach = farthest * middle / 0.6745
      for candidate in values.indices {
        values[candidate] = values[candidate].map { min(median + reach, max(median - reach, $0)) }
      }
    }
    return standardized(values.map { $0.map { -$0 } })
  }

  /// The values with mean 0 and variance 1, where they differ.
  private static func standardized(_ values: [Double?]) -> [Double?] {
    let known = values.compactMap { $0 }
    let mean = known.reduce(0, +) / Double(max(1, known.count))
    let square = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, known.count))
    guard square > 0 else { return values.map { $0.map { _ in 0 } } }
    return values.map { $0.map { ($0 - mean) / square.squareRoot() } }
  }

  /// The weighted mean of sources over those that know a candidate.
  private static func mean(of sources: [Source]) -> [Double?] {
    guard let first = sources.first else { return [] }
    return first.scores.indices.map { candidate in
      var (sum, weight) = (0.0, 0.0)
      for source in sources {
        guard let value = source.scores[candidate] else { continue }
        sum += source.weight * value
        weight += source.weight
      }
      return weight > 0 ? sum / weight : nil
    }
  }

  // MARK: - Agreement

  /// For each source its mean correlation with the others; nil where there is no other to compare it with.
  private static func agreements(_ sources: [[Double?]]) -> [Double?] {
    sources.indices.map { one in
      let others = sources.indices.filter { $0 != one }.prefix(mostCompared)
        .compactMap { correlation(sources[one], sources[$0]) }
      return others.isEmpty ? nil : max(0, others.reduce(0, +) / Double(others.count))
    }
  }

  private static func correlation(_ one: [Double?], _ other: [Double?]) -> Double? {
    var (product, square, otherSquare, count) = (0.0, 0.0, 0.0, 0)
    for (x, y) in zip(one, other) {
      guard let x, let y else { continue }
      product += x * y
      square += x * x
      otherSquare += y * y
      count += 1
    }
    guard count > 2, square > 0, otherSquare > 0 else { return nil }
    return product / (square * otherSquare).squareRoot()
  }

  /// That of a mean of sources: Spearman and Brown 1910.
  private static func reliability(_ agreements: [Double?]) -> Double {
    let known = agreements.compactMap { $0 }
    guard !known.isEmpty else { return 1 }
    let mean = known.reduce(0, +) / Double(known.count)
    let count = Double(agreements.count)
    return (count * mean / (1 + (count - 1) * mean)).squareRoot()
  }
}
