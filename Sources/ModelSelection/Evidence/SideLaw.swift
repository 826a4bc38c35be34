internal import Basics

/// How figures of the models themselves, such as alignment and correspondence, foretell scores: a quadratic law of
/// all of them, fitted to scores that are known of other tasks.
///
/// A score of one task holds luck of that task; the law keeps of it what models of like figures share. Of an encoder
/// without scores it makes a prediction from its figures alone.
///
/// **Method.** Ridge regression on the figures, their squares and products, of the ridge whose predictions of
/// candidates left out are best. Linear where candidates are too few for squares; none where they are too few for that.
///
/// **Complexity.** O(candidates x features^2) to build and for a fit; at most 10 features.
///
/// **References.** The law in two figures: Yang et al. 2024, "Law of Vision Representation in MLLMs", 3. Errors of
/// predictions of what is left out, from one fit: Allen 1974.
struct SideLaw {
  /// So many figures take part with squares and products, and so many without.
  private static let (mostSquared, mostLinear) = (3, 8)
  private static let ridges = [0.01, 0.1, 0.3, 1, 3, 10]

  /// By candidate: 1, the figures, and their products; nil where a figure is unknown.
  private let features: [[Double]?]
  private let count: Int

  /// - Parameter sides: the figures' standard scores, by figure and candidate; the first ones take part.
  ///
  /// Nil where too few candidates differ.
  init?(_ sides: [[Double?]]) {
    guard let candidateCount = sides.first?.count else { return nil }
    let rows = (0..<candidateCount).map { candidate in sides.prefix(Self.mostLinear).map { $0[candidate] } }
    let isSquared = sides.count <= Self.mostSquared
    for squared in isSquared ? [true, false] : [false] {
      let features = rows.map { row in
        row.contains(nil) ? nil : Self.features(row.compactMap { $0 }, squared: squared)
      }
      let known = Set(features.compactMap { $0 })
      // What several candidates share is known once.
      guard let count = known.first?.count, known.count >= 2 * count else { continue }
      (self.features, self.count) = (features, count)
      return
    }
    return nil
  }

  private static func features(_ values: [Double], squared: Bool) -> [Double] {
    var features = [1] + values
    guard squared else { return features }
    for first in values.indices { features += values[first...].map { values[first] * $0 } }
    return features
  }

  /// The scores by the law, for each candidate whose figures are known; nil where too few have a score.
  func fitted(_ scores: [Double?]) -> [Double?]? {
    let known = features.indices.compactMap { candidate -> (row: [Double], score: Double)? in
      guard let row = features[candidate], let score = scores[candidate] else { return nil }
      return (row, score)
    }
    guard Set(known.map(\.row)).count >= 2 * count else { return nil }
    var (products, targets) = ([Double](repeating: 0, count: count * count), [Double](repeating: 0, count: count))
    for (row, score) in known {
      for one in 0..<count {
        targets[one] += row[one] * score
        for other in 0..<count { products[one * count + other] += row[one] * row[other] }
      }
    }
    var best: (error: Double, weights: [Double])?
    for ridge in Self.ridges {
      var damped = products
      for feature in 1..<count { damped[feature * count + feature] += ridge }
      guard let inverse = Self.inverse(damped, count) else { continue }
      let weights = (0..<count).map { Self.dot(inverse[($0 * count)..<(($0 + 1) * count)], targets) }
      var error = 0.0
      for (row, score) in known {
        let leverage = row.indices.reduce(0) { sum, feature in
          sum + row[feature] * Self.dot(inverse[(feature * count)..<((feature + 1) * count)], row)
        }
        let left = (score - Self.dot(row[...], weights)) / max(1e-9, 1 - leverage)
        error += left * left
      }
      if error < best?.error ?? .infinity { best = (error, weights) }
    }
    return best.map { best in features.map { $0.map { Self.dot($0[...], best.weights) } } }
  }

  private static func dot(_ one: ArraySlice<Double>, _ other: [Double]) -> Double {
    zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The inverse of a symmetric positive definite matrix of `count` rows; nil where it is singular. O(count^3).
  private static func inverse(_ matrix: [Double], _ count: Int) -> [Double]? {
    var left = matrix
    var right = [Double](repeating: 0, count: count * count)
    for place in 0..<count { right[place * count + place] = 1 }
    for pivot in 0..<count {
      let scale = left[pivot * count + pivot]
      guard scale > 1e-12 else { return nil }
      for column in 0..<count {
        left[pivot * count + column] /= scale
        right[pivot * count + column] /= scale
      }
      for row in 0..<count where row != pivot {
        let factor = left[row * count + pivot]
        guard factor != 0 else { continue }
        for column in 0..<count {
          left[row * count + column] -= factor * left[pivot * count + column]
          right[row * count + column] -= factor * right[pivot * count + column]
        }
      }
    }
    return right
  }
}
