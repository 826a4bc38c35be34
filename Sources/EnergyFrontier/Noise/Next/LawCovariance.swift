internal import Basics

/// How uncertain a family's laws are, and how they depend on each other: the posterior covariances of the logarithms of
/// all tables at all clocks, at the variances found.
///
/// **Form.** With `x` the common columns and `r` a table's own columns at a clock, `A = L Lᵀ` the equations for the
/// own part of table k, `B` its cross equations and `S = C Cᵀ` the equations for the common part (``LawFamily``), the
/// law at a clock is a constant plus `(x - Bᵀ A⁻¹ r)ᵀ alpha` plus an independent part of variance `rᵀ A⁻¹ r`, in units
/// of the noise variance. So each (table, clock) has a *feature*
///
///     phi = (C⁻¹ (x - Bᵀ A⁻¹ r), 0, ..., L⁻¹ r, ..., 0)
///
/// with a block for each table, and every covariance is an inner product of two features.
///
/// **Measuring.** A sample at a feature q of squared length s, with noise n, takes `(phi·q)(phi'·q) / (s + n)` from
/// each covariance. That is what is left when each feature is shortened along q by the factor `sqrt(n / (s + n))`.
struct LawCovariance {
  private let clockCount: Int
  private let width: Int
  /// By table, clock and coordinate.
  private var features: [Double]
  /// Variance of one sample about its law: noise, and what a table has at one clock for itself.
  let sampleVariance: Double

  /// - Complexity: O(tables x clocks x (p² + p d + d²)) for `p` common and `d` own columns.
  init(_ fit: FittedFamily) {
    let (family, variances, evaluation) = (fit.family, fit.variances, fit.evaluation)
    let (d, p) = (LawFamily.ownCount, evaluation.common.count)
    let smooth = LawFamily.degree + 1
    let own = variances.ratio(.own)
    let rows = family.clocks.indices.map(family.ownRow)
    clockCount = family.clocks.count
    width = p + d * family.tables.count
    sampleVariance = evaluation.noiseVariance * (1 + own)
    features = Array(repeating: 0, count: family.tables.count * clockCount * width)
    let scale = fit.noiseFraction
    for (index, table) in family.tables.enumerated() {
      let factor = evaluation.ownFactors[index]
      var cross = [Double](repeating: 0, count: p * d)
      for (option, position) in table.positions.enumerated() where table.counts[option] > 0 {
        let weight = table.counts[option] / (1 + own * table.counts[option])
        for (a, value) in Self.commonRow(family, position, count: p, smooth: smooth) {
          for b in 0..<d { cross[a * d + b] += weight * value * rows[position][b] }
        }
      }
      for a in 0..<p { factor.solveLower(&cross, from: a * d) }
      for clock in 0..<clockCount {
        var part = rows[clock]
        factor.solveLower(&part)
        var common = [Double](repeating: 0, count: p)
        for (a, value) in Self.commonRow(family, clock, count: p, smooth: smooth) { common[a] = value }
        for a in 0..<p {
          for b in 0..<d { common[a] -= cross[a * d + b] * part[b] }
        }
        evaluation.commonFactor.solveLower(&common)
        let start = (index * clockCount + clock) * width
        for a in 0..<p { features[start + a] = scale * common[a] }
        for b in 0..<d { features[start + p + index * d + b] = scale * part[b] }
      }
    }
  }

  /// The common columns that are not 0 at a clock.
  private static func commonRow(_ family: LawFamily, _ clock: Int, count: Int, smooth: Int) -> [(Int, Double)] {
    let position = min(clock, family.cut)
    let row = Array(family.polynomials[position].enumerated()).map { ($0.offset, $0.element) }
    return count > smooth ? row + [(smooth + position, 1)] : row
  }

  /// Covariances of a sample's mean with a table's law at each clock, over the standard deviation of the sample: by how
  /// much one standard deviation of the sample moves the law. O(clocks x width).
  func shifts(of table: Int, byMeasuring measured: (table: Int, clock: Int)) -> [Double] {
    let from = (measured.table * clockCount + measured.clock) * width
    return features.withUnsafeBufferPointer { f in
      var variance = sampleVariance
      for a in 0..<width { variance += f[from + a] * f[from + a] }
      let scale = 1 / variance.squareRoot()
      return (0..<clockCount).map { clock in
        let start = (table * clockCount + clock) * width
        var sum = 0.0
        for a in 0..<width { sum += f[start + a] * f[from + a] }
        return sum * scale
      }
    }
  }

  /// What is left uncertain after one more sample. O(tables x clocks x width).
  mutating func measure(table: Int, clock: Int) {
    let from = (table * clockCount + clock) * width
    let direction = Array(features[from..<(from + width)])
    let square = direction.reduce(0) { $0 + $1 * $1 }
    guard square > 0 else { return }
    let shortening = (1 - (sampleVariance / (square + sampleVariance)).squareRoot()) / square
    let width = width
    features.withUnsafeMutableBufferPointer { f in
      for start in stride(from: 0, to: f.count, by: width) {
        var along = 0.0
        for a in 0..<width { along += f[start + a] * direction[a] }
        for a in 0..<width { f[start + a] -= shortening * along * direction[a] }
      }
    }
  }
}
