import Basics
import Testing

@testable import EnergyFrontier

/// Lazily updated times against times computed from scratch.
struct IncrementalLongestPathsTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func settledTimesEqualFreshOnes(seed: UInt64) throws {
    var small = try PlanTestProblem(seed: seed, largest: 80)
    let paths = IncrementalLongestPaths(small.space)
    paths.load(small.randomOptions(), deadline: 1 << 60)
    for _ in 0..<40 {
      let position = small.randomPosition()
      paths.set(position, to: small.randomOptions()[position])
      let (a, b) = (small.randomPosition(), small.randomPosition())
      paths.settle(from: min(a, b), through: max(a, b))
      let fresh = fresh(paths)
      for position in 0...max(a, b) { #expect(paths.heads[position] == fresh.heads[position]) }
      for position in min(a, b)..<small.space.count { #expect(paths.tails[position] == fresh.tails[position]) }
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func rollBackRestoresOptionsAndTimes(seed: UInt64) throws {
    var small = try PlanTestProblem(seed: seed, largest: 80)
    let paths = IncrementalLongestPaths(small.space)
    paths.load(small.randomOptions(), deadline: 1 << 60)
    for _ in 0..<10 {
      let options = Array(paths.options)
      let mark = paths.mark
      for _ in 0..<5 {
        let position = small.randomPosition()
        paths.set(position, to: small.randomOptions()[position])
        paths.settle(from: position, through: small.randomPosition())
      }
      paths.rollBack(to: mark)
      paths.settleAll()
      #expect(Array(paths.options) == options)
      let fresh = fresh(paths)
      #expect(Array(paths.heads) == fresh.heads)
      #expect(Array(paths.tails) == fresh.tails)
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func localSearchKeepsTheDeadlineAndNeverRaisesEnergy(seed: UInt64) throws {
    var small = try PlanTestProblem(seed: seed, largest: 60)
    let before = DraftPlan(small.randomOptions(), in: small.space)
    let slack = before.ticks / 50
    let after = try LocalSearch(small.space).improved(
      before.options, deadline: before.ticks + slack, ProgressHandle())
    #expect(after.ticks <= before.ticks + slack)
    #expect(after.effectiveJoules <= before.effectiveJoules + 1e-9)
  }

  private func fresh(_ paths: IncrementalLongestPaths) -> (heads: [Int64], tails: [Int64]) {
    let fresh = IncrementalLongestPaths(paths.space)
    fresh.load(Array(paths.options), deadline: paths.deadline)
    return (Array(fresh.heads), Array(fresh.tails))
  }
}
