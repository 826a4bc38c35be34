package import Basics
package import EnergyFrontier

/// Everything one session holds. A value: it changes only by steps, which are pure functions of it, a request and its
/// seed.
package struct SessionState: Sendable {
  package let name: String
  /// Where any randomness of this session begins.
  package let seed: UInt64
  /// Counts the accepted changes.
  package var revision = 0
  /// The registered GPUs, by the order of registration.
  package internal(set) var gpus = NamedList<GPU>()
  /// By the order of definition.
  package internal(set) var pipelines: [Pipeline] = []
  /// Where each pipeline stands in `pipelines`.
  var pipelineNumbers: [ExactString: Int] = [:]
  /// Measurements by pipeline name; they may arrive before the pipeline is defined.
  package internal(set) var profiles: [ExactString: Profile] = [:]
  /// Which pipelines run in lockstep, and what each runs; every pipeline is in one.
  package internal(set) var jobs: [LockstepJob] = []
  /// Where each job stands in `jobs`.
  var jobNumbers: [ExactString: Int] = [:]
  /// For each pipeline, replicas included, where its job stands in `jobs`.
  var jobOfPipeline: [ExactString: Int] = [:]
  /// The search for a model, once a pool has been submitted.
  package var search: ModelSearch?
  /// Where plans are looked for before they are searched, and kept; no part of what the session says.
  package var planArchive: (any PlanArchive)?

  package init(name: String, seed: UInt64) {
    self.name = name
    self.seed = seed
  }

  /// What a frontier was computed from, and how.
  package struct FrontierOrigin: Sendable {
    package let inputRevision: Int
    package let options: CharacterizationOptions
    package let certifies: Bool
    /// Whether it is computed again whenever the profile changes.
    package let follows: Bool
    /// Which tables its plans are made on.
    package let estimate: TableEstimate
    /// Whether its plans are earlier ones, re-evaluated, and a search for better ones is under way.
    package let isProvisional: Bool

    package init(
      inputRevision: Int, options: CharacterizationOptions, certifies: Bool, follows: Bool, estimate: TableEstimate,
      isProvisional: Bool
    ) {
      self.estimate = estimate
      self.isProvisional = isProvisional
      self.inputRevision = inputRevision
      self.options = options
      self.certifies = certifies
      self.follows = follows
    }
  }

  /// One defined pipeline and what has been computed for it.
  package struct Pipeline: Sendable {
    package let name: String
    package var definition: PipelineDefinition
    package var frontier: CharacterizedFrontier?
    package var frontierOrigin: FrontierOrigin?
    /// Its measured iterations.
    package internal(set) var observed = ObservedIterations()
    /// What makes its model agree with them, where that was adopted.
    package internal(set) var correction: ModelCorrection?
    /// Characterizations so far.
    package var generation = 0
    /// The revision that last changed the definition or the profile.
    package var inputRevision: Int
    /// The revision that defined it.
    package let definitionRevision: Int

    package init(name: String, definition: PipelineDefinition, inputRevision: Int) {
      self.name = name
      self.definition = definition
      self.inputRevision = inputRevision
      definitionRevision = inputRevision
    }
  }

  /// Where a pipeline with a definition of its own stands in `pipelines`.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`.
  package func pipelineIndex(_ name: String) throws(RequestError) -> Int {
    if let index = pipelineNumbers[ExactString(name)] { return index }
    if let (job, member) = membership(name) {
      let source = pipelines[jobs[job].members[member].source].name
      throw RequestError(
        .unknownPipeline, path: "pipeline", expected: "a pipeline with a definition of its own",
        found: "\(Preview.quoted(name)), which shares that of \(Preview.quoted(source))",
        fix: "name \(Preview.quoted(source)) instead")
    }
    throw unknown(pipeline: name)
  }

  func unknown(pipeline name: String) -> RequestError {
    RequestError(
      .unknownPipeline, path: "pipeline",
      expected: pipelines.isEmpty
        ? "the name of a defined pipeline; none is defined yet" : "one of " + Preview.list(pipelines.lazy.map(\.name)),
      found: Preview.quoted(name), fix: "define it with pipeline/define")
  }

  /// Changes the search where it stands.
  ///
  /// - Throws: ``RequestError`` of kind `noPool`, or what `edit` throws.
  package mutating func editSearch<Value>(
    _ edit: (inout ModelSearch) throws(RequestError) -> Value
  ) throws(RequestError) -> Value {
    // Looking whether there is one before it is changed would copy it.
    guard let value = try search?.edit(edit) else { throw .noPool }
    return value
  }

  /// The search.
  ///
  /// - Throws: ``RequestError`` of kind `noPool`.
  package func requireSearch() throws(RequestError) -> ModelSearch {
    if let search { return search }
    throw .noPool
  }
}

extension ModelSearch {
  fileprivate mutating func edit<Value>(
    _ edit: (inout ModelSearch) throws(RequestError) -> Value
  ) throws(RequestError) -> Value { try edit(&self) }
}

extension RequestError {
  fileprivate static let noPool = RequestError(
    .noPool, path: "session", expected: "a session with a pool of candidates", found: "none",
    fix: "submit one with pool/submit")
}
