internal import Basics
internal import EnergyFrontier

/// A pipeline as a client describes it, on the wire or on the command line.
package struct PipelineRequest: Sendable {
  package var name: String
  /// The job whose iterations it takes part in; one of the pipeline's name where nil.
  package var job: String?
  package var source: ScheduleSource
  /// Watts of one device while it waits; those of the GPUs where nil.
  package var blockingPowerWatts: PerRank<Double>?
  /// Watts that one device may draw; those of the GPUs where nil.
  package var powerLimitWatts: PerRank<Double>?
  /// For each rank the id of a registered GPU.
  package var gpus: [String]?
  package var switchLatencySeconds: PerRank<Double>?
  package var switchEnergyJoules: PerRank<Double>?
  /// How often a rank's setting may change in an iteration; ``Limits/instructionCount`` for any number.
  package var mostSwitches: PerRank<Int>?
  /// What a change takes where that depends on the two settings.
  package var settingLatencies = SettingLatencies()
  /// Devices that share the stages of each rank.
  package var tensorParallelWidth = PerRank<Int>.all(1)
  /// Which layers each stage holds, as ``StageLayout`` reads it; stages without any take no time.
  package var layout: String?
  /// Stages whose forwards and backwards take no time, beside those that ``layout`` leaves empty.
  package var emptyStages: [Int] = []
  package var dataParallelWidth = 1
  package var contextParallelWidth = 1
  package var rankOrder: [RankLayout.Axis]?
  /// For each global rank its place, instead of an order.
  package var rankMap: [RankLayout.Place]?
  package var extras = Extras()

  /// What an iteration does beside the forwards and backwards of its schedule.
  package struct Extras: Sendable {
    package var dataLoadingStages: [Int] = []
    package var hasOptimizerStep = false
    /// One for all boundaries between stages, or one for each.
    package var forwardTransferSeconds: PerRank<Double>?
    /// As those forward where nil.
    package var backwardTransferSeconds: PerRank<Double>?

    package init() {}
  }

  package init(_ name: String, source: ScheduleSource) {
    self.name = name
    self.source = source
  }
}

extension PipelineRequest {
  /// The pipeline, its schedule written out and everything checked.
  ///
  /// - Parameter registered: the GPUs that ``gpus`` names, in that order.
  /// - Throws: ``RequestError`` of kind `invalidPipeline`.
  /// - Complexity: O(instructions log instructions + dependencies + ranks).
  package func definition(on registered: [GPU]) throws(RequestError) -> PipelineDefinition {
    let body = try body()
    let ranks = body.rankCount
    if let gpus, gpus.count != ranks {
      throw RequestError(
        .invalidPipeline, path: "gpus", expected: "\(ranks) ids, one for each rank", found: "\(gpus.count)",
        fix: "send one for each rank of the schedule")
    }
    let powers = try blockingPowers(registered, ranks: ranks)
    var definition = try body.definition(self, powers)
    definition.stageLayout = try stageLayout()
    definition.rankTensorWidths = try tensorParallelWidth.expanded(ranks: ranks, path: "tensorParallelWidth")
    definition.layout = try layout(of: definition)
    definition.rankPowerLimitWatts = try powerLimits(registered, ranks: ranks)
    try Limits.check(definition)
    definition.rankSwitchCosts = try switchCosts(registered, ranks: ranks)
    if let mostSwitches {
      definition.rankMostSwitches = try mostSwitches.expanded(ranks: ranks, path: "mostSwitches").map {
        $0 < Limits.instructionCount ? $0 : nil
      }
    }
    try settingLatencies.checkPairs()
    definition.settingLatencies = settingLatencies
    definition.isSwitchLatencyGiven =
      switchLatencySeconds != nil || !settingLatencies.isEmpty
      || registered.contains { $0.switchLatencySeconds != nil }
    try definition.checkRankOrders()
    return definition
  }

  /// The schedule, its number of ranks known.
  private struct Body {
    let rankCount: Int
    /// Joined with the powers of its ranks.
    let definition: (PipelineRequest, _ powers: [Double]) throws(RequestError) -> PipelineDefinition
  }

  private func body() throws(RequestError) -> Body {
    switch source {
    case .named(let named):
      let recipe = try named.recipe()
      return Body(rankCount: recipe.rankCount) { (request, powers) throws(RequestError) in
        let extras = try request.extras.value(recipe.flow)
        let empty = try request.emptyStages(of: recipe.stageCount)
        do throws(FrontierError) {
          return try PipelineDefinition(
            recipe: recipe, surroundings: extras, emptyStages: empty,
            dataParallelWidth: request.dataParallelWidth, rankBlockingPowerWatts: powers)
        } catch {
          throw RequestError(error, schedule: "schedule")
        }
      }
    case .csv(let csv):
      let schedule = try csv.checked()
      return Body(rankCount: schedule.rankCount) { (request, powers) throws(RequestError) in
        let extras = try request.extras.value(schedule.flow)
        let empty = try request.emptyStages(of: schedule.stageCount)
        do throws(FrontierError) {
          return try PipelineDefinition(
            schedule: schedule, encoderStages: csv.encoderStages, keepsCommunication: csv.keepsCommunication,
            surroundings: extras, emptyStages: empty,
            dataParallelWidth: request.dataParallelWidth, rankBlockingPowerWatts: powers)
        } catch {
          throw RequestError(error, schedule: "scheduleCSV")
        }
      }
    case .graph(let graph):
      let (instructions, dependencies) = try graph.resolved()
      return Body(rankCount: graph.stageCount) { (request, powers) in
        PipelineDefinition(
          stageCount: graph.stageCount, dataParallelWidth: request.dataParallelWidth, rankBlockingPowerWatts: powers,
          instructions: instructions, graph: dependencies)
      }
    }
  }

  private func stageLayout() throws(RequestError) -> StageLayout? {
    guard let layout else { return nil }
    do throws(FrontierError) {
      return try StageLayout(layout)
    } catch {
      throw RequestError(error, schedule: "layout")
    }
  }

  /// The stages that hold nothing, rising.
  private func emptyStages(of stageCount: Int) throws(RequestError) -> [Int] {
    for (index, stage) in emptyStages.enumerated() where stage >= stageCount {
      throw RequestError(
        .invalidPipeline, path: "emptyStages[\(index)]", expected: "a stage in 0...\(stageCount - 1)",
        found: "\(stage)", fix: "correct the stage")
    }
    let stageLayout = try stageLayout()
    if let stageLayout, stageLayout.stages.count != stageCount {
      throw RequestError(
        .invalidPipeline, path: "layout", expected: "\(stageCount) stages, parted by \(stageCount - 1) bars",
        found: "\(stageLayout.stages.count)", fix: "correct the layout, or stages")
    }
    let empty = Set(emptyStages + (stageLayout?.emptyStages ?? [])).sorted()
    guard empty.count < stageCount else {
      throw RequestError(
        .invalidPipeline, path: "emptyStages", expected: "a stage that takes time", found: "none",
        fix: "leave one of the stages out")
    }
    return empty
  }
}

extension PipelineRequest.Extras {
  /// Whether an explicit graph would have to say this itself.
  package var isGiven: Bool {
    !dataLoadingStages.isEmpty || hasOptimizerStep || forwardTransferSeconds != nil || backwardTransferSeconds != nil
  }

  fileprivate func value(_ flow: StageFlow) throws(RequestError) -> IterationExtras {
    let (stageCount, boundaryCount) = (flow.stageCount, flow.partCount - 1)
    for (index, stage) in dataLoadingStages.enumerated() where stage >= stageCount {
      throw RequestError(
        .invalidPipeline, path: "dataLoadingStages[\(index)]", expected: "a stage in 0...\(stageCount - 1)",
        found: "\(stage)", fix: "correct the stage")
    }
    func boundaries(_ seconds: PerRank<Double>?, _ path: String) throws(RequestError) -> [Double] {
      switch seconds {
      case nil: return []
      case .all(let seconds): return Array(repeating: seconds, count: boundaryCount)
      case .each(let seconds):
        if seconds.count == boundaryCount { return seconds }
        if seconds.count == 1 { return Array(repeating: seconds[0], count: boundaryCount) }
        throw RequestError(
          .invalidPipeline, path: path,
          expected: "one number, or \(boundaryCount), one for each boundary between stages", found: "\(seconds.count)",
          fix: "send one for each stage but the last")
      }
    }
    var extras = IterationExtras()
    extras.dataLoadingStages = Set(dataLoadingStages).sorted()
    extras.hasOptimizerStep = hasOptimizerStep
    extras.forwardTransferSeconds = try boundaries(forwardTransferSeconds, "transferSeconds")
    extras.backwardTransferSeconds = try boundaries(
      backwardTransferSeconds ?? forwardTransferSeconds, "backwardTransferSeconds")
    return extras
  }
}
