internal import Basics

/// Which tables of a family are alike, in time and in energy together: equal stages are equal in both, and an unlike
/// one mostly differs in both.
///
/// A table is alike, with no part of its own, or unlike; then its own part has one of ``LawFamily/scales`` in time and
/// one in energy, by ``scaleWeights``. How many tables are alike is learned from all of them, from an even prior.
struct TableLikeness: Sendable {
  struct Scales: Hashable {
    let time: Int
    let energy: Int
  }

  /// Weights of an unlike table's scales. The first is no part of its own in that quantity alone.
  private static let scaleWeights = [0.1, 0.1, 0.25, 0.35, 0.2]

  /// All pairs of scales that a table may have; the first is that of alike tables.
  private let pairs: [Scales]
  /// For each table and each of `pairs` how likely it is, up to a factor.
  private let weights: [[Double]]

  /// - Parameters:
  ///   - time: for each table and scale twice the negative log likelihood (``FittedFamily/scaleCosts()``).
  ///   - energy: likewise.
  init(time: [[Double]], energy: [[Double]]) {
    let scales = LawFamily.scales.indices
    let pairs = scales.flatMap { time in scales.map { Scales(time: time, energy: $0) } }
    let alike = pairs.firstIndex(of: Scales(time: 0, energy: 0))!
    let likelihoods = zip(time, energy).map { time, energy in
      let least = time.min()! + energy.min()!
      return pairs.map { PortableMath.exp((least - time[$0.time] - energy[$0.energy]) / 2) }
    }
    let unlike = pairs.map { Self.scaleWeights[$0.time] * Self.scaleWeights[$0.energy] }
    let evidences = likelihoods.map { values in
      (alike: values[alike], unlike: zip(values, unlike).reduce(0) { $0 + $1.0 * $1.1 })
    }
    var share = 0.5
    for _ in 0..<Self.roundCount {
      let expected = evidences.reduce(0) {
        $0 + share * $1.alike / (share * $1.alike + (1 - share) * $1.unlike)
      }
      share = (expected + 1) / Double(evidences.count + 2)
    }
    self.pairs = pairs
    weights = likelihoods.map { values in
      pairs.indices.map { pair in
        values[pair] * ((1 - share) * unlike[pair] + (pair == alike ? share : 0))
      }
    }
  }

  /// Steps of expectation and maximisation; the share moves by less than a thousandth after them.
  private static let roundCount = 20

  /// Each table's likeliest scales.
  var likeliest: [Scales] {
    weights.map { weights in pairs[weights.indices.min { (-weights[$0], $0) < (-weights[$1], $1) }!] }
  }

  /// Scales of all tables, by how likely they are.
  func draw(_ random: inout SplitMix64) -> [Scales] {
    weights.map { Weighted(values: pairs, weights: $0).draw(&random) }
  }
}

/// A distribution over a few values.
struct Weighted<Value> {
  let values: [Value]
  let weights: [Double]

  func draw(_ random: inout SplitMix64) -> Value {
    var left = random.unitFraction() * weights.reduce(0, +)
    for (value, weight) in zip(values, weights) {
      left -= weight
      if left < 0 { return value }
    }
    return values[values.count - 1]
  }
}
