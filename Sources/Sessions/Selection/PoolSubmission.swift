package import ModelSelection

/// One `pool/submit`: what it adds to the pool, and what it says about the search.
package struct PoolSubmission: Sendable, Equatable {
  package var encoders: [PoolComponent]
  package var projectors: [PoolComponent]
  package var languageModels: [PoolComponent]
  /// Rules for the candidates that this submission adds; nil for those of the submission before it.
  package var constraints: PoolConstraints?
  /// Required by the first submission; a later one may only repeat it.
  package var task: SelectionTask?

  package init(
    encoders: [PoolComponent], projectors: [PoolComponent], languageModels: [PoolComponent],
    constraints: PoolConstraints?, task: SelectionTask?
  ) {
    self.encoders = encoders
    self.projectors = projectors
    self.languageModels = languageModels
    self.constraints = constraints
    self.task = task
  }

  package func components(_ role: PoolComponent.Role) -> [PoolComponent] {
    switch role {
    case .encoder: encoders
    case .projector: projectors
    case .languageModel: languageModels
    }
  }
}

/// What a model is wanted for.
package struct SelectionTask: Sendable, Equatable {
  package let name: String
  /// What the search maximises or minimises; with several metrics their combined score.
  package let metric: Metric
  /// Samples of alignment data: a data fraction of 1 is all of them.
  package let alignmentSampleCount: Int
  /// The metrics where there are several by which candidates are scored; empty where there is one.
  package internal(set) var goals: [TaskGoal] = []
  /// How probably a candidate must meet all floors to be suggested before others.
  package internal(set) var floorProbabilityFraction = 0.9
  /// What the points of its learning curves are.
  package var curve = CurvePoints.unknown

  package init(name: String, metric: Metric, alignmentSampleCount: Int) {
    self.name = name
    self.metric = metric
    self.alignmentSampleCount = alignmentSampleCount
  }
}
