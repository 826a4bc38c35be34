internal import Basics

/// ``BeamSearch`` from the last instruction to the first.
///
/// The identity of ``BoundPrices`` also holds when time runs backwards: each dependency's time keeps its price, and
/// instructions without predecessors waste the time from the iteration's begin. A beam decides worst about the
/// instructions that it takes first, so the two directions have different weaknesses: at a given deadline one often
/// loses half as much as the other.
final class BackwardBeam {
  /// The problem backwards in time.
  let space: PlanSpace
  private let beam: BeamSearch
  /// For each dependency of the reversed problem its number in the one given.
  private let dependencies: [Int]

  /// - Parameter width: partial plans to keep, at least 1.
  init(_ space: PlanSpace, width: Int) {
    self.space = PlanSpace(reversing: space)
    beam = BeamSearch(self.space, width: width)
    dependencies = space.reversedDependencies
  }

  /// The best plan found that lasts at most `deadline` ticks, which is not below the fastest possible.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  func plan(
    deadline: Int64, prices: BoundPrices, guidance: BeamSearch.Guidance, _ progress: ProgressHandle
  ) throws(FrontierError) -> [Int32] {
    let reversed = reversed(prices, deadline: deadline)
    return try beam.plan(deadline: deadline, prices: reversed, guidance: guidance, progress).reversed()
  }

  /// The same prices and schedule for the reversed problem.
  func reversed(_ prices: BoundPrices, deadline: Int64) -> BoundPrices {
    BoundPrices(
      positions: prices.positions.reversed(), dependencies: dependencies.map { prices.dependencies[$0] },
      starts: prices.ends.reversed().map { deadline - $0 }, ends: prices.starts.reversed().map { deadline - $0 })
  }
}

/// A beam in each direction of time.
struct BeamPair {
  private let forwards: BeamSearch
  private let backwards: BackwardBeam

  /// - Parameter width: partial plans that each keeps.
  init(_ space: PlanSpace, width: Int) {
    forwards = BeamSearch(space, width: width)
    backwards = BackwardBeam(space, width: width)
  }

  /// The best plan found in a direction of time; see ``BeamSearch/plan(deadline:prices:guidance:_:)``.
  func plan(
    isBackward: Bool, deadline: Int64, prices: BoundPrices, guidance: BeamSearch.Guidance, _ progress: ProgressHandle
  ) throws(FrontierError) -> [Int32] {
    isBackward
      ? try backwards.plan(deadline: deadline, prices: prices, guidance: guidance, progress)
      : try forwards.plan(deadline: deadline, prices: prices, guidance: guidance, progress)
  }
}
