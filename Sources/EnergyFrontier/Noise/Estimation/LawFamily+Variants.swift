internal import Basics

extension FittedFamily {
  /// The family at variances, and scales of tables, other than the likeliest, drawn from how likely they are: intervals
  /// that took the variances as known would be too narrow.
  ///
  /// Each part is drawn from its likelihood with the others held, times a prior that is even in the standard deviation
  /// but for ``LawVariances/penalty``; each table's scale from its likelihood given the common law.
  func variants(count: Int, seed: UInt64) -> [FittedFamily] {
    let parts = variances.parts.map { ($0, distribution(of: $0)) }
    let scales = scaleCosts()
    return (0..<count).map { index in
      var random = SplitMix64(seed: seed, index: index)
      var variant = (family: family, variances: variances)
      for (part, values) in parts { variant.variances[part] = values.draw(&random) }
      for (table, costs) in scales.enumerated() {
        let least = costs.min()!
        let weights = costs.map { PortableMath.exp((least - $0) / 2) }
        let all = Array(LawFamily.scales.indices)
        variant.family.tables[table].scale = Weighted(values: all, weights: weights).draw(&random)
      }
      return FittedFamily(variant.family, variant.variances)
    }
  }

  /// The values of one part that are likely when the others are as found, in steps of 1 (of the decay: 0.075).
  private func distribution(of part: LawVariances.Part) -> Weighted<Double> {
    func weight(_ variances: LawVariances, _ cost: Double) -> Double {
      let density = part == .decay ? 0 : (variances[part] - self.variances[part]) / 2
      return PortableMath.exp((evaluation.cost - cost) / 2 + density)
    }
    var (values, weights) = ([variances[part]], [1.0])
    for sign in [1.0, -1] {
      var trial = variances
      while true {
        let before = trial
        trial[part] += sign * part.stepScale
        if trial == before { break }
        let weight = weight(trial, family.evaluate(trial).cost)
        // Towards zero variance the likelihood levels off, but the prior falls.
        guard weight > 0.01 else { break }
        values.append(trial[part])
        weights.append(weight)
      }
    }
    return Weighted(values: values, weights: weights)
  }
}

/// A distribution over a few values.
private struct Weighted<Value> {
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
