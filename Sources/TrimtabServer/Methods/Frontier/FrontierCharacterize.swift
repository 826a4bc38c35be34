package import Basics
internal import EnergyFrontier
package import JSON
package import Sessions

/// `frontier/characterize`: computes the frontier.
package enum FrontierCharacterize: BackgroundStep {
  package static let name = "frontier/characterize"
  package static let purpose =
    """
    Computes the exact lower bound of energy over iteration time, and real plans certified close to it. Runs beside \
    other requests, reports progress and can be cancelled. The earlier frontier answers until the new one replaces it \
    as a whole.
    """
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .invalidProfile, .incompleteProfile, .overloaded, .cancelled, .inputsChanged,
  ]

  package struct Params: SessionScoped {
    package let session: String
    package let request: CharacterizationRequest

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      let pipeline = try reader.pipeline()
      let planCount = try reader.optional(
        "planCount", .integer(in: 2...4096), default: CharacterizationOptions().deadlineCount,
        "Deadlines, evenly spaced from the fastest to the cheapest iteration time, that get a plan of their own.")
      let certifies = try reader.optional(
        "certify", .bool, default: false,
        "Whether to check the curve and every plan independently of how they were found.")
      let follows = try reader.optional(
        "follow", .bool, default: false,
        """
        Whether to compute the frontier again in the background, with these options, whenever the profile changes; \
        `frontier/changed` announces each. First comes the new lower bound with the existing plans, at once, then the \
        result of a whole search. Holds until the next frontier/characterize or pipeline/define.
        """
      )
      let estimate: TableEstimate = try reader.optional(
        "estimate", .choice(), default: .measured,
        """
        Which tables plans are made on. `measured`: the mean of each option's samples. `smoothed`: what the samples of \
        all stages say of the true times and energies, by a law over the clock for each kind of instruction; for \
        profiles with noise. `completed`: the same, and each stage also has the frequencies that were measured of the \
        instruction on other stages, as the law predicts them; for incomplete profiles (profile/next).
        """
      )
      let precision = CurvePrecision(
        breakpointBudget: try reader.optional(
          "breakpointBudget", .integer(in: 0...1_000_000),
          """
          The most corners of the lower bound that are traced exactly; a bound with more is bracketed. By \
          default as many as take some seconds: corners times instructions up to 268 million.
          """
        ),
        toleranceFraction: try reader.optional(
          "toleranceFraction", .number(in: CurvePrecision.leastToleranceFraction...1),
          default: CurvePrecision.defaultToleranceFraction,
          "How far a bracketed bound may lie below the exact one, between the fastest and the cheapest time."))
      let effort = PlanEffort(
        level: try reader.optional(
          "effort", .choice(), default: PlanEffort().level,
          """
          How hard plans are searched for: `quick` takes milliseconds on small problems; `standard` adds about a second \
          of iterated local search, shared by all cores.
          """
        ),
        roundCount: try reader.optional(
          "roundCount", .integer(in: 0...1000), default: PlanEffort().roundCount,
          """
          Rounds of search for better plans after that. Each takes about as long as the standard effort, or longer on \
          large problems; the first few gain most.
          """
        ),
        sufficientGapFraction: try reader.optional(
          "sufficientGapFraction", .number(in: 0...1), default: PlanEffort().sufficientGapFraction,
          "Deadlines with a plan this close to the lower bound are not searched further."))
      _ = try reader.workDoneToken()
      request = CharacterizationRequest(
        pipeline: pipeline,
        options: CharacterizationOptions(deadlineCount: planCount, effort: effort, precision: precision),
        certifies: certifies, follows: follows, estimate: estimate)
    }
  }

  package typealias Answer = Revised<CharacterizationSummary>

  package static func prepare(
    _ params: Params, in session: SessionState
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> CharacterizationProduct {
    try session.characterization(params.request)
  }

  package static func finish(
    _ product: CharacterizationProduct, _ params: Params, in session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    try session.publish(product, params.request).map { Revised(session.revision, $0) }
  }
}

extension CharacterizationSummary: AnswerObject {
  package static let fields = Fields<CharacterizationSummary> {
    Field("generation", "Counts the pipeline's frontiers from 1.") { $0.generation }
    Field.inline { CurveTimes($0.curve) }
    Field("breakpointCount", "Corners of the lower bound.") { $0.curve.breakpoints.count }
    Field.inline { CurveExactness($0.curve) }
    Field("planCount", "Plans; none is dominated by another.") { $0.planCount }
    Field(
      "optimal",
      "Whether these are proven to be all plans that no other dominates: small problems are solved exactly."
    ) {
      $0.isOptimal
    }
    Field("largestGapFraction", "How far the worst plan is above the lower bound.") { $0.largestGapFraction }
    Field("allMaxFrequency", "Every instruction at its highest frequency, for comparison.") { $0.allMaxFrequency }
    Field("estimate", "Which tables the bound, the plans and the certificate are of.") { $0.estimate }
    Field("certificate", "What the independent check found, where it was asked for.") { $0.certificate }
    Field("noise", "Of the measured tables, where they look noisy or are estimated.") { $0.noise }
  }
}

extension TableEstimate: FieldValue {}

extension ProfileNoise: AnswerObject {
  package static let fields = Fields<ProfileNoise> {
    Field("timeNoiseFraction", "Standard deviation of a measurement's time, by differences along the clocks.") {
      $0.timeNoiseFraction
    }
    Field("energyNoiseFraction", "The same of its energy.") { $0.energyNoiseFraction }
    Field(
      "expectedExcessFraction",
      """
      By how much plans on the tables as measured are expected to draw more than needed; `estimate: "smoothed"` avoids \
      most of it. Absent where tables are estimated, and for more than 16384 instructions.
      """
    ) { $0.expectedExcessFraction }
    Field("instructions", "What was estimated for each kind of instruction; empty where tables are as measured.") {
      $0.families
    }
  }
}

extension ProfileNoise.Family: AnswerObject {
  package static let fields = Fields<ProfileNoise.Family> {
    Field("instruction", "The kind of instruction.") { $0.instruction }
    Field("timeNoiseFraction", "Standard deviation of one sample's time.") { $0.timeNoiseFraction }
    Field("energyNoiseFraction", "Standard deviation of one sample's energy.") { $0.energyNoiseFraction }
    Field("plateauFrequency", unit: "of frequencies", "From this clock on time does not change; absent where it does.")
    {
      $0.plateauClock
    }
    Field(
      "powerCapped", "Whether energy does not change from there on either: those clocks are one setting in truth."
    ) { $0.isPowerCapped }
    Field("outliers", "Measurements far off the law, which its value replaces.") { $0.outliers }
  }
}

extension ProfileNoise.Outlier: AnswerObject {
  package static let fields = Fields<ProfileNoise.Outlier> {
    Field("stage", "The stage.") { $0.stage }
    Field("frequency", "The setting, as it was sent.") { $0.setting }
  }
}

extension FrontierCertificate: AnswerObject {
  package static let fields = Fields<FrontierCertificate> {
    Field("holds", "Whether everything passed; a failure is a defect of this program.") { $0.failure == nil }
    Field("failure", "What failed first; absent where everything passed.") { $0.failure }
    Field("checkedPieceCount", "Straight pieces of the curve that were checked.") { $0.curve.pieceCount }
    Field(
      "largestRelativeGap", unit: "1",
      """
      The largest difference between what the curve costs and what its flow proves, over the energy; of a bracketed \
      curve the bracket.
      """
    ) { $0.curve.largestRelativeGap }
    Field("largestTimeViolationSeconds", "The most by which a schedule violates a dependency.") {
      $0.curve.largestTimeViolationSeconds
    }
    Field("largestFlowImbalanceWatts", "The most by which the flow is not conserved.") {
      $0.curve.largestFlowImbalanceWatts
    }
    Field("checkedPlanCount", "Plans that were run again as measured.") { $0.checkedPlanCount }
    Field("largestPlanError", unit: "1", "The largest relative difference from what a plan reports.") {
      $0.largestPlanError
    }
  }
}
