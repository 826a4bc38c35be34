internal import Basics
package import EnergyFrontier

/// Keeps plans beyond the process, so that a session that is recovered need not search for them again. It may forget
/// any, and a frontier is the same with it and without.
package protocol PlanArchive: Sendable {
  func plans(for key: PlanKey) -> StoredPlans?
  func keep(_ plans: StoredPlans, for key: PlanKey)
}

/// What a search for plans was about.
package struct PlanKey: Sendable {
  package let session: String
  /// The revision of the pipeline's inputs.
  package let revision: Int
  /// Pipeline and options, as text.
  package let description: String

  init(_ session: String, _ pipeline: SessionState.Pipeline, _ request: CharacterizationRequest) {
    (self.session, revision) = (session, pipeline.inputRevision)
    description = "\(pipeline.name)\n\(request.estimate) \(request.options)"
  }

  /// Instructions times deadlines from which a standard search takes a tenth of a second or more. A count, so that what
  /// is kept does not depend on how busy the machine was.
  private static let leastWork = 1 << 14
  /// Plans that take more bytes are not kept.
  private static let mostBytes = 32 << 20

  /// Whether plans are worth to be kept.
  static func isWorthIt(_ frontier: Frontier, of problem: IterationProblem, _ options: CharacterizationOptions) -> Bool
  {
    options.effort.level == .standard && problem.graph.count * options.deadlineCount >= leastWork
      && StoredPlans.byteCount(instructionCount: problem.graph.count, planCount: frontier.plans.count) <= mostBytes
  }
}

extension Frontier {
  /// The frontier of a problem, by plans from an archive where it has them; else they are searched for, and kept where
  /// that takes long.
  init(
    of problem: IterationProblem, options: CharacterizationOptions, archive: (any PlanArchive)?, key: PlanKey,
    progress: ProgressHandle, mayContinue: (PlanRound) -> Bool
  ) throws(FrontierError) {
    if let stored = archive?.plans(for: key),
      let restored = try Frontier(restoring: stored, of: problem, precision: options.precision, progress: progress)
    {
      self = restored
      return
    }
    try self.init(of: problem, options: options, parallel: .threads(), progress: progress, mayContinue: mayContinue)
    if let archive, PlanKey.isWorthIt(self, of: problem, options) { archive.keep(StoredPlans(of: self), for: key) }
  }
}
