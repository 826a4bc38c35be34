internal import Basics

/// A family with the variances that fit it best.
struct FittedFamily: Sendable {
  var family: LawFamily
  var variances: LawVariances
  var evaluation: LawFamily.Evaluation

  init(_ family: LawFamily, _ variances: LawVariances) {
    self.family = family
    self.variances = variances
    evaluation = family.evaluate(variances)
  }

  /// Standard deviation of one sample, as a fraction.
  var noiseFraction: Double { evaluation.noiseVariance.squareRoot() }

  /// The law of each table at each clock, as logarithms less the family's mean.
  var laws: [[Double]] { family.laws(variances, evaluation) }
}

extension FittedFamily {
  /// Finds the variances of times and of energies, and which of the tables are alike: pattern search over the
  /// logarithms of the variances, in turn with the choice of each table's scale. Deterministic.
  static func fit(time: LawFamily, energy: LawFamily) -> (time: FittedFamily, energy: FittedFamily) {
    var start = LawVariances()
    let isAlone = time.tables.count == 1
    // One table's own part is no other than the common law.
    if isAlone { start.parts = [.common, .decay] }
    var fits = (time: FittedFamily(time, start), energy: FittedFamily(energy, start))
    fits.time.improve()
    fits.energy.improve()
    for _ in 0..<(isAlone ? 1 : 3) {
      if !isAlone { fits.time.chooseShares() }
      let scales = TableLikeness(time: fits.time.scaleCosts(), energy: fits.energy.scaleCosts()).likeliest
      fits.time.setScales(scales.map(\.time))
      fits.energy.setScales(scales.map(\.energy))
      fits.time.improve(coarsest: 1)
      fits.energy.improve(coarsest: 1)
    }
    fits.time.addRoughness()
    fits.energy.addRoughness()
    return fits
  }

  /// The costly part, for the end: with it the common law has a coefficient for each clock.
  private mutating func addRoughness() {
    variances.parts.append(.roughness)
    if family.withinFreedom >= Self.leastWithinFreedom { variances.parts.append(.own) }
    self = FittedFamily(family, variances)
    improve(only: variances.parts.suffix(from: variances.parts.firstIndex(of: .roughness)!).map { $0 }, coarsest: 4)
    improve(coarsest: 0.5)
  }

  /// Repeated samples that can tell a table's own roughness from noise.
  static let leastWithinFreedom = 10

  /// Moves the variances to a local minimum of the cost, to a quarter of the smallest step.
  ///
  /// - Parameter only: the parts to move; all when nil.
  mutating func improve(only: [LawVariances.Part]? = nil, coarsest: Double = 2, finest: Double = 0.25) {
    var step = coarsest
    // A bound on the work, far above what any profile has needed.
    for _ in 0..<40 where step >= finest {
      var moved = false
      for part in only ?? variances.parts {
        for sign in [1.0, -1] {
          while true {
            var trial = variances
            trial[part] += sign * step * part.stepScale
            if trial == variances { break }
            let evaluation = family.evaluate(trial)
            guard evaluation.cost < self.evaluation.cost - 1e-9 else { break }
            (variances, self.evaluation, moved) = (trial, evaluation, true)
          }
        }
      }
      if !moved { step /= 2 }
    }
  }

  /// The direction in which time moves when more of it does not depend on the clock: `1 / exp(c)`, less its mean.
  private mutating func chooseShares() {
    let law = family.commonLaw(evaluation.common)
    let inverse = law.map { PortableMath.exp(law[law.count - 1] - $0) }
    let mean = inverse.reduce(0, +) / Double(inverse.count)
    let size = (inverse.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(inverse.count)).squareRoot()
    if size < 1e-6 {
      // Time depends on no clock.
      family.shares = Array(repeating: 0, count: law.count)
      variances.parts.removeAll { $0 == .share }
    } else {
      family.shares = inverse.map { ($0 - mean) / size }
      if !variances.parts.contains(.share) { variances.parts.append(.share) }
    }
    evaluation = family.evaluate(variances)
  }

  mutating func setScales(_ scales: [Int]) {
    for (table, scale) in scales.enumerated() { family.tables[table].scale = scale }
    evaluation = family.evaluate(variances)
  }

  /// For each table and each of ``LawFamily/scales`` twice the negative log likelihood of what the common law leaves of
  /// the table, up to a constant of the table's own.
  func scaleCosts() -> [[Double]] {
    guard family.tables.count > 1 else { return [LawFamily.scales.indices.map { $0 == 0 ? 0 : .infinity }] }
    let law = family.commonLaw(evaluation.common)
    let prior = family.ownVariances(variances)
    let own = variances.ratio(.own)
    let rows = family.clocks.indices.map(family.ownRow)
    let d = LawFamily.ownCount
    return family.tables.map { table in
      var normal = [Double](repeating: 0, count: d * d)
      var moments = [Double](repeating: 0, count: d)
      for (option, position) in table.positions.enumerated() where table.counts[option] > 0 {
        let weight = table.counts[option] / (1 + own * table.counts[option])
        let row = rows[position]
        for a in 0..<d {
          moments[a] += weight * row[a] * (table.logs[option] - law[position])
          for b in 0...a { normal[a * d + b] += weight * row[a] * row[b] }
        }
      }
      return LawFamily.scales.indices.map { scale in
        var matrix = normal
        for a in 0..<d { matrix[a * d + a] += 1 / (prior[a] * LawFamily.scales[scale]) }
        let factor = CholeskyFactor(matrix, count: d)
        var explained = moments
        factor.solveLower(&explained)
        let squares = explained.reduce(0) { $0 + $1 * $1 }
        return factor.logDeterminant + Double(d) * PortableMath.log(LawFamily.scales[scale])
          - squares / evaluation.noiseVariance
      }
    }
  }
}
