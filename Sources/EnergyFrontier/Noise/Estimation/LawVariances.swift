internal import Basics

/// The variances of a ``LawFamily``, each as the natural logarithm of its ratio to the noise variance, and the decay of
/// the polynomials' variances. They are found by the family's restricted likelihood.
struct LawVariances: Sendable, Equatable {
  enum Part: Int, CaseIterable {
    /// How far the levels of tables differ.
    case level
    /// How far the shapes of tables differ, degree by degree.
    case deviation
    /// How far the common law bends.
    case common
    /// The factor from one degree's variance to the next, itself and not its logarithm.
    case decay
    /// How far the shares of time that do not depend on the clock differ.
    case share
    /// What the tables have in common at single clocks, beside the smooth law.
    case roughness
    /// What one table has at one clock for itself; only repeated samples tell it from noise.
    case own
  }

  private var values: [Double] = [2, 0, 6, 0.3, 2, -4, -4]
  /// Parts that are there at all.
  var parts: [Part] = [.level, .deviation, .common, .decay]

  subscript(part: Part) -> Double {
    get { values[part.rawValue] }
    set { values[part.rawValue] = min(max(newValue, part.bounds.lowerBound), part.bounds.upperBound) }
  }

  /// The variance of a part over that of the noise; 0 for parts that are not there.
  func ratio(_ part: Part) -> Double { parts.contains(part) ? PortableMath.exp(self[part]) : 0 }

  /// Twice the negative log prior, where the noise has this standard deviation. It grows with the standard deviation of
  /// each part, so that a part must earn its place (penalised complexity, Simpson et al. 2017, 10.1214/16-STS576);
  /// levels and the common law are free.
  ///
  /// What is usual for a part does not depend on how well it was measured, so its scale is one of tables and not of
  /// noise, and the prior's tail is heavy (Gelman 2006, 10.1214/06-BA117A): a few exact measurements may show what
  /// noisy ones could not.
  func penalty(noiseDeviation: Double) -> Double {
    parts.reduce(0) { sum, part in
      guard let (weight, usual) = part.prior else { return sum }
      return sum + weight * PortableMath.log(1 + PortableMath.exp(self[part] / 2) * noiseDeviation / usual)
    }
  }
}

extension LawVariances.Part {
  var bounds: ClosedRange<Double> {
    switch self {
    case .level, .deviation: -8...14
    case .common: -4...16
    case .decay: 0.02...0.9
    case .share: -8...14
    case .roughness: -8...8
    case .own: -8...14
    }
  }

  /// Step of the search at its coarsest, over that of the variances.
  var stepScale: Double { self == .decay ? 0.075 : 1 }

  /// Whether a part is as likely not to be there at all, beforehand: stages that run one program differ in nothing.
  /// Then the lower bound stands for none.
  var mayBeAbsent: Bool { [.deviation, .share, .own].contains(self) }

  /// Scale of the half-Cauchy prior of a part's standard deviation, as a fraction, for draws; nil where all standard
  /// deviations are as likely.
  var usualFraction: Double? {
    switch self {
    case .common, .decay: nil
    case .level: 0.1
    case .deviation, .share: 0.05
    case .roughness: 0.002
    case .own: 0.005
    }
  }

  /// The weight of the prior and the standard deviation, as a fraction, from which on it levels off.
  fileprivate var prior: (weight: Double, usualFraction: Double)? {
    switch self {
    case .level, .common, .decay: nil
    case .deviation, .share: (2, 0.05)
    case .roughness: (3, 0.002)
    case .own: (1, 0.005)
    }
  }
}
