internal import EnergyFrontier
internal import JSON

/// Iterations of several kinds that take turns, each a pipeline of its own, and how long their mean may last.
package struct VariantRequest: Sendable {
  package struct Variant: Sendable {
    package let pipeline: String
    /// How often it runs, relative to the others; positive.
    package let weight: Double

    package init(pipeline: String, weight: Double) {
      self.pipeline = pipeline
      self.weight = weight
    }
  }

  package enum Target: Sendable {
    case deadlineSeconds(Double)
    /// Above the fastest mean.
    case slowdownFraction(Double)
  }

  package var variants: [Variant]
  package var target: Target

  package init(_ variants: [Variant], target: Target) {
    self.variants = variants
    self.target = target
  }
}

/// The plans of variants, and what their mean iteration takes.
package struct VariantPlans: Sendable {
  package struct OfVariant: Sendable {
    package let pipeline: String
    /// Of all iterations.
    package let shareFraction: Double
    package let generation: Int
    package let isStale: Bool
    package let plan: PlanSummary
  }

  package let meanTimeSeconds: Double
  package let meanEnergyJoules: Double
  package let lowerBoundJoules: Double
  /// Joules that one more second of the mean would save, by the bound.
  package let priceWatts: Double
  package let variants: [OfVariant]

  package var gapFraction: Double { Plan.gapFraction(meanEnergyJoules, overBound: lowerBoundJoules) }
}

extension SessionState {
  /// The plan of each variant for which the mean iteration takes the least energy within the target.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, `notCharacterized` or `deadlineBelowMinimum`.
  /// - Complexity: O(variants x plans x ``IterationMix/mostPoints``).
  package func plans(of request: VariantRequest) throws(RequestError) -> VariantPlans {
    let current = try request.variants.map { (variant) throws(RequestError) in
      try currentFrontier(of: variant.pipeline)
    }
    let mix = IterationMix(
      zip(request.variants, current).map { (weight: $0.weight, frontier: $1.characterized.frontier) })
    let minimum = mix.points[0].meanTimeSeconds
    let (path, seconds) =
      switch request.target {
      case .deadlineSeconds(let seconds): ("deadlineSeconds", seconds)
      case .slowdownFraction(let fraction): ("slowdownFraction", minimum * (1 + fraction))
      }
    guard let point = mix.point(within: seconds) else {
      throw RequestError(
        .deadlineBelowMinimum, path: path, expected: "a mean iteration time of at least \(minimum) s",
        found: "\(seconds) s", fix: "allow a longer time",
        details: [.init(key: "minimumTimeSeconds", value: .number(minimum))])
    }
    let bound = mix.lowerBound(within: point.meanTimeSeconds)
    let total = request.variants.reduce(0) { $0 + $1.weight }
    return VariantPlans(
      meanTimeSeconds: point.meanTimeSeconds, meanEnergyJoules: point.meanEnergyJoules,
      lowerBoundJoules: bound.joules, priceWatts: bound.priceWatts,
      variants: request.variants.indices.map { index in
        VariantPlans.OfVariant(
          pipeline: request.variants[index].pipeline, shareFraction: request.variants[index].weight / total,
          generation: current[index].generation, isStale: current[index].isStale,
          plan: current[index].characterized.summary(ofPlan: point.plans[index]))
      })
  }
}
