import Testing

@testable import EnergyFrontier

/// The published GPT-3 175B profiles, against figures found by an independent solver.
@Suite(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct MeasuredProfileTests {
  struct Known: Sendable, CustomTestStringConvertible {
    let profile: String
    let blockingPowerWatts: Double
    let microbatchCount: Int
    let cornerCount: Int
    let minimumTimeSeconds: Double
    let minimumTimeJoules: Double
    var testDescription: String { "\(profile), \(microbatchCount) microbatches" }
  }

  static let known = [
    Known(
      profile: "gpt3-175b_a100-sxm", blockingPowerWatts: 83.64, microbatchCount: 12, cornerCount: 537,
      minimumTimeSeconds: 2.836511, minimumTimeJoules: 6160.42),
    Known(
      profile: "gpt3-175b_a100-sxm", blockingPowerWatts: 83.64, microbatchCount: 96, cornerCount: 622,
      minimumTimeSeconds: 15.679429, minimumTimeJoules: 46553.85),
    Known(
      profile: "gpt3-175b_a40", blockingPowerWatts: 70.38, microbatchCount: 96, cornerCount: 385,
      minimumTimeSeconds: 41.28238, minimumTimeJoules: 80725.77),
  ]

  @Test(arguments: known)
  func reproducesKnownFigures(known: Known) throws {
    let curve = try LowerBoundCurve(of: problem(known))
    #expect(curve.breakpoints.count == known.cornerCount)
    #expect(abs(curve.minimumTimeSeconds - known.minimumTimeSeconds) < 6e-6)
    #expect(abs(curve.breakpoints[0].energyJoules - known.minimumTimeJoules) < 6e-3)
  }

  /// The smallest only, because certifying costs about thirty times what tracing does.
  @Test func isCertified() throws {
    let certificate = try expectCertified(problem(Self.known[0]))
    #expect(certificate.pieceCount == 536)
    #expect(certificate.largestRelativeGap < 1e-14)
    #expect(certificate.largestTimeViolationSeconds < 1e-15)
  }

  private func problem(_ known: Known) throws -> IterationProblem {
    try #require(
      try SharedData.profile(
        known.profile, blockingPowerWatts: known.blockingPowerWatts, microbatchCount: known.microbatchCount))
  }
}
