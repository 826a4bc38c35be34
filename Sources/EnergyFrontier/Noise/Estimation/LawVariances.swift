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

  /// Twice the negative log prior. It grows with the standard deviation of each part, so that a part must earn its
  /// place (penalised complexity, Simpson et al. 2017, 10.1214/16-STS576); levels and the common law are free.
  var penalty: Double {
    parts.reduce(0) { sum, part in
      part.weight == 0 ? sum : sum + part.weight * PortableMath.exp(self[part] / 2)
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

  /// Of the penalty, for each noise standard deviation.
  fileprivate var weight: Double {
    switch self {
    case .level, .common, .decay: 0
    case .deviation, .share, .own: 0.5
    case .roughness: 10
    }
  }
}
