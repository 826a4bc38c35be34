internal import EnergyFrontier
internal import Sessions

/// Pipelines that are defined by a schedule, generated or as CSV.
extension PipelineDefine {
  static func generatedDefinition(
    _ params: Params, _ schedule: PipelineSchedule, _ session: SessionState
  ) throws(RequestError) -> PipelineDefinition {
    let recipe: ScheduleRecipe
    do throws(FrontierError) {
      recipe = try ScheduleRecipe(
        schedule, stageCount: params.stages, microbatchCount: params.microbatches ?? 0,
        chunksPerRank: params.chunksPerRank, microbatchGroupSize: params.microbatchGroupSize)
    } catch {
      throw RequestError(error, path: "schedule")
    }
    let powers = try blockingPowers(params, session, ranks: recipe.rankCount)
    let surroundings = try params.surroundings.value(stageCount: recipe.stageCount)
    do throws(FrontierError) {
      return try PipelineDefinition(
        recipe: recipe, surroundings: surroundings,
        tensorParallelWidth: params.tensorParallelWidth, dataParallelWidth: params.dataParallelWidth,
        rankBlockingPowerWatts: powers)
    } catch {
      throw RequestError(error, path: "schedule")
    }
  }

  static func importedDefinition(
    _ params: Params, _ text: String, _ session: SessionState
  ) throws(RequestError) -> PipelineDefinition {
    let schedule: ExpandedSchedule
    do throws(FrontierError) {
      schedule = try ScheduleCSV.parse(text)
    } catch {
      throw RequestError(error, path: "scheduleCSV")
    }
    let ranks = schedule.rankCount
    for (path, given, found) in [
      ("stages", params.stages, schedule.stageCount),
      ("microbatches", params.microbatches ?? schedule.microbatchCount, schedule.microbatchCount),
    ] where given != found {
      throw RequestError(
        .invalidPipeline, path: path, expected: "\(found), as scheduleCSV has it", found: "\(given)",
        fix: "correct either")
    }
    let powerCount = params.blockingPowerWatts?.count ?? 1
    let counts = [("blockingPowerWatts", powerCount == 1 ? ranks : powerCount), ("gpus", params.gpus?.count ?? ranks)]
    for (path, count) in counts where count != ranks {
      throw RequestError(
        .invalidPipeline, path: path, expected: "\(ranks), one for each rank of scheduleCSV", found: "\(count)",
        fix: "send one for each row")
    }
    let powers = try blockingPowers(params, session, ranks: ranks)
    let surroundings = try params.surroundings.value(stageCount: schedule.stageCount)
    do throws(FrontierError) {
      return try PipelineDefinition(
        schedule: schedule, surroundings: surroundings, tensorParallelWidth: params.tensorParallelWidth,
        dataParallelWidth: params.dataParallelWidth,
        rankBlockingPowerWatts: powers)
    } catch {
      throw RequestError(error, path: "scheduleCSV")
    }
  }
}

extension RequestError {
  /// What the engine says of a schedule, at the field it came from.
  fileprivate init(_ error: FrontierError, path: String) {
    guard case .invalidSchedule(let fault) = error else {
      self.init(
        .invalidPipeline, path: path, expected: "a schedule of a defined size", found: "\(error)",
        fix: "change stages or microbatches")
      return
    }
    let place = fault.place.map { "\($0): " } ?? ""
    self.init(
      .invalidPipeline, path: fault.field ?? path, expected: fault.expected, found: place + fault.found, fix: fault.fix)
  }
}
