internal import Basics
internal import EnergyFrontier

/// A pipeline just defined.
package struct PipelineSummary: Sendable {
  package let name: String
  /// Instructions in one iteration.
  package let instructionCount: Int
  /// Distinct dependencies between them.
  package let dependencyCount: Int
  /// The tables that need measurements.
  package let tables: [TableKey]
}

/// A job that pipelines were added to.
package struct ReplicaSummary: Sendable {
  package let job: String
  /// Pipelines of the job now.
  package let pipelineCount: Int
}

extension SessionState {
  /// Defines a pipeline, or defines a known one again: its profile stays, its frontier goes.
  ///
  /// - Throws: ``RequestError`` of kind `unknownGPU`, `invalidPipeline` or `invalidProfile`; nothing has changed then.
  /// - Complexity: O(instructions log instructions + dependencies + ranks + members of its job).
  package mutating func define(_ request: PipelineRequest) throws(RequestError) -> StepResult<PipelineSummary> {
    let definition = try request.definition(on: try gpus(named: request.gpus ?? []))
    if let profile = profiles[ExactString(request.name)] {
      try definition.check(profile.rows.keys.sorted()) { _ in "stages" }
    }
    try checkIsNoReplica(request.name)
    var fresh = Pipeline(name: request.name, definition: definition, inputRevision: revision)
    let index: Int
    if let known = pipelineNumbers[ExactString(request.name)] {
      // Generations go on counting, so that a client never takes an old frontier for a new one.
      fresh.generation = pipelines[known].generation
      pipelines[known] = fresh
      index = known
    } else {
      index = pipelines.count
      pipelineNumbers[ExactString(request.name)] = index
      pipelines.append(fresh)
    }
    let changes = join(index, job: request.job ?? request.name)
    return StepResult(
      PipelineSummary(
        name: request.name, instructionCount: definition.instructions.count,
        dependencyCount: definition.graph.dependencyCount, tables: Profile().missingTables(of: definition)),
      events: changes.map { planEvent($0.changes, ofJob: $0.job, cause: .pipelineDefined) })
  }

  /// Adds pipelines that share the definition, profile and frontier of another one.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline` or `invalidPipeline`; nothing has changed then.
  /// - Complexity: O(members of the job + replicas log replicas).
  package mutating func replicate(
    _ pipeline: String, as replicas: [String]
  ) throws(RequestError) -> StepResult<ReplicaSummary> {
    let source = try pipelineIndex(pipeline)
    for (index, name) in replicas.enumerated() where jobOfPipeline[ExactString(name)] != nil {
      throw RequestError(
        .invalidPipeline, path: "replicas[\(index)]", expected: "names that no pipeline has",
        found: Preview.quoted(name), fix: "leave it out, or choose another name")
    }
    let memberCount = membership(pipeline).map { jobs[$0.job].members.count } ?? 0
    guard memberCount + replicas.count <= Limits.replicaCount else {
      throw RequestError(
        .invalidPipeline, path: "replicas", expected: "at most \(Limits.replicaCount) pipelines in a job",
        found: "\(memberCount + replicas.count)", fix: "let one pipeline stand for several with dataParallelWidth")
    }
    let (job, changes) = share(source, with: replicas)
    return StepResult(
      ReplicaSummary(job: jobs[job].name, pipelineCount: jobs[job].members.count),
      events: [planEvent(changes, ofJob: job, cause: .pipelineDefined)])
  }

  /// A pipeline with a definition of its own.
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`.
  package func pipeline(_ name: String) throws(RequestError) -> Pipeline { pipelines[try pipelineIndex(name)] }

  /// Refuses to give a definition to a pipeline that shares another's.
  private func checkIsNoReplica(_ name: String) throws(RequestError) {
    guard let (job, member) = membership(name), pipelineNumbers[ExactString(name)] == nil else { return }
    let source = pipelines[jobs[job].members[member].source].name
    throw RequestError(
      .invalidPipeline, path: "pipeline", expected: "a name that no replica of another pipeline has",
      found: "\(Preview.quoted(name)), a replica of \(Preview.quoted(source))", fix: "choose another name")
  }
}

extension SessionState.Pipeline {
  /// Its schedule as PyTorch writes it; nil for an explicit graph. O(instructions).
  package var scheduleCSV: String? {
    switch definition.origin {
    case .generated(let recipe):
      // It was written out when it was accepted, so this cannot throw.
      (try? ExpandedSchedule(recipe)).map(ScheduleCSV.text)
    case .scheduleCSV(let text, _, _): text
    case .graph: nil
    }
  }
}

extension PipelineDefinition {
  /// Refuses measurements that belong to no instruction of the pipeline. O(tables + keys).
  ///
  /// - Parameter path: where the key at an index stands, for the error.
  package func check(_ keys: [TableKey], path: (Int) -> String) throws(RequestError) {
    let timed = zip(tables, measuredTables).flatMap { own, measured in measured.map { [own, $0] } ?? [] }
    let known = Set(timed)
    for (index, key) in keys.enumerated() where !known.contains(key) {
      throw RequestError(
        .invalidProfile, path: path(index),
        expected: key.stage >= stageCount
          ? "measurements of stages in 0...\(stageCount - 1)"
          : "an instruction among "
            + Preview.list(known.filter { $0.stage == key.stage }.map(\.instruction).sorted()),
        found: "stage \(key.stage) \(Preview.quoted(key.instruction))",
        fix: "correct the measurement, or define the pipeline with this instruction")
    }
  }
}
