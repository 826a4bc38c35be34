import Basics
import Testing

@testable import EnergyFrontier

/// Existing plans under new measurements.
struct CarriedFrontierTests {
  /// Under the same measurements they are worth what they were, and the bound is the same.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func nothingChangesWithoutAChange(seed: UInt64) throws {
    let problem = try PlanTestProblem(seed: seed).problem
    let frontier = try Frontier(of: problem)
    let carried = try Frontier(of: problem, carrying: frontier.plans.map(\.choices))
    #expect(carried.curve == frontier.curve)
    for plan in frontier.plans {
      let index = try #require(carried.planIndex(within: plan.iterationTimeSeconds))
      #expect(carried.plans[index].energyJoules <= plan.energyJoules)
    }
  }

  /// Whatever plans are carried, what comes out is certified, and the fastest iteration is among it.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func anyPlansMakeACertifiedFrontier(seed: UInt64) throws {
    let small = try PlanTestProblem(seed: seed)
    var random = small.random
    let choices = (0..<20).map { _ in
      (0..<small.problem.graph.count).map { UInt16(random.index(below: small.problem.table(of: $0).efficient.count)) }
    }
    let frontier = try Frontier(of: small.problem, carrying: choices)
    for plan in frontier.plans {
      #expect(PlanCertificate(of: plan, problem: small.problem, curve: frontier.curve).failure == nil)
    }
    #expect(frontier.plans[0].iterationTimeSeconds <= frontier.curve.minimumTimeSeconds * (1 + 1e-12))
    for (faster, slower) in zip(frontier.plans, frontier.plans.dropFirst()) {
      #expect(faster.iterationTimeSeconds < slower.iterationTimeSeconds && faster.energyJoules > slower.energyJoules)
    }
  }
}
