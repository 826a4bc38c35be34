import Testing

@testable import EnergyFrontier

/// The checker of plans accepts what characterization delivers and finds every kind of damage.
@Suite struct CertifiedPlanTests {
  @Test(arguments: [UInt64](0..<100))
  func acceptsRealisedPlans(seed: UInt64) throws {
    let problem = try ProblemSketch.random(seed: seed).problem()
    let frontier = try Frontier(of: problem, options: CharacterizationOptions(deadlineCount: 16))
    for plan in frontier.plans {
      let certificate = PlanCertificate(of: plan, problem: problem, curve: frontier.curve)
      #expect(certificate.failure == nil)
      #expect(certificate.largestRelativeError < 1e-12)
    }
  }

  @Test func findsDamage() throws {
    let problem = try bridge.problem()
    let curve = try LowerBoundCurve(of: problem)
    func failure(
      _ choices: [UInt16], _ seconds: Double, _ joules: Double, _ gap: Double, curve: LowerBoundCurve
    ) -> PlanCertificate.Failure? {
      let plan = Plan(choices: choices, iterationTimeSeconds: seconds, energyJoules: joules, gapFraction: gap)
      return PlanCertificate(of: plan, problem: problem, curve: curve).failure
    }
    // Everything fastest but instruction 2: paths 1 + 3 + 1 and twice 1 + 5.
    let choices: [UInt16] = [0, 0, 1, 0, 0]
    #expect(failure(choices, 6, 24, 0, curve: curve) == nil)
    #expect(failure([0, 0, 1, 0], 6, 24, 0, curve: curve) == .wrongChoiceCount(count: 4, expected: 5))
    #expect(
      failure([0, 1, 1, 0, 0], 6, 24, 0, curve: curve)
        == .choiceOutOfRange(instruction: 1, choice: 1, optionCount: 1))
    #expect(
      failure(choices, 5.9999, 24, 0, curve: curve) == .timeMismatch(reportedSeconds: 5.9999, realSeconds: 6))
    #expect(
      failure(choices, 6, 23.9999, 0, curve: curve)
        == .energyMismatch(reportedJoules: 23.9999, realJoules: 24))
    #expect(failure(choices, .nan, 24, 0, curve: curve) != nil)
    #expect(failure(choices, 6, 24, 0.01, curve: curve) == .gapMismatch(reported: 0.01, real: 0))
    // All fast: 4 J more for the same time.
    #expect(failure([0, 0, 0, 0, 0], 6, 28, 28.0 / 24 - 1, curve: curve) == nil)
    var dearer = bridge
    dearer.tables[1] = [(5, 2)]
    let wrong = try LowerBoundCurve(of: dearer.problem())
    #expect(failure(choices, 6, 24, 0, curve: wrong) == .belowBound(joules: 24, boundJoules: 25))
  }
}
