internal import Basics
package import JSON
package import Sessions

/// `plan/variants`: plans for iterations of several kinds that take turns.
package enum PlanVariants: SessionQuery {
  package static let name = "plan/variants"
  package static let purpose =
    """
    Chooses a plan for each of several kinds of iterations that take turns: other numbers of microbatches, other \
    sequence lengths, iterations that write a checkpoint. Each kind is a pipeline with a frontier of its own. The \
    plans take the least energy whose mean iteration, weighted by how often each kind runs, ends in time.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .notCharacterized, .deadlineBelowMinimum,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let request: VariantRequest

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let variants = try reader.required(
        "variants", .list(of: Shape<Entry>.object().map(\.variant), count: 1...64),
        "The kinds of iterations, each pipeline once.")
      let deadline = try reader.optional(
        "deadlineSeconds", .positive, "The mean iteration may last so long. Or send `slowdownFraction`.")
      let slowdown = try reader.optional(
        "slowdownFraction", .nonNegative, "The mean iteration may last so much longer than the fastest mean.")
      try reader.checkOne(of: ["deadlineSeconds", "slowdownFraction"])
      try reader.check(
        Set(variants.map { ExactString($0.pipeline) }).count == variants.count, "variants",
        expected: "each pipeline once")
      request = VariantRequest(
        variants, target: deadline.map { .deadlineSeconds($0) } ?? .slowdownFraction(slowdown ?? 0))
    }

    private struct Entry: ObjectReadable {
      let variant: VariantRequest.Variant

      init(from reader: inout ObjectReader) throws(InvalidField) {
        let pipeline = try reader.pipeline()
        let weight = try reader.optional(
          "weight", .number(in: 1e-12...1e12), default: 1, "How often it runs, relative to the others.")
        variant = .init(pipeline: pipeline, weight: weight)
      }
    }
  }

  package typealias Answer = VariantPlans

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> VariantPlans {
    try session.plans(of: params.request)
  }
}

extension VariantPlans: AnswerObject {
  package static let fields = Fields<VariantPlans> {
    Field("meanTimeSeconds", "Time of the mean iteration.") { $0.meanTimeSeconds }
    Field("meanEnergyJoules", "Energy of all devices in the mean iteration.") { $0.meanEnergyJoules }
    Field("lowerBoundJoules", "No mixture of options whose mean iteration lasts no longer takes less.") {
      $0.lowerBoundJoules
    }
    Field("gapFraction", "Certified distance: mean energy over the bound, less 1.") { $0.gapFraction }
    Field("priceWatts", "Joules that one more second of the mean iteration would save, by the bound.") {
      $0.priceWatts
    }
    Field("variants", "The plan of each kind, in the order asked.") { $0.variants }
  }
}

extension VariantPlans.OfVariant: AnswerObject {
  package static let fields = Fields<VariantPlans.OfVariant> {
    Field("pipeline", "The pipeline.") { $0.pipeline }
    Field("shareFraction", "Its share of all iterations.") { $0.shareFraction }
    Field.generation { $0.generation }
    Field.isStale { $0.isStale }
    Field("plan", "The plan to run; see plan/get.") { $0.plan }
  }
}
