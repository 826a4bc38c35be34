import Basics
import Testing

@testable import EnergyFrontier

/// Bracketed curves against exact ones.
@Suite struct CurveBracketTests {
  static let bracketed = CurvePrecision(breakpointBudget: 0)

  @Test(arguments: 0..<120 as Range<UInt64>, [0.05, 0.005, 1e-5])
  func containsTheExactCurve(seed: UInt64, tolerance: Double) throws {
    var sketch = ProblemSketch.random(seed: seed)
    // Energies stay positive, or a share of them would mean nothing.
    sketch.blockingPowerWatts = 0
    try expectBracket(sketch.problem(), tolerance: tolerance)
  }

  /// Stages unlike each other, where the exact curve has many corners.
  @Test(arguments: [0.02, 0.002, 0.0002])
  func containsTheCurveOfUnlikeStages(tolerance: Double) throws {
    let problem = try Self.unlikeStages(6, microbatches: 18)
    let (exact, bracket) = try expectBracket(problem, tolerance: tolerance)
    #expect(exact.breakpoints.count > 300)
    #expect(bracket.breakpoints.count < exact.breakpoints.count)
  }

  @Test func isExactWithinTheBudget() throws {
    let problem = try Self.unlikeStages(3, microbatches: 5)
    let exact = try LowerBoundCurve(of: problem, precision: .exact)
    let count = exact.breakpoints.count
    #expect(exact.isExact && exact.bracketFraction == 0)
    #expect(try LowerBoundCurve(of: problem, precision: CurvePrecision(breakpointBudget: count)) == exact)
    #expect(try !LowerBoundCurve(of: problem, precision: CurvePrecision(breakpointBudget: count - 1)).isExact)
    #expect(try LowerBoundCurve(of: problem) == exact)
  }

  /// Plans are compared with the bracketed bound, which is valid for them as well.
  @Test func plansAreCertifiedAgainstTheBracket() throws {
    let problem = try Self.unlikeStages(4, microbatches: 10)
    let options = CharacterizationOptions(deadlineCount: 8, precision: Self.bracketed)
    let frontier = try Frontier(of: problem, options: options)
    let exact = try LowerBoundCurve(of: problem, precision: .exact)
    #expect(!frontier.curve.isExact)
    #expect(frontier.plans.count > 8)
    for plan in frontier.plans {
      #expect(PlanCertificate(of: plan, problem: problem, curve: frontier.curve).holds)
      let seconds = max(plan.iterationTimeSeconds, exact.minimumTimeSeconds)
      let bound = try #require(exact.energyJoules(at: seconds))
      #expect(plan.energyJoules >= bound * (1 - 1e-9))
      #expect(plan.gapFraction >= plan.energyJoules / bound - 1 - 1e-9)
    }
  }

  @Test func certificateProvesABracket() throws {
    let problem = try Self.unlikeStages(4, microbatches: 10)
    let curve = try LowerBoundCurve(of: problem, precision: Self.bracketed)
    let certificate = try CurveCertificate.certify(problem, precision: Self.bracketed)
    #expect(certificate.holds)
    #expect(certificate.pieceCount > 20)
    #expect(certificate.largestRelativeGap == curve.bracketFraction)
  }

  @discardableResult
  private func expectBracket(
    _ problem: IterationProblem, tolerance: Double
  ) throws -> (exact: LowerBoundCurve, bracket: LowerBoundCurve) {
    let exact = try LowerBoundCurve(of: problem, precision: .exact)
    let precision = CurvePrecision(breakpointBudget: 0, toleranceFraction: tolerance)
    let bracket = try LowerBoundCurve(of: problem, precision: precision)
    #expect(!bracket.isExact)
    #expect(bracket.bracketFraction <= tolerance)
    #expect(isClose(bracket.minimumTimeSeconds, exact.minimumTimeSeconds))
    #expect(isClose(bracket.maximumTimeSeconds, exact.maximumTimeSeconds))
    let (fast, slow) = (exact.minimumTimeSeconds, exact.maximumTimeSeconds)
    for share in stride(from: 0.0, through: 1.0, by: 0.02) {
      let seconds = min(fast + share * (slow - fast), slow)
      let energy = try #require(exact.energyJoules(at: seconds))
      let below = try #require(bracket.energyJoules(at: max(seconds, bracket.minimumTimeSeconds)))
      #expect(below <= energy * (1 + 1e-9), "below, at \(seconds) s")
      if seconds <= bracket.cheapestTimeSeconds {
        #expect(below >= energy * (1 - tolerance - 1e-9), "within the tolerance, at \(seconds) s")
      }
    }
    for point in bracket.upperPoints {
      let energy = try #require(exact.energyJoules(at: max(point.iterationTimeSeconds, fast)))
      #expect(point.energyJoules >= energy * (1 - 1e-9))
    }
    return (exact, bracket)
  }

  /// 1F1B over stages whose times differ by up to a tenth, each with six options.
  static func unlikeStages(_ stages: Int, microbatches: Int) throws -> IterationProblem {
    var random = SplitMix64(seed: 5)
    let recipe = try ScheduleRecipe(.oneForwardOneBackward, stageCount: stages, microbatchCount: microbatches)
    let schedule = try ExpandedSchedule(recipe)
    let tables = try (0..<2 * stages).map { table in
      let scale = (table % 2 == 0 ? 0.05 : 0.1) * (0.9 + 0.2 * random.unitFraction())
      return try OptionTable(
        measurements: (0..<6).map { step in
          let slow = 1 + 0.07 * Double(step)
          return Measurement(timeSeconds: scale * slow, energyJoules: scale * (250 / slow / slow + 60 * slow))
        }, blockingPowerWatts: 60)
    }
    return try IterationProblem(
      graph: schedule.graph,
      tableOfInstruction: schedule.instructions.map { 2 * $0.stage + ($0.kind == .forward ? 0 : 1) },
      tables: tables, waitingPowerWatts: 60 * Double(stages))
  }
}
