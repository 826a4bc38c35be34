internal import Basics

/// The searches of one worker: each needs memory of its own.
final class SearchTools {
  private let space: PlanSpace
  private let beamWidth: Int
  let local: LocalSearch
  private let beams: BeamPair
  /// For diverse searches.
  private lazy var wideBeams = BeamPair(space, width: Self.widening * beamWidth)

  /// How many times as wide some beams of diverse searches are.
  private static let widening = 3

  /// - Parameter beamWidth: partial plans that each beam keeps.
  init(_ space: PlanSpace, beamWidth: Int) {
    (self.space, self.beamWidth) = (space, beamWidth)
    beams = BeamPair(space, width: beamWidth)
    local = LocalSearch(space)
  }

  /// A plan for a deadline by beam search, improved by star moves.
  func plan(
    deadline: Int64, prices: BoundPrices, _ variant: Refinement.Variant, _ progress: ProgressHandle
  ) throws(FrontierError) -> DraftPlan {
    let beams = variant.isWide ? wideBeams : beams
    let plan = try beams.plan(
      isBackward: variant.isBackward, deadline: deadline, prices: prices, guidance: variant.guidance, progress)
    return try local.improved(plan, deadline: deadline, progress)
  }

  /// A plan for a task of a ``Refinement``.
  func plan(
    _ task: Refinement.Task, _ incumbents: Incumbents, _ progress: ProgressHandle
  ) throws(FrontierError) -> DraftPlan {
    let deadline = incumbents.targets[task.target].deadline
    let guide = incumbents.target(task.target, offset: task.variant.guideOffset).plan
    local.paths.load(guide.options, deadline: guide.ticks)
    var prices = incumbents.target(task.target, offset: task.variant.priceOffset).prices
    (prices.starts, prices.ends) = local.paths.middleTimes(stretchedTo: deadline)
    return try plan(deadline: deadline, prices: prices, task.variant, progress)
  }
}
