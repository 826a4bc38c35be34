import Basics
import Testing

@testable import EnergyFrontier

struct IteratedLocalSearchTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func itKeepsTheDeadlineAndNeverRaisesEnergy(seed: UInt64) throws {
    var small = try PlanTestProblem(seed: seed, largest: 40)
    let search = LocalSearch(small.space)
    let start = DraftPlan(small.randomOptions(), in: small.space)
    let deadline = start.ticks + start.ticks / 20
    let local = try search.improved(start.options, deadline: deadline, ProgressHandle())
    let found = try (0..<2).map { _ in
      try IteratedLocalSearch(search).improved(
        local, deadline: deadline, iterations: 200, seed: seed, ProgressHandle())
    }
    #expect(found[0].ticks <= deadline)
    #expect(small.space.longestPath(found[0].options) == found[0].ticks)
    #expect(found[0].effectiveJoules <= local.effectiveJoules)
    #expect(found[0].options == found[1].options)
  }

  /// It leaves local optima of the star moves, or it would be of no use.
  @Test func itImprovesLocalOptima() throws {
    var improved = 0
    for seed in 0..<40 as Range<UInt64> {
      var small = try PlanTestProblem(seed: seed, largest: 40)
      let search = LocalSearch(small.space)
      let start = DraftPlan(small.randomOptions(), in: small.space)
      let local = try search.improved(start.options, deadline: start.ticks, ProgressHandle())
      let found = try IteratedLocalSearch(search).improved(
        local, deadline: start.ticks, iterations: 200, seed: 1, ProgressHandle())
      if found.effectiveJoules < local.effectiveJoules - 1e-9 { improved += 1 }
    }
    #expect(improved >= 10, "\(improved) of 40")
  }
}
