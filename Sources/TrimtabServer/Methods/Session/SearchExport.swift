internal import JSON
internal import ModelSelection
internal import Sessions

// A search as the requests that make it. Its decisions depend on the order of all accepted requests, so the export has
// all of them, except repeated ones and those that changed nothing.
extension ModelSearch {
  /// Requests as {method, params}, in order.
  func requests(session: String) -> [ExportedRequest] {
    log.entries.map { entry in
      switch entry {
      case .submitted(let submission, let settings):
        Self.request(PoolSubmit.name, session) { submission.write(to: &$0, settings) }
      case .attached(let representation):
        Self.request(PoolAttachRepresentation.name, session) { representation.write(to: &$0) }
      case .clustered(let settings): Self.request(PoolClusters.name, session) { settings.write(to: &$0) }
      case .registered(let gpus):
        Self.request(GPURegister.name, session) { $0.field("gpus", gpus) }
      case .retired(let ids): Self.request(GPURetire.name, session) { $0.field("ids", ids) }
      case .asked(let trial): Self.request(TrialNext.name, session) { request(for: trial).write(to: &$0) }
      case .emptyRequest(let request, _): Self.request(TrialNext.name, session) { request.write(to: &$0) }
      case .reported(let place):
        Self.request(TrialUpdate.name, session) { log.report(at: place).write(to: &$0, pool.task.goals) }
      case .directed(let name, let directive):
        Self.request(directive.method, session) {
          name.write(to: &$0)
          directive.write(to: &$0)
        }
      case .evidence(let evidence): Self.request(EvidenceSubmit.name, session) { evidence.write(to: &$0) }
      case .revised(let revision): Self.request(SearchRevise.name, session) { revision.write(to: &$0) }
      case .failed(let failure): Self.request(TrialFail.name, session) { failure.write(to: &$0) }
      }
    }
  }

  private static func request(
    _ method: String, _ session: String, _ params: (inout ObjectWriter) -> Void
  ) -> ExportedRequest {
    ExportedRequest(
      method: method,
      params: WrittenJSON {
        $0.field("session", session)
        params(&$0)
      })
  }
}

extension PoolSubmission {
  fileprivate func write(to params: inout ObjectWriter, _ settings: SelectionSettings?) {
    func list(_ name: StaticString, _ components: [PoolComponent], _ params: inout ObjectWriter) {
      guard !components.isEmpty else { return }
      params.list(name, components) { component, entry in component.write(to: &entry) }
    }
    list("encoders", encoders, &params)
    list("projectors", projectors, &params)
    list("languageModels", languageModels, &params)
    if let constraints { params.object("constraints") { constraints.write(to: &$0) } }
    if let task { params.object("task") { task.write(to: &$0) } }
    if let settings { params.object("search") { settings.write(to: &$0) } }
  }
}

extension TrialRequest {
  fileprivate func write(to params: inout ObjectWriter) {
    params.field("worker", worker)
    params.field("gpus", gpus)
    params.field("memoryBytes", memoryBytes)
    params.field("elapsedSeconds", elapsedSeconds)
  }
}

extension TrialReport {
  fileprivate func write(to params: inout ObjectWriter, _ goals: [TaskGoal]) {
    params.field("trial", trial.number)
    params.field("step", step)
    params.field("dataFraction", dataFraction)
    if let scores {
      params.field("scores", MetricFields.named(scores.scores, goals))
      if !scores.standardErrors.isEmpty {
        params.field("standardErrors", MetricFields.named(scores.standardErrors, goals))
      }
    } else if score.isFinite {
      params.field("score", score)
    } else {
      params.field("score", MetricFields.json(score))
    }
    switch noise {
    case .standardError(let error): params.field("standardError", error)
    case .exampleCount(let count): params.field("exampleCount", count)
    case nil: break
    }
    params.field("gpuSeconds", gpuSeconds)
    params.field("startSeconds", startSeconds)
    params.field("energyJoules", energyJoules)
    params.field("elapsedSeconds", elapsedSeconds)
    params.field("checkpoint", checkpoint)
    params.field("last", isLast ? true : nil)
  }
}

extension CandidateDirective {
  fileprivate var method: String {
    switch self {
    case .pin: CandidatePin.name
    case .ban: CandidateBan.name
    case .advance: CandidateAdvance.name
    case .withdraw: CandidateWithdraw.name
    }
  }

  fileprivate func write(to params: inout ObjectWriter) {
    switch self {
    case .pin(let isPinned): params.field("pinned", isPinned)
    case .ban(let isBanned): params.field("banned", isBanned)
    case .advance(let fraction, let isRepeat):
      params.field("toFraction", fraction)
      params.field("repeat", isRepeat ? true : nil)
    case .withdraw: break
    }
  }
}

extension SearchRevision {
  fileprivate func write(to params: inout ObjectWriter) {
    if let constraints { params.object("constraints") { constraints.write(to: &$0) } }
    if let budget { params.object("budget") { budget.write(to: &$0) } }
    if let goals { params.list("metrics", goals) { goal, entry in goal.write(to: &entry) } }
    params.field("floorProbabilityFraction", floorProbabilityFraction)
  }
}

extension PoolEvidence {
  fileprivate func write(to params: inout ObjectWriter) {
    params.list("sources", sources) { source, entry in
      entry.field("name", source.name)
      entry.field("kind", source.kind.rawValue)
      entry.field("direction", source.direction.rawValue)
      entry.list("scores", source.scores) { score, entry in
        entry.field("encoder", score.encoder)
        entry.field("projector", score.projector)
        entry.field("languageModel", score.languageModel)
        entry.field("score", score.score)
      }
    }
  }
}

extension TrialFailure {
  fileprivate func write(to params: inout ObjectWriter) {
    params.field("trial", trial.number)
    params.field("kind", kind.rawValue)
    params.field("memoryBytes", memoryBytes)
    params.field("message", message)
    params.field("elapsedSeconds", elapsedSeconds)
  }
}
