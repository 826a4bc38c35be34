internal import Basics
internal import EnergyFrontier
package import JSON
package import Sessions

/// `session/export`: a session as the requests that make it.
package enum SessionExport: SessionQuery {
  package static let name = "session/export"
  package static let purpose =
    """
    Returns the fewest requests that make an equal session; a client that sends them in order has it elsewhere. A \
    stale frontier is computed again then.
    """
  package static let refusals: [RequestError.Kind] = [.unknownSession]

  package struct Params: SessionScoped {
    package let session: String

    package init(from reader: inout ObjectReader) throws(InvalidField) { session = try reader.session() }
  }

  package struct Answer: AnswerObject {
    let name: String
    let seed: Int
    let revision: Int
    let requests: [ExportedRequest]

    package static let fields = Fields<Answer> {
      Field("session", "The session's name.") { $0.name }
      Field("seed", "Its seed.") { $0.seed }
      Field.revision { $0.revision }
      Field("requests", "The requests, session/open first.") { $0.requests }
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    Answer(
      name: session.name, seed: Int(session.seed), revision: session.revision, requests: session.exportedRequests)
  }
}

/// One request of an exported session.
struct ExportedRequest: AnswerObject {
  let method: String
  let params: WrittenJSON

  static let fields = Fields<ExportedRequest> {
    Field("method", "The request's method.") { $0.method }
    Field("params", "The request's params.") { $0.params }
  }
}

extension SessionState {
  /// The requests that make an equal session.
  fileprivate var exportedRequests: [ExportedRequest] {
    [request(SessionOpen.name) { $0.field("seed", Int(seed)) }]
      // The decisions of a search depend on the order of everything before and during it, so its log keeps the order.
      + (search?.requests(session: name) ?? gpuRequests)
      + pipelines.flatMap(definitionRequests)
      + profiles.sorted { $0.key < $1.key }.map { profileRequest($0.key.text, $0.value) }
      + pipelines.flatMap(iterationRequests)
      + pipelines.compactMap(characterizationRequest)
      + jobs.flatMap(\.stragglers).flatMap(stragglerRequests)
  }

  private var gpuRequests: [ExportedRequest] {
    gpus.isEmpty ? [] : [request(GPURegister.name) { $0.field("gpus", gpus.values) }]
  }

  private func definitionRequests(_ pipeline: Pipeline) -> [ExportedRequest] {
    let definition = request(PipelineDefine.name) {
      pipeline.writeDefinition(to: &$0)
      // The definition has their powers; a GPU that was retired since can no longer be named.
      if let ids = pipeline.definition.layout.gpus, ids.allSatisfy(gpus.contains) { $0.field("gpus", ids) }
      $0.field("job", jobName(of: pipeline.name))
    }
    let replicas = replicas(of: pipeline.name)
    if replicas.isEmpty { return [definition] }
    return [
      definition,
      request(PipelineReplicate.name) {
        $0.field("pipeline", pipeline.name)
        $0.field("replicas", replicas)
      },
    ]
  }

  private func profileRequest(_ pipeline: String, _ profile: Profile) -> ExportedRequest {
    request(ProfileSubmit.name) { params in
      params.field("pipeline", pipeline)
      params.list("rows", profile.rows.sorted { $0.key < $1.key }.flatMap(\.value)) { row, entry in
        row.write(to: &entry)
      }
    }
  }

  /// A request for each run of iterations of one plan.
  private func iterationRequests(_ pipeline: Pipeline) -> [ExportedRequest] {
    let observed = pipeline.observed
    var runs: [Range<Int>] = []
    for index in observed.entries.indices {
      if let last = runs.last, observed.entries[last.lowerBound].plan == observed.entries[index].plan {
        runs[runs.count - 1] = last.lowerBound..<(index + 1)
      } else {
        runs.append(index..<(index + 1))
      }
    }
    return runs.map { run in
      request(IterationReport.name) { params in
        params.field("pipeline", pipeline.name)
        let plan = observed.plans[observed.entries[run.lowerBound].plan]
        params.list("settings", zip(pipeline.definition.instructions, plan)) { step, entry in
          let (instruction, measurement) = step
          if let id = instruction.id { entry.field("id", id) } else { instruction.table.write(to: &entry) }
          if instruction.id == nil { entry.field("microbatch", instruction.microbatch) }
          entry.field(
            "frequency", profiles[ExactString(pipeline.name)]?.rows[instruction.table]?[Int(measurement)].setting)
        }
        params.list("iterations", observed.entries[run]) { iteration, entry in
          entry.field("iterationTimeSeconds", iteration.observation.iterationTimeSeconds)
          entry.field("energyJoules", iteration.observation.energyJoules)
          entry.field("busyTimesSeconds", iteration.observation.rankBusySeconds)
          entry.field("step", iteration.step)
        }
        if !observed.adopts { params.field("adopt", false) }
      }
    }
  }

  private func characterizationRequest(_ pipeline: Pipeline) -> ExportedRequest? {
    guard let origin = pipeline.frontierOrigin else { return nil }
    return request(FrontierCharacterize.name) {
      $0.field("pipeline", pipeline.name)
      $0.field("planCount", origin.options.deadlineCount)
      $0.field("certify", origin.certifies)
      $0.field("breakpointBudget", origin.options.precision.breakpointBudget)
      $0.field("toleranceFraction", origin.options.precision.toleranceFraction)
      if origin.options.effort != PlanEffort() {
        $0.field("effort", origin.options.effort.level.rawValue)
        $0.field("roundCount", origin.options.effort.roundCount)
        $0.field("sufficientGapFraction", origin.options.effort.sufficientGapFraction)
      }
      if origin.follows { $0.field("follow", true) }
      if origin.estimate != .measured { $0.field("estimate", origin.estimate.rawValue) }
    }
  }

  /// The reports that make a straggler entry.
  private func stragglerRequests(_ straggler: Straggler) -> [ExportedRequest] {
    func report(_ fields: (inout ObjectWriter) -> Void) -> ExportedRequest {
      request(StragglerReport.name) {
        $0.field("pipeline", straggler.pipeline)
        $0.field("replica", straggler.replica)
        fields(&$0)
      }
    }
    var reports: [ExportedRequest] = []
    if straggler.slowdownFraction > 0 {
      reports.append(report { $0.field("slowdownFraction", straggler.slowdownFraction) })
    }
    if let seconds = straggler.iterationTimeSeconds {
      reports.append(report { $0.field("iterationTimeSeconds", seconds) })
    }
    for (rank, fraction) in straggler.rankSlowdownFractions.sorted(by: { $0.key < $1.key }) {
      reports.append(
        report {
          $0.field("rank", rank)
          $0.field("slowdownFraction", fraction)
        })
    }
    return reports
  }

  private func request(_ method: String, _ params: (inout ObjectWriter) -> Void) -> ExportedRequest {
    ExportedRequest(
      method: method,
      params: WrittenJSON {
        $0.field("session", name)
        params(&$0)
      })
  }
}

extension ProfileRow {
  /// The fields as profile/submit takes them; the samples make the same combination again.
  fileprivate func write(to object: inout ObjectWriter) {
    table.write(to: &object)
    object.field("frequency", setting)
    if samples.count == 1 {
      samples[0].write(to: &object)
    } else {
      object.list("samples", samples) { sample, entry in sample.write(to: &entry) }
    }
    object.field("sensorPowerWatts", sensorPowerWatts)
    object.field("samplingIntervalSeconds", samplingIntervalSeconds)
  }
}

extension Measurement {
  fileprivate func write(to object: inout ObjectWriter) {
    object.field("timeSeconds", timeSeconds)
    object.field("energyJoules", energyJoules)
  }
}

extension SessionState.Pipeline {
  /// The params of pipeline/define but for the session.
  func writeDefinition(to params: inout ObjectWriter) {
    params.field("pipeline", name)
    params.field("stages", definition.stageCount)
    params.field("blockingPowerWatts", definition.rankBlockingPowerWatts)
    if definition.rankPowerLimitWatts.contains(where: \.isFinite) {
      params.field(
        "powerLimitWatts",
        definition.rankPowerLimitWatts.map { $0.isFinite ? $0 : Measurement.acceptedRange.upperBound })
    }
    let (latencies, energies) = (
      definition.rankSwitchCosts.map(\.latencySeconds), definition.rankSwitchCosts.map(\.energyJoules)
    )
    if definition.isSwitchLatencyGiven, definition.settingLatencies.isEmpty || latencies.contains(where: { $0 > 0 }) {
      params.field("switchLatencySeconds", latencies)
    }
    if energies.contains(where: { $0 > 0 }) { params.field("switchEnergyJoules", energies) }
    definition.settingLatencies.write(to: &params)
    if definition.isRestricted {
      params.field("mostSwitches", definition.rankMostSwitches.map { $0 ?? Limits.instructionCount })
    }
    if let width = definition.rankTensorWidths.first, definition.rankTensorWidths.allSatisfy({ $0 == width }) {
      params.field("tensorParallelWidth", width)
    } else {
      params.field("tensorParallelWidth", definition.rankTensorWidths)
    }
    params.field("dataParallelWidth", definition.dataParallelWidth)
    params.field("contextParallelWidth", definition.layout.contextParallelWidth)
    if let map = definition.layout.map {
      params.field("rankMap", map.map { [$0.rank, $0.replica] })
    } else {
      params.field("rankOrder", definition.layout.orderText)
    }
    definition.surroundings.write(to: &params)
    if let layout = definition.stageLayout { params.field("layout", layout.text) }
    if !definition.emptyStages.isEmpty { params.field("emptyStages", definition.emptyStages) }
    switch definition.origin {
    case .generated(let recipe):
      params.field("schedule", recipe.schedule.rawValue)
      params.field("microbatches", recipe.microbatchCount)
      if recipe.schedule.hasChunks { params.field("chunksPerRank", recipe.chunksPerRank) }
      if recipe.schedule.hasGroups { params.field("microbatchGroupSize", recipe.microbatchGroupSize) }
      if !recipe.encoderStages.isEmpty { params.field("encoderStages", recipe.encoderStages) }
    case .scheduleCSV(let text, let encoderStages, let keepsCommunication):
      params.field("scheduleCSV", text)
      if keepsCommunication { params.field("keepCommunication", true) }
      if !encoderStages.isEmpty { params.field("encoderStages", encoderStages) }
    case .graph: writeGraph(to: &params)
    }
  }

  private func writeGraph(to params: inout ObjectWriter) {
    params.list("instructions", definition.instructions) { instruction, entry in
      entry.field("id", instruction.id)
      instruction.table.write(to: &entry)
      entry.field("microbatch", instruction.microbatch)
      entry.field("collective", instruction.collective)
    }
    let ids = definition.instructions.map { $0.id ?? "" }
    let pairs = ids.indices.flatMap { after in
      zip(definition.graph.predecessors(of: after), definition.graph.lagsSeconds(before: after)).map { before, lag in
        JSON.array([.string(ids[before]), .string(ids[after])] + (lag > 0 ? [.number(lag)] : []))
      }
    }
    params.field("dependencies", pairs)
  }
}

extension IterationExtras {
  /// As params of pipeline/define; nothing where there is nothing.
  fileprivate func write(to params: inout ObjectWriter) {
    if !dataLoadingStages.isEmpty { params.field("dataLoadingStages", dataLoadingStages) }
    if hasOptimizerStep { params.field("optimizerStep", true) }
    if !forwardTransferSeconds.isEmpty { params.field("transferSeconds", forwardTransferSeconds) }
    if !backwardTransferSeconds.isEmpty { params.field("backwardTransferSeconds", backwardTransferSeconds) }
  }
}
