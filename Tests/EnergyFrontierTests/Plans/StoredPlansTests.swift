import Basics
import EnergyFrontier
import Testing

/// Plans that are kept outside of a process, and what is made of them.
@Suite struct StoredPlansTests {
  /// Frontiers of random pipelines, of which half change settings at a cost.
  private func problems() throws -> [(IterationProblem, Frontier)] {
    try (0..<UInt64(12)).map { seed in
      let problem =
        seed % 2 == 0
        ? try ProblemSketch.random(seed: seed).problem() : try SwitchingTestProblem(seed: seed).problem
      return (problem, try Frontier(of: problem))
    }
  }

  @Test func whatIsKeptMakesTheSameFrontier() throws {
    for (problem, frontier) in try problems() {
      let stored = try #require(StoredPlans(StoredPlans(of: frontier).bytes))
      let restored = try #require(try Frontier(restoring: stored, of: problem, precision: CurvePrecision()))
      #expect(restored.plans == frontier.plans)
      #expect(restored.isOptimal == frontier.isOptimal)
      #expect(restored.curve.breakpoints == frontier.curve.breakpoints)
    }
  }

  /// Whatever bytes a file has, what is restored is certified, and nothing else.
  @Test func changedBytesMakeNoFalsePlan() throws {
    var random = SplitMix64(seed: 3)
    var refusedCount = 0
    for (problem, frontier) in try problems() {
      let bytes = StoredPlans(of: frontier).bytes
      for _ in 0..<60 {
        var changed = bytes
        changed[random.index(below: changed.count)] ^= UInt8(1 << random.index(below: 8))
        guard let stored = StoredPlans(changed),
          let restored = try Frontier(restoring: stored, of: problem, precision: CurvePrecision())
        else {
          refusedCount += 1
          continue
        }
        for plan in restored.plans {
          #expect(PlanCertificate(of: plan, problem: problem, curve: restored.curve).holds)
        }
      }
      #expect(StoredPlans(Array(bytes.dropLast())) == nil)
      #expect(StoredPlans(bytes + [0]) == nil)
    }
    #expect(refusedCount > 300)
  }

  @Test func plansOfAnotherProblemAreRefused() throws {
    let (all, other) = (try problems(), try ProblemSketch.random(seed: 99).problem())
    for (_, frontier) in all {
      #expect(try Frontier(restoring: StoredPlans(of: frontier), of: other, precision: CurvePrecision()) == nil)
    }
  }
}
