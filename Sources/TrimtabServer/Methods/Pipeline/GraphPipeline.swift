internal import EnergyFrontier
internal import JSON
internal import Sessions

/// Pipelines that are defined by instructions and dependencies.
extension PipelineDefine {
  static func explicitDefinition(
    _ params: Params, _ instructions: [Instruction], blockingPowerWatts: [Double]
  ) throws(RequestError) -> PipelineDefinition {
    var number: [String: Int] = [:]
    for (index, instruction) in instructions.enumerated() {
      guard instruction.stage < params.stages else {
        throw RequestError(
          .invalidPipeline, path: "instructions[\(index)].stage", expected: "a stage in 0...\(params.stages - 1)",
          found: "\(instruction.stage)", fix: "raise stages, or correct the stage")
      }
      if let earlier = number.updateValue(index, forKey: instruction.id) {
        throw RequestError(
          .invalidPipeline, path: "instructions[\(index)].id", expected: "each id once",
          found: "\"\(instruction.id)\" again, first in instructions[\(earlier)]", fix: "rename one of them")
      }
    }
    var dependencies: [InstructionGraph.Dependency] = []
    for (index, dependency) in params.dependencies.enumerated() {
      guard let before = number[dependency.before], let after = number[dependency.after] else {
        let unknown = number[dependency.before] == nil ? dependency.before : dependency.after
        throw RequestError(
          .invalidPipeline, path: "dependencies[\(index)]", expected: "ids of instructions of this request",
          found: "\"\(unknown)\"", fix: "add the instruction, or correct the id")
      }
      dependencies.append(.init(before: before, after: after, lagSeconds: dependency.lagSeconds))
    }
    do throws(FrontierError) {
      return PipelineDefinition(
        stageCount: params.stages, tensorParallelWidth: params.tensorParallelWidth,
        dataParallelWidth: params.dataParallelWidth, rankBlockingPowerWatts: blockingPowerWatts,
        instructions: instructions.map {
          PipelineInstruction(
            id: $0.id, table: TableKey(stage: $0.stage, instruction: $0.instruction), microbatch: $0.microbatch)
        },
        graph: try InstructionGraph(count: instructions.count, lagged: dependencies))
    } catch {
      throw Self.refusal(error, instructions)
    }
  }

  private static func refusal(_ error: FrontierError, _ instructions: [Instruction]) -> RequestError {
    guard case .cyclicDependencies(let cycle) = error else {
      return RequestError(
        .invalidPipeline, path: "instructions", expected: "a graph of instructions", found: "\(error)",
        fix: "correct instructions or dependencies")
    }
    let ids = cycle.map { instructions[$0].id }
    let shown = (ids.prefix(16) + (ids.count > 16 ? ["..."] : []) + ids.prefix(1)).joined(separator: " -> ")
    return RequestError(
      .invalidPipeline, path: "dependencies", expected: "dependencies without a cycle", found: shown,
      fix: "remove one of these dependencies", details: [.init(key: "cycle", value: .array(ids.map(JSON.string)))])
  }
}
