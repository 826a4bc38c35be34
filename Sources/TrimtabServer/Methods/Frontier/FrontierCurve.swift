package import EnergyFrontier
package import JSON
package import Sessions

/// `frontier/curve`: the whole frontier.
package enum FrontierCurve: SessionQuery {
  package static let name = "frontier/curve"
  package static let purpose =
    "Returns the corners of the lower bound and all plans, both by rising iteration time."
  package static let refusals: [RequestError.Kind] = [.unknownSession, .unknownPipeline, .notCharacterized]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let picture: Bool

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      picture = try reader.optional("picture", .bool, default: false, "Whether to draw the frontier too.")
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    let current = try session.currentFrontier(of: params.pipeline)
    return Answer(
      generation: current.generation, isStale: current.isStale, curve: CurveSummary(current.characterized),
      svg: params.picture ? FrontierPicture(current.characterized, title: params.pipeline).svg : nil)
  }

  package struct Answer: AnswerObject {
    let generation: Int
    let isStale: Bool
    let curve: CurveSummary
    let svg: String?

    package static let fields = Fields<Answer> {
      Field.generation { $0.generation }
      Field.isStale { $0.isStale }
      Field.inline { $0.curve }
      Field("svg", "The picture as SVG, where it was asked for.") { $0.svg }
    }
  }
}

/// A lower bound and plans, as frontier/curve and `trimtab frontier --json` tell them.
package struct CurveSummary: AnswerObject {
  let curve: LowerBoundCurve
  let plans: [PlanSummary]
  let allMaxFrequency: IterationOutcome

  init(_ characterized: CharacterizedFrontier) {
    curve = characterized.frontier.curve
    plans = characterized.frontier.plans.indices.map(characterized.summary(ofPlan:))
    allMaxFrequency = characterized.inputs.allMaxFrequency
  }

  /// - Parameter expectations: for each plan what it is expected to give; empty where tables are as measured.
  package init(
    _ curve: LowerBoundCurve, _ plans: [Plan], _ allMaxFrequency: IterationOutcome,
    expecting expectations: [ExpectedPlans.Expectation] = []
  ) {
    self.curve = curve
    self.plans = plans.enumerated().map {
      PlanSummary($1, number: $0, expected: expectations.isEmpty ? nil : expectations[$0])
    }
    self.allMaxFrequency = allMaxFrequency
  }

  package static let fields = Fields<CurveSummary> {
    Field.inline { CurveTimes($0.curve) }
    Field("lowerBound", "Corners of the lower bound; between two of them it is straight.") { $0.curve.breakpoints }
    Field.inline { CurveExactness($0.curve) }
    Field("plans", "Plans; none is dominated by another.") { $0.plans }
    Field("allMaxFrequency", "Every instruction at its highest frequency, for comparison.") { $0.allMaxFrequency }
  }
}

/// The iteration times that bound a curve.
struct CurveTimes: AnswerObject {
  let curve: LowerBoundCurve

  init(_ curve: LowerBoundCurve) { self.curve = curve }

  static let fields = Fields<CurveTimes> {
    Field("minimumTimeSeconds", "The fastest iteration that any plan can reach.") { $0.curve.minimumTimeSeconds }
    Field("cheapestTimeSeconds", "The iteration time of least energy, T*.") { $0.curve.cheapestTimeSeconds }
    Field("maximumTimeSeconds", "Beyond this time running slower gains nothing.") { $0.curve.maximumTimeSeconds }
  }
}

/// Whether every corner of a curve was traced, and how far off it may be.
struct CurveExactness: AnswerObject {
  let curve: LowerBoundCurve

  init(_ curve: LowerBoundCurve) { self.curve = curve }

  static let fields = Fields<CurveExactness> {
    Field(
      "exact", "Whether the lower bound is exact. A bound that is not exact is bracketed; no plan is below it either."
    ) {
      $0.curve.isExact
    }
    Field(
      "bracketFraction",
      "The most by which the exact bound may lie above this one, between the fastest and the cheapest time."
    ) { $0.curve.bracketFraction }
  }
}

extension LowerBoundCurve.Breakpoint: AnswerObject {
  package static let fields = Fields<LowerBoundCurve.Breakpoint> {
    Field("iterationTimeSeconds", "Iteration time.") { $0.iterationTimeSeconds }
    Field("energyJoules", "Energy of all devices, waiting included.") { $0.energyJoules }
  }
}
