internal import EnergyFrontier

/// The part of a pipeline that a question about a plan is about.
package enum PlanScope: Sendable {
  case all
  case stage(Int)
  case rank(Int)
  case globalRank(Int)
}

/// One plan in full, or the part of it that was asked for.
package struct PlanDetails: Sendable {
  package let generation: Int
  package let isStale: Bool
  package let plan: PlanSummary
  /// Joules that one more second would save, by the lower bound.
  package let priceWatts: Double
  /// Where the global rank is, where one was asked for.
  package let place: RankLayout.Place?
  package let stages: [Stage]

  package struct Stage: Sendable {
    package let stage: Int
    /// In the order of execution.
    package let instructions: [IterationTimeline.InstructionExecution]
  }
}

/// One plan laid out in time.
package struct PlanLayout: Sendable {
  package let generation: Int
  package let isStale: Bool
  package let plan: PlanSummary
  package let timeline: IterationTimeline
}

extension SessionState {
  /// The setting of every instruction of a plan, in O(instructions log instructions).
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, `notCharacterized`, `unknownRank`, `unknownPlan`,
  ///   `deadlineBelowMinimum` or `objectiveOutOfReach`.
  package func planDetails(
    _ reference: PlanReference, of name: String, scope: PlanScope
  ) throws(RequestError) -> PlanDetails {
    let current = try currentFrontier(of: name)
    let (characterized, definition) = (current.characterized, current.characterized.inputs.definition)
    let (stages, place) = try scope.stages(in: definition)
    let number = try characterized.plan(reference).number
    let plan = characterized.frontier.plans[number]
    let instructions = IterationTimeline(characterized, plan).stages(definition)
    return PlanDetails(
      generation: current.generation, isStale: current.isStale, plan: characterized.summary(ofPlan: number),
      priceWatts: characterized.frontier.curve.priceWatts(at: plan.iterationTimeSeconds), place: place,
      stages: stages.map { PlanDetails.Stage(stage: $0, instructions: instructions[$0]) })
  }

  /// A plan laid out in time, in O(instructions log instructions).
  ///
  /// - Throws: ``RequestError`` of kind `unknownPipeline`, `notCharacterized`, `unknownPlan`, `deadlineBelowMinimum` or
  ///   `objectiveOutOfReach`.
  package func planLayout(_ reference: PlanReference, of name: String) throws(RequestError) -> PlanLayout {
    let current = try currentFrontier(of: name)
    let number = try current.characterized.plan(reference).number
    let plan = current.characterized.frontier.plans[number]
    return PlanLayout(
      generation: current.generation, isStale: current.isStale, plan: current.characterized.summary(ofPlan: number),
      timeline: IterationTimeline(current.characterized, plan))
  }
}

extension PlanScope {
  /// The stages, rising, and where the global rank is, if the scope is one.
  fileprivate func stages(
    in definition: PipelineDefinition
  ) throws(RequestError) -> (stages: [Int], place: RankLayout.Place?) {
    func check(_ value: Int, below count: Int, _ path: String) throws(RequestError) {
      if value < count { return }
      throw RequestError(
        .unknownRank, path: path, expected: "a number in 0...\(count - 1)", found: "\(value)",
        fix: "count from 0; see pipeline/define")
    }
    switch self {
    case .all: return (Array(0..<definition.stageCount), nil)
    case .stage(let stage):
      try check(stage, below: definition.stageCount, "stage")
      return ([stage], nil)
    case .rank(let rank):
      try check(rank, below: definition.rankCount, "rank")
      return (definition.stages(ofRank: rank), nil)
    case .globalRank(let globalRank):
      try check(globalRank, below: definition.worldSize, "globalRank")
      let place = definition.place(ofGlobalRank: globalRank)
      return (place.map { definition.stages(ofRank: $0.rank) } ?? [], place)
    }
  }
}
