internal import Basics

extension FittedFamily {
  /// Times and energies with a plateau, variances, and scales of tables other than the likeliest, drawn from how likely
  /// they are: intervals that took these as known would be too narrow.
  ///
  /// The plateau comes first; then each part of the variances, from its likelihood with the others held, times its
  /// prior; then the scales of tables from their likelihood at the variances drawn, given the common law.
  static func variants(
    _ hypotheses: [Plateau.Hypothesis], count: Int
  ) -> [(time: FittedFamily, energy: FittedFamily)] {
    let weights = hypotheses.map(\.weight)
    let fits = hypotheses.map { [$0.time, $0.energy] }
    typealias Parts = [[(LawVariances.Part, Weighted<Double>)]]
    var parts = [Parts?](repeating: nil, count: fits.count)
    return (0..<count).map { index in
      var random = SplitMix64(seed: 1, index: index)
      let chosen = Weighted(values: Array(fits.indices), weights: weights).draw(&random)
      var variants = fits[chosen]
      if parts[chosen] == nil {
        parts[chosen] = fits[chosen].map { fit in fit.variances.parts.map { ($0, fit.distribution(of: $0)) } }
      }
      for quantity in variants.indices {
        for (part, values) in parts[chosen]![quantity] { variants[quantity].variances[part] = values.draw(&random) }
      }
      let likeness = TableLikeness(time: variants[0].scaleCosts(), energy: variants[1].scaleCosts())
      let scales = likeness.draw(&random)
      variants[0].setScales(scales.map(\.time))
      variants[1].setScales(scales.map(\.energy))
      return (variants[0], variants[1])
    }
  }

  /// Values that are less likely than the likeliest by more than a factor of 100 are left out.
  private static let leastLogWeight = 4.6

  /// The values of one part that are likely when the others are as found, in steps of 1 (of the decay: 0.075).
  private func distribution(of part: LawVariances.Part) -> Weighted<Double> {
    let usual = part.usualFraction
    func logWeight(_ variances: LawVariances, _ evaluation: LawFamily.Evaluation) -> Double {
      let noise = evaluation.noiseVariance.squareRoot()
      let fit = -(evaluation.cost - variances.penalty(noiseDeviation: noise)) / 2
      if part == .decay { return fit }
      let deviation = PortableMath.exp(variances[part] / 2) * noise
      guard let usual else { return fit + variances[part] / 2 }
      if part.mayBeAbsent, variances[part] == part.bounds.lowerBound { return fit }
      // A step of 1 in the logarithm of the variance is one of half of itself in the standard deviation.
      let ratio = deviation / usual
      return fit + PortableMath.log(ratio / (1 + ratio * ratio) / Double.pi)
    }
    var (values, weights) = ([variances[part]], [logWeight(variances, evaluation)])
    for sign in [1.0, -1] {
      var trial = variances
      while true {
        let before = trial
        trial[part] += sign * part.stepScale
        if trial == before { break }
        let weight = logWeight(trial, family.evaluate(trial))
        // Where the prior has a mass of its own, it may lie behind values that are hardly likely.
        if weight < weights[0] - (usual == nil ? Self.leastLogWeight : 1.5 * Self.leastLogWeight) { break }
        values.append(trial[part])
        weights.append(weight)
      }
    }
    let most = weights.max()!
    return Weighted(values: values, weights: weights.map { PortableMath.exp($0 - most) })
  }
}
