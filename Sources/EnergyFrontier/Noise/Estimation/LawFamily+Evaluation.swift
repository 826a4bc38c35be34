internal import Basics

extension LawFamily {
  /// A family's best linear unbiased prediction at given variances (Henderson's mixed model equations).
  struct Evaluation: Sendable {
    /// Twice the negative restricted log likelihood, up to a constant, with the priors' share.
    let cost: Double
    let noiseVariance: Double
    /// Coefficients of the common law.
    let common: [Double]
    /// Of the equations for `common`.
    let commonFactor: CholeskyFactor
    /// For each table the factor of the equations for its own part, given the common law.
    let ownFactors: [CholeskyFactor]
  }

  /// Solves the family's equations in O(designs * (d² options + d² p + d p²) + tables * d options + p³), where `d`
  /// counts a table's own columns, `p` those of the common law, and designs are tables with different clocks, counts or
  /// scales.
  func evaluate(_ variances: LawVariances) -> Evaluation {
    let d = Self.ownCount
    let precisions = commonPrecisions(variances)
    let (p, smooth) = (precisions.count, Self.degree + 1)
    let isRough = p > smooth
    let prior = ownVariances(variances)
    let logPrior = prior.reduce(0) { $0 + PortableMath.log($1) }
    let own = variances.ratio(.own)
    let rows = clocks.indices.map(ownRow)

    var system = [Double](repeating: 0, count: p * p)
    var right = [Double](repeating: 0, count: p)
    var (squares, logDeterminant, freedom) = (withinSquares, 0.0, Double(withinFreedom) - 2)
    var factors = [CholeskyFactor?](repeating: nil, count: tables.count)
    // Tables that are alike in clocks, counts and scale share a factor.
    for (first, design) in tables.enumerated() where factors[first] == nil {
      let members = (first..<tables.count).filter {
        designs[$0] == designs[first] && tables[$0].scale == design.scale
      }
      let count = Double(members.count)
      let weights = design.counts.map { $0 / (1 + own * $0) }
      // Normal equations of the own part; its polynomial columns are those of the common law, too.
      var normal = [Double](repeating: 0, count: d * d)
      var cross = [Double](repeating: 0, count: p * d)
      for (position, weight) in zip(design.positions, weights) where weight > 0 {
        let row = rows[position]
        for a in 0..<d {
          let scaled = weight * row[a]
          for b in 0...a { normal[a * d + b] += scaled * row[b] }
          if isRough { cross[(smooth + min(position, cut)) * d + a] += scaled }
        }
        if weight != 1 { logDeterminant -= count * PortableMath.log(weight) }
        freedom += count
      }
      for a in 0..<d {
        for b in 0...a {
          if b < smooth { cross[b * d + a] = normal[a * d + b] }
          if a < smooth { cross[a * d + b] = normal[a * d + b] }
        }
      }
      for a in 0..<p {
        for b in 0...a where b < smooth {
          system[a * p + b] += count * cross[a * d + b]
        }
      }
      if isRough {
        for (position, weight) in zip(design.positions, weights) {
          let column = smooth + min(position, cut)
          system[column * p + column] += count * weight
        }
      }
      let scale = Self.scales[design.scale]
      for a in 0..<d { normal[a * d + a] += 1 / (prior[a] * scale) }
      let factor = CholeskyFactor(normal, count: d)
      for column in 0..<p { factor.solveLower(&cross, from: column * d) }
      cross.withUnsafeBufferPointer { z in
        system.withUnsafeMutableBufferPointer { s in
          for a in 0..<p {
            for b in 0...a {
              var sum = 0.0
              for k in 0..<d { sum += z[a * d + k] * z[b * d + k] }
              s[a * p + b] -= count * sum
            }
          }
        }
      }
      logDeterminant += count * (factor.logDeterminant + logPrior + Double(d) * PortableMath.log(scale))
      for member in members {
        factors[member] = factor
        let logs = tables[member].logs
        var moments = [Double](repeating: 0, count: d)
        for (option, position) in design.positions.enumerated() where weights[option] > 0 {
          let weighted = weights[option] * logs[option]
          squares += weighted * logs[option]
          let row = rows[position]
          for a in 0..<d { moments[a] += weighted * row[a] }
          if isRough { right[smooth + min(position, cut)] += weighted }
        }
        for a in 0..<smooth { right[a] += moments[a] }
        factor.solveLower(&moments)
        for value in moments { squares -= value * value }
        for a in 0..<p {
          for k in 0..<d { right[a] -= cross[a * d + k] * moments[k] }
        }
      }
    }
    for a in 0..<p { system[a * p + a] += precisions[a] }
    let commonFactor = CholeskyFactor(system, count: p)
    logDeterminant += commonFactor.logDeterminant
    for precision in precisions where precision > 0 { logDeterminant -= PortableMath.log(precision) }
    var common = right
    commonFactor.solveLower(&common)
    for value in common { squares -= value * value }
    commonFactor.solveUpper(&common)
    let noise = max(squares / freedom, Self.leastNoiseVariance)
    return Evaluation(
      cost: freedom * PortableMath.log(noise) + logDeterminant
        + variances.penalty(noiseDeviation: noise.squareRoot()), noiseVariance: noise,
      common: common, commonFactor: commonFactor, ownFactors: factors.map { $0! })
  }

  /// Of logarithms; measurements that agree to 1e-8 say no more than that.
  static let leastNoiseVariance = 1e-16

  /// What is a table's own, at each clock, where the common law is `law`; `noise` adds a draw to its coefficients.
  func ownPart(
    _ table: Table, _ factor: CholeskyFactor, law: [Double], own: Double, noise: [Double]? = nil
  ) -> [Double] {
    var coefficients = [Double](repeating: 0, count: Self.ownCount)
    for (option, position) in table.positions.enumerated() where table.counts[option] > 0 {
      let weighted = table.counts[option] / (1 + own * table.counts[option]) * (table.logs[option] - law[position])
      for (a, value) in ownRow(position).enumerated() { coefficients[a] += weighted * value }
    }
    factor.solveLower(&coefficients)
    if let noise { for a in coefficients.indices { coefficients[a] += noise[a] } }
    factor.solveUpper(&coefficients)
    return clocks.indices.map { clock in
      zip(ownRow(clock), coefficients).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// The law of each table at each clock.
  func laws(_ variances: LawVariances, _ evaluation: Evaluation) -> [[Double]] {
    let common = commonLaw(evaluation.common)
    return tables.indices.map { table in
      let own = ownPart(
        tables[table], evaluation.ownFactors[table], law: common, own: variances.ratio(.own))
      return zip(common, own).map { $0 + $1 }
    }
  }
}
