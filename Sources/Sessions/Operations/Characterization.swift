package import Basics
package import EnergyFrontier

/// How a pipeline's frontier is to be computed.
package struct CharacterizationRequest: Sendable {
  package var pipeline: String
  package var options: CharacterizationOptions
  /// Whether the curve and every plan are checked independently of how they were found.
  package var certifies: Bool
  /// Whether the frontier is computed again whenever the profile changes.
  package var follows: Bool
  /// Which tables plans are made on.
  package var estimate: TableEstimate

  package init(
    pipeline: String, options: CharacterizationOptions, certifies: Bool = false, follows: Bool = false,
    estimate: TableEstimate = .measured
  ) {
    self.pipeline = pipeline
    self.estimate = estimate
    self.options = options
    self.certifies = certifies
    self.follows = follows
  }

  /// The request by which the pipeline's frontier was last computed; nil where it has none.
  package init?(behind pipeline: SessionState.Pipeline) {
    guard let origin = pipeline.frontierOrigin else { return nil }
    self.init(
      pipeline: pipeline.name, options: origin.options, certifies: origin.certifies, follows: origin.follows,
      estimate: origin.estimate)
  }
}

/// What a characterization computes from its snapshot.
package struct CharacterizationProduct: Sendable {
  /// Not numbered yet.
  package let characterized: CharacterizedFrontier
  package let certificate: FrontierCertificate?
  package let noise: ProfileNoise?
  let inputRevision: Int
  let definitionRevision: Int
  /// Whether its plans are earlier ones, re-evaluated.
  package let isProvisional: Bool
}

/// A frontier just computed.
package struct CharacterizationSummary: Sendable {
  package let generation: Int
  package let curve: LowerBoundCurve
  package let planCount: Int
  /// Whether the plans are proven to be all that no other dominates.
  package let isOptimal: Bool
  /// How far the worst plan is above the lower bound.
  package let largestGapFraction: Double
  package let allMaxFrequency: IterationOutcome
  package let certificate: FrontierCertificate?
  package let estimate: TableEstimate
  /// Of the tables, where they look noisy or are estimated.
  package let noise: ProfileNoise?
}

extension SessionState {
  /// The computation of a pipeline's frontier, which knows nothing but a snapshot of its inputs.
  ///
  /// - Parameter mayContinue: is asked before each round of search that the request asks for.
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, `incompleteProfile` or `invalidProfile`.
  package func characterization(
    _ request: CharacterizationRequest, mayContinue: @escaping @Sendable (PlanRound) -> Bool = { _ in true }
  ) throws(RequestError) -> @Sendable (ProgressHandle) throws(RequestError) -> CharacterizationProduct {
    let pipeline = try pipeline(request.pipeline)
    let inputs = try inputs(of: pipeline)
    let (seed, archive, key) = (seed, planArchive, PlanKey(name, pipeline, request))
    return { (progress) throws(RequestError) in
      let product: CharacterizationProduct
      do throws(FrontierError) {
        let parts = request.estimate.parts(of: progress)
        let inputs = try inputs.estimated(as: request.estimate, progress: parts.tables)
        let frontier = try Frontier(
          of: inputs.problem, options: request.options, archive: archive, key: key, progress: parts.frontier,
          mayContinue: mayContinue)
        let certificate =
          request.certifies
          ? try FrontierCertificate(
            frontier, of: inputs.problem, precision: request.options.precision, progress: parts.frontier) : nil
        let characterized = try CharacterizedFrontier(
          expecting: inputs, frontier: frontier, seed: seed, progress: parts.quiet)
        product = CharacterizationProduct(
          characterized: characterized, certificate: certificate,
          noise: try ProfileNoise(characterized, seed: seed, progress: parts.quiet),
          inputRevision: pipeline.inputRevision, definitionRevision: pipeline.definitionRevision,
          isProvisional: false)
      } catch {
        throw RequestError(characterization: error)
      }
      try product.characterized.frontier.curve.checkEnergy()
      return product
    }
  }

  /// The lower bound of a pipeline, without plans, computed at once.
  ///
  /// - Throws: ``RequestError`` as ``characterization(_:mayContinue:)``.
  package func lowerBound(
    _ request: CharacterizationRequest, progress: ProgressHandle
  ) throws(RequestError) -> (FrontierInputs, LowerBoundCurve) {
    let measured = try inputs(of: try pipeline(request.pipeline))
    do throws(FrontierError) {
      let parts = request.estimate.parts(of: progress)
      let inputs = try measured.estimated(as: request.estimate, progress: parts.tables)
      return (
        inputs, try LowerBoundCurve(of: inputs.problem, precision: request.options.precision, progress: parts.frontier)
      )
    } catch {
      throw RequestError(characterization: error)
    }
  }

  /// The computation of the new bound, against which the existing plans are re-evaluated: a small part of a search.
  ///
  /// - Returns: nil where existing plans cannot be run any more.
  /// - Throws: ``RequestError`` as ``characterization(_:)``.
  package func carriedCharacterization(
    _ request: CharacterizationRequest
  ) throws(RequestError) -> (@Sendable (ProgressHandle) throws(RequestError) -> CharacterizationProduct)? {
    let pipeline = try pipeline(request.pipeline)
    let inputs = try inputs(of: pipeline)
    guard let old = pipeline.frontier, old.choices(among: inputs) != nil else { return nil }
    let seed = seed
    return { (progress) throws(RequestError) in
      let product: CharacterizationProduct
      do throws(FrontierError) {
        let parts = request.estimate.parts(of: progress)
        let inputs = try inputs.estimated(as: request.estimate, progress: parts.tables)
        // Settings are those of the inputs that were asked above, so the plans can be run.
        let choices = old.choices(among: inputs) ?? []
        let frontier = try Frontier(
          of: inputs.problem, carrying: choices, precision: request.options.precision, progress: parts.frontier)
        let characterized = try CharacterizedFrontier(
          expecting: inputs, frontier: frontier, seed: seed, progress: parts.quiet)
        product = CharacterizationProduct(
          characterized: characterized, certificate: nil, noise: nil, inputRevision: pipeline.inputRevision,
          definitionRevision: pipeline.definitionRevision, isProvisional: true)
      } catch {
        throw RequestError(characterization: error)
      }
      try product.characterized.frontier.curve.checkEnergy()
      return product
    }
  }

  /// Puts a computed frontier in the place of the earlier one.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, or `inputsChanged` where the product no longer fits.
  package mutating func publish(
    _ product: CharacterizationProduct, _ request: CharacterizationRequest
  ) throws(RequestError) -> StepResult<CharacterizationSummary> {
    let index = try pipelineIndex(request.pipeline)
    guard pipelines[index].inputRevision == product.inputRevision else {
      throw RequestError(
        .inputsChanged, path: "pipeline", expected: "the pipeline and profile as they were when this began",
        found: "a change in between", fix: "send frontier/characterize again")
    }
    return publish(product, request, pipeline: index)
  }

  /// Publishes a frontier that was computed in the background. It may already be stale, but is newer than the one it
  /// replaces.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, or `inputsChanged` where the pipeline was defined again, or
  ///   a newer frontier is there.
  package mutating func publishFollowed(
    _ product: CharacterizationProduct, _ request: CharacterizationRequest
  ) throws(RequestError) -> StepResult<CharacterizationSummary> {
    let index = try pipelineIndex(request.pipeline)
    let pipeline = pipelines[index]
    guard pipeline.definitionRevision == product.definitionRevision, let origin = pipeline.frontierOrigin,
      origin.inputRevision < product.inputRevision
        || (origin.inputRevision == product.inputRevision && origin.isProvisional && !product.isProvisional)
    else {
      throw RequestError(
        .inputsChanged, path: "pipeline", expected: "the pipeline as it was when this began",
        found: "a change in between", fix: "use the frontier that is there; it is newer")
    }
    return publish(product, request, pipeline: index)
  }

  private mutating func publish(
    _ product: CharacterizationProduct, _ request: CharacterizationRequest, pipeline index: Int
  ) -> StepResult<CharacterizationSummary> {
    pipelines[index].generation += 1
    let characterized = product.characterized.numbered(pipelines[index].generation)
    pipelines[index].frontier = characterized
    pipelines[index].frontierOrigin = FrontierOrigin(
      inputRevision: product.inputRevision, options: request.options, certifies: request.certifies,
      follows: request.follows, estimate: request.estimate, isProvisional: product.isProvisional)
    let change = FrontierChange(
      session: name, pipeline: request.pipeline, revision: revision, generation: characterized.generation,
      isStale: product.inputRevision != pipelines[index].inputRevision, isProvisional: product.isProvisional)
    let (frontier, plans) = (characterized.frontier, characterized.frontier.plans)
    return StepResult(
      CharacterizationSummary(
        generation: characterized.generation, curve: frontier.curve, planCount: plans.count,
        isOptimal: frontier.isOptimal,
        largestGapFraction: plans.reduce(0) { max($0, $1.gapFraction) },
        allMaxFrequency: characterized.inputs.allMaxFrequency, certificate: product.certificate,
        estimate: request.estimate, noise: product.noise),
      events: [.frontierChanged(change)] + planEvents(ofSource: index, cause: .frontier))
  }
}

extension TableEstimate {
  /// The parts of a computation's progress: estimating tables, searching plans, and what follows, which reports none.
  fileprivate func parts(
    of progress: ProgressHandle
  ) -> (tables: ProgressHandle, frontier: ProgressHandle, quiet: ProgressHandle) {
    (
      progress.part(0...0.2), self == .measured ? progress : progress.part(0.2...1),
      ProgressHandle(isCancelled: progress.isCancelled)
    )
  }
}

extension RequestError {
  /// The client cancelled the request, closed its session, or ended its input.
  package static let cancelled = RequestError(
    .cancelled, expected: "the request to run to its end", found: "its cancellation", fix: "send it again if needed")

  /// The inputs were validated when the snapshot was taken; an error that slips through is reported all the same.
  fileprivate init(characterization error: FrontierError) {
    if error == .cancelled {
      self = .cancelled
    } else {
      self.init(
        .invalidProfile, path: "pipeline", expected: "a problem that can be solved", found: "\(error)",
        fix: "check the profile and the blocking powers")
    }
  }
}

extension LowerBoundCurve {
  /// Refuses a frontier whose iteration takes no energy. Only an explicit graph can have one: where instructions of one
  /// stage overlap, because its device waits at most once at a time.
  fileprivate func checkEnergy() throws(RequestError) {
    let least = energyJoules(from: cheapestTimeSeconds)
    guard least > 0 else {
      throw RequestError(
        .invalidProfile, path: "pipeline", expected: "an iteration that draws energy", found: "one of \(least) J",
        fix: "add dependencies so that no two instructions of a stage overlap, or check energies and blocking powers")
    }
  }
}
