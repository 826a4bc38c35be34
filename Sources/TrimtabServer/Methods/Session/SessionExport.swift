internal import EnergyFrontier
package import JSON
package import Sessions

/// `session/export`: a session as the requests that make it.
package enum SessionExport: SessionQuery {
  package static let name = "session/export"
  package static let purpose =
    "Gives the fewest requests that make an equal session: send them in order to have it elsewhere. A stale frontier is computed anew."
  package static let refusals: [RequestError.Kind] = [.unknownSession]

  package struct Params: SessionScoped {
    package let session: String

    package init(from reader: inout ObjectReader) throws(InvalidField) { session = try reader.session() }
  }

  package struct Answer: ObjectWritable {
    let state: SessionState

    package func write(to object: inout ObjectWriter) {
      object.field("session", state.name, "The session's name.")
      object.field("seed", Int(state.seed), "Its seed.")
      object.field("revision", state.revision, "Its revision.")
      object.field("requests", requests, "Requests as {method, params}, session/open first.")
    }

    private var requests: [JSON] {
      var requests = [request(SessionOpen.name) { $0.field("seed", Int(state.seed)) }]
      if let search = state.search {
        // What was told before and during a search stands where it was told: its decisions depend on it.
        requests += search.requests(session: state.name)
      } else if !state.gpus.isEmpty {
        requests.append(
          request(GPURegister.name) { params in
            params.list("gpus", state.gpus) { gpu, entry in gpu.write(to: &entry) }
          })
      }
      for pipeline in state.pipelines {
        requests.append(
          request(PipelineDefine.name) {
            pipeline.writeDefinition(to: &$0)
            // Their powers stand in the definition; GPUs that were retired since can be named no more.
            if let gpus = pipeline.definition.layout.gpus, Set(state.gpus.map(\.id)).isSuperset(of: gpus) {
              $0.field("gpus", gpus)
            }
            $0.field("job", state.jobName(of: pipeline.name))
          })
        let replicas = state.replicas(of: pipeline.name)
        if replicas.isEmpty { continue }
        requests.append(
          request(PipelineReplicate.name) {
            $0.field("pipeline", pipeline.name)
            $0.field("replicas", replicas)
          })
      }
      for (name, profile) in state.profiles.sorted(by: { $0.key < $1.key }) {
        requests.append(
          request(ProfileSubmit.name) { params in
            params.field("pipeline", name)
            params.list("rows", profile.rows.sorted { $0.key < $1.key }.flatMap(\.value)) { row, entry in
              row.write(to: &entry)
            }
          })
      }
      for pipeline in state.pipelines {
        guard let origin = pipeline.frontierOrigin else { continue }
        requests.append(
          request(FrontierCharacterize.name) {
            $0.field("pipeline", pipeline.name)
            $0.field("planCount", origin.options.deadlineCount)
            $0.field("certify", origin.certifies)
            $0.field("breakpointBudget", origin.options.precision.breakpointBudget)
            $0.field("toleranceFraction", origin.options.precision.toleranceFraction)
            if origin.options.effort != PlanEffort() {
              $0.field("roundCount", origin.options.effort.roundCount)
              $0.field("sufficientGapFraction", origin.options.effort.sufficientGapFraction)
            }
            if origin.follows { $0.field("follow", true) }
          })
      }
      for straggler in state.jobs.flatMap(\.stragglers) {
        for report in StragglerReport.reports(of: straggler) {
          requests.append(request(StragglerReport.name, report))
        }
      }
      return requests
    }

    private func request(_ method: String, _ params: (inout ObjectWriter) -> Void) -> JSON {
      [
        "method": .string(method),
        "params": JSON.written {
          $0.field("session", state.name)
          params(&$0)
        },
      ]
    }
  }

  package static func answer(_ params: Params, in session: SessionState) throws(RequestError) -> Answer {
    Answer(state: session)
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
    if !definition.hasFreeSwitches {
      params.field("switchLatencySeconds", definition.rankSwitchCosts.map(\.latencySeconds))
      params.field("switchEnergyJoules", definition.rankSwitchCosts.map(\.energyJoules))
    }
    params.field("tensorParallelWidth", definition.tensorParallelWidth)
    params.field("dataParallelWidth", definition.dataParallelWidth)
    params.field("contextParallelWidth", definition.layout.contextParallelWidth)
    if let map = definition.layout.map {
      params.field("rankMap", map.map { [$0.rank, $0.replica] })
    } else {
      params.field("rankOrder", definition.layout.orderText)
    }
    definition.surroundings.write(to: &params)
    switch definition.origin {
    case .generated(let recipe):
      params.field("schedule", recipe.schedule.rawValue)
      params.field("microbatches", recipe.microbatchCount)
      if recipe.schedule.isInterleaved {
        params.field("chunksPerRank", recipe.chunksPerRank)
        params.field("microbatchGroupSize", recipe.microbatchGroupSize)
      }
    case .scheduleCSV(let text): params.field("scheduleCSV", text)
    case .graph: writeGraph(to: &params)
    }
  }

  private func writeGraph(to params: inout ObjectWriter) {
    params.list("instructions", definition.instructions) { instruction, entry in
      entry.field("id", instruction.id)
      instruction.table.write(to: &entry)
      entry.field("microbatch", instruction.microbatch)
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

extension JSON {
  /// The value that a writer writes.
  static func written(_ fields: (inout ObjectWriter) -> Void) -> JSON {
    var writer = ObjectWriter()
    writer.braced(fields)
    // What the writer writes is JSON; null stands for a value that is not finite, which no state holds.
    return (try? JSON.parse(writer.json.bytes)) ?? .null
  }
}
