package import Basics
internal import EnergyFrontier
package import JSON
package import Sessions

/// `frontier/characterize`: computes the frontier.
package enum FrontierCharacterize: BackgroundStep {
  package static let name = "frontier/characterize"
  package static let purpose =
    "Computes the exact lower bound of energy over iteration time, and real plans certified close to it. Runs beside other requests; reports progress; can be cancelled. The old frontier answers until the new one replaces it as a whole."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .unknownPipeline, .invalidProfile, .incompleteProfile, .overloaded, .cancelled, .inputsChanged,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let pipeline: String
    let options: CharacterizationOptions
    let certify: Bool
    let follow: Bool
    let workDoneToken: JSON?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      pipeline = try reader.pipeline()
      let planCount = try reader.optional(
        "planCount", .integer(in: 2...4096), default: CharacterizationOptions().deadlineCount,
        "Deadlines, evenly spaced from the fastest to the cheapest iteration time, that get a plan of their own.")
      certify = try reader.optional(
        "certify", .bool, default: false,
        "Whether to check the curve and every plan independently of how they were found.")
      follow = try reader.optional(
        "follow", .bool, default: false,
        "Whether to compute the frontier anew in the background, with these options, whenever the profile changes; `frontier/changed` tells of each. First comes the new lower bound with the plans of before, at once, then the result of a whole search. Holds until the next frontier/characterize or pipeline/define."
      )
      let precision = CurvePrecision(
        breakpointBudget: try reader.optional(
          "breakpointBudget", .integer(in: 0...1_000_000),
          "The most corners of the lower bound that are traced exactly; a bound with more is bracketed. By default 50000, and 0 for more than 16384 instructions."
        ),
        toleranceFraction: try reader.optional(
          "toleranceFraction", .number(in: CurvePrecision.leastToleranceFraction...1),
          default: CurvePrecision.defaultToleranceFraction,
          "How far a bracketed bound may lie below the exact one, between the fastest and the cheapest time."))
      let effort = PlanEffort(
        roundCount: try reader.optional(
          "roundCount", .integer(in: 0...1000), default: PlanEffort().roundCount,
          "Rounds of search for better plans beyond the first, each with twenty to forty times the searches of its last step: 16 rounds are worth waiting for where a plan will run for days."
        ),
        sufficientGapFraction: try reader.optional(
          "sufficientGapFraction", .number(in: 0...1), default: PlanEffort().sufficientGapFraction,
          "Deadlines with a plan this close to the lower bound are not searched further."))
      options = CharacterizationOptions(deadlineCount: planCount, effort: effort, precision: precision)
      workDoneToken = try reader.optional("workDoneToken", .any, "Reports progress in percent under this token.")
    }

    /// What was asked when the pipeline's frontier was last computed.
    init(session: String, pipeline: SessionState.Pipeline, origin: SessionState.FrontierOrigin) {
      self.session = session
      self.pipeline = pipeline.name
      options = origin.options
      certify = origin.certifies
      follow = origin.follows
      workDoneToken = nil
    }
  }

  package struct Product: Sendable {
    /// Not numbered yet.
    let characterized: CharacterizedFrontier
    let certificate: FrontierCertificate?
    let inputRevision: Int
    let definitionRevision: Int
    /// Whether its plans were only taken over.
    var isProvisional = false
  }

  package static func prepare(
    _ params: Params, in session: SessionState
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> Product {
    let pipeline = session.pipelines[try session.pipelineIndex(params.pipeline)]
    let inputs = try FrontierInputs(pipeline.definition, session.profiles[params.pipeline] ?? Profile())
    let (options, certifies) = (params.options, params.certify)
    return { (progress) throws(RequestError) in
      let product: Product
      do throws(FrontierError) {
        let frontier = try Frontier(
          of: inputs.problem, options: options, progress: progress)
        let certificate =
          certifies
          ? try FrontierCertificate(
            frontier, of: inputs.problem, precision: options.precision, progress: progress) : nil
        product = Product(
          characterized: CharacterizedFrontier(inputs: inputs, frontier: frontier, generation: 0),
          certificate: certificate, inputRevision: pipeline.inputRevision,
          definitionRevision: pipeline.definitionRevision)
      } catch {
        throw refusal(of: error)
      }
      try checkEnergy(of: product.characterized.frontier.curve)
      return product
    }
  }

  /// The exact bound for the measurements as they are now, with the plans of before: what can be had at once.
  ///
  /// - Returns: nil where plans of before cannot be run any more.
  static func prepareCarried(
    _ params: Params, in session: SessionState
  ) throws(RequestError) -> (@Sendable (ProgressHandle) throws(RequestError) -> Product)? {
    let pipeline = session.pipelines[try session.pipelineIndex(params.pipeline)]
    let inputs = try FrontierInputs(pipeline.definition, session.profiles[params.pipeline] ?? Profile())
    guard let old = pipeline.frontier, let choices = old.choices(among: inputs) else { return nil }
    let precision = params.options.precision
    return { (progress) throws(RequestError) in
      let frontier: Frontier
      do throws(FrontierError) {
        frontier = try Frontier(of: inputs.problem, carrying: choices, precision: precision, progress: progress)
      } catch {
        throw refusal(of: error)
      }
      try checkEnergy(of: frontier.curve)
      return Product(
        characterized: CharacterizedFrontier(inputs: inputs, frontier: frontier, generation: 0), certificate: nil,
        inputRevision: pipeline.inputRevision, definitionRevision: pipeline.definitionRevision, isProvisional: true)
    }
  }

  /// The inputs were validated when the snapshot was taken; were one to slip through, the client shall hear of it.
  private static func refusal(of error: FrontierError) -> RequestError {
    if error == .cancelled { return .cancelled }
    return RequestError(
      .invalidProfile, path: "pipeline", expected: "a problem that can be solved", found: "\(error)",
      fix: "check the profile and the blocking powers")
  }

  /// Refuses a frontier that promises energy for nothing. Only an explicit graph can have one: where instructions of one
  /// stage overlap, its device is taken not to wait more than once at a time.
  private static func checkEnergy(of curve: LowerBoundCurve) throws(RequestError) {
    let least = curve.energyJoules(at: curve.cheapestTimeSeconds) ?? 0
    guard least > 0 else {
      throw RequestError(
        .invalidProfile, path: "pipeline", expected: "an iteration that draws energy", found: "one of \(least) J",
        fix: "add dependencies so that no two instructions of a stage overlap, or check energies and blocking powers")
    }
  }

  package static func finish(
    _ product: Product, _ params: Params, in session: inout SessionState
  ) throws(RequestError) -> StepResult<Answer> {
    let index = try session.pipelineIndex(params.pipeline)
    guard session.pipelines[index].inputRevision == product.inputRevision else {
      throw RequestError(
        .inputsChanged, path: "pipeline", expected: "the pipeline and profile as they were when this began",
        found: "a change in between", fix: "send frontier/characterize again")
    }
    let (characterized, events) = publish(product, params, pipeline: index, in: &session)
    return StepResult(
      Answer(revision: session.revision, characterized: characterized, certificate: product.certificate),
      events: events)
  }

  /// Puts a frontier that nobody waits for in the place of an older one. It may be stale, and yet nearer than that.
  ///
  /// - Returns: nothing, where the pipeline was defined anew, or a later frontier is there.
  static func finishUnasked(
    _ product: Product, _ params: Params, in session: inout SessionState
  ) throws(RequestError) -> StepResult<Void> {
    let index = try session.pipelineIndex(params.pipeline)
    let pipeline = session.pipelines[index]
    guard pipeline.definitionRevision == product.definitionRevision, let origin = pipeline.frontierOrigin,
      origin.inputRevision < product.inputRevision
        || (origin.inputRevision == product.inputRevision && origin.isProvisional && !product.isProvisional)
    else {
      throw RequestError(
        .inputsChanged, path: "pipeline", expected: "the pipeline as it was when this began",
        found: "a change in between", fix: "nothing: what is there is newer")
    }
    return StepResult((), events: publish(product, params, pipeline: index, in: &session).events)
  }

  private static func publish(
    _ product: Product, _ params: Params, pipeline index: Int, in session: inout SessionState
  ) -> (CharacterizedFrontier, events: [SessionEvent]) {
    session.pipelines[index].generation += 1
    let characterized = product.characterized.numbered(session.pipelines[index].generation)
    session.pipelines[index].frontier = characterized
    session.pipelines[index].frontierOrigin = SessionState.FrontierOrigin(
      inputRevision: product.inputRevision, options: params.options, certifies: params.certify,
      follows: params.follow, isProvisional: product.isProvisional)
    let event = FrontierChanged(
      session: session.name, pipeline: params.pipeline, revision: session.revision,
      generation: characterized.generation,
      isStale: product.inputRevision != session.pipelines[index].inputRevision,
      isProvisional: product.isProvisional)
    return (characterized, [.frontierChanged(event)] + session.planEvents(ofSource: index, cause: .frontier))
  }

  package struct Answer: ObjectWritable {
    let revision: Int
    let characterized: CharacterizedFrontier
    let certificate: FrontierCertificate?

    package func write(to object: inout ObjectWriter) {
      let frontier = characterized.frontier
      object.field("revision", revision, "Counts the session's accepted changes.")
      object.field("generation", characterized.generation, "Counts the pipeline's frontiers from 1.")
      object.field("minimumTimeSeconds", frontier.curve.minimumTimeSeconds, "The fastest iteration any plan can reach.")
      object.field("cheapestTimeSeconds", frontier.curve.cheapestTimeSeconds, "The iteration time of least energy, T*.")
      object.field(
        "maximumTimeSeconds", frontier.curve.maximumTimeSeconds,
        "Past this time nothing can be gained by running slower.")
      object.field("breakpointCount", frontier.curve.breakpoints.count, "Corners of the lower bound.")
      frontier.curve.writeExactness(to: &object)
      object.field("planCount", frontier.plans.count, "Plans, none dominated by another.")
      object.field(
        "largestGapFraction", frontier.plans.map(\.gapFraction).max(),
        "How far the worst plan is above the lower bound.")
      object.object("allMaxFrequency", "Every instruction at its highest frequency, for comparison.") {
        characterized.inputs.allMaxFrequency.write(to: &$0)
      }
      if let certificate {
        object.object("certificate", "What the independent check found, where it was asked for.") {
          certificate.write(to: &$0)
        }
      }
    }
  }
}

extension LowerBoundCurve {
  /// Whether every corner was traced, and how far off the bound may be.
  func writeExactness(to object: inout ObjectWriter) {
    object.field(
      "exact", isExact, "Whether the lower bound is exact; else it is bracketed, and still no plan is below it.")
    object.field(
      "bracketFraction", bracketFraction,
      "How far the exact bound may lie above the one given, between the fastest and the cheapest time, at most.")
  }
}

extension FrontierCertificate {
  fileprivate func write(to object: inout ObjectWriter) {
    object.field("holds", failure == nil, "Whether everything passed; anything else is a defect of this program.")
    object.field("failure", failure, "What failed first.")
    object.field("checkedPieceCount", curve.pieceCount, "Straight pieces of the curve that were checked.")
    object.field(
      "largestRelativeGap", curve.largestRelativeGap,
      "The largest difference between what the curve costs and what its flow proves, over the energy; of a bracketed curve the bracket."
    )
    object.field(
      "largestTimeViolationSeconds", curve.largestTimeViolationSeconds, "The most by which a schedule misses a rule.")
    object.field(
      "largestFlowImbalanceWatts", curve.largestFlowImbalanceWatts, "The most by which the flow is not conserved.")
    object.field("checkedPlanCount", checkedPlanCount, "Plans that were run again as measured.")
    object.field("largestPlanError", largestPlanError, "The largest relative difference from what a plan reports.")
  }
}

extension Outcome {
  func write(to object: inout ObjectWriter) {
    object.field("iterationTimeSeconds", iterationTimeSeconds, "Iteration time in seconds.")
    object.field("energyJoules", energyJoules, "Joules of all devices in one iteration, waiting included.")
  }
}
