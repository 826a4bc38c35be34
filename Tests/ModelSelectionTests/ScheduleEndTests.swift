import Basics
import Testing

@testable import ModelSelection

/// What a task says of the points of curves, and what that makes of predictions.
@Suite struct ScheduleEndTests {
  private static let kinds: [CurvePoints] =
    [.unknown, .finished, .snapshot(decayStart: nil)] + [0, 0.3, 0.5, 0.8, 1].map { .snapshot(decayStart: $0) }

  /// All of the rate's fall lies somewhere, most of it at the end.
  @Test(arguments: kinds) func sharesAreOneFall(points: CurvePoints) {
    let shares = (0..<40).map { ScheduleEnd(points: points).share(remaining: $0) }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
    #expect(shares.allSatisfy { $0 >= 0 } && shares == shares.sorted(by: >), "\(shares)")
  }

  /// Within the last doubling less and less is left, and never less than of the data; elsewhere positions stay.
  @Test(arguments: kinds) func theFallIsAheadUntilItHappens(points: CurvePoints) {
    let schedule = ScheduleEnd(points: points)
    for position in [0, 1, 1.5, 2, 6] { #expect(schedule.doublingsLeft(at: position) == position) }
    let positions = (1..<100).map { Double($0) / 100 }
    let left = positions.map(schedule.doublingsLeft(at:))
    #expect(left == left.sorted() && zip(left, positions).allSatisfy { $0 >= $1 && $0 <= 1 })
  }

  @Test func nothingFallsBeforeTheDecayStarts() {
    let schedule = ScheduleEnd(points: .snapshot(decayStart: 0.8))
    #expect(schedule.doublingsLeft(at: -PortableMath.log(0.75) / PortableMath.log(2)) == 1)
    #expect(abs(schedule.doublingsLeft(at: -PortableMath.log(0.9) / PortableMath.log(2)) - 0.5) < 1e-9)
  }

  /// The final errors of curves by their errors at 1/64, 1/32, ... of the data.
  private func finals(_ curves: [[Double]], _ points: CurvePoints) throws -> [FinalError] {
    let pool = try Pool(unclustered: curves.indices.map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) })
    var states = pool.candidates.map { _ in CandidateState() }
    var knowledge = Knowledge(candidateCount: curves.count, points: points)
    for (candidate, curve) in curves.enumerated() {
      for (step, error) in curve.enumerated() {
        _ = states[candidate].curve.take(
          Observation(dataFraction: Double(sign: .plus, exponent: step - 6, significand: 1), error: error),
          from: LearningCurve.Origin(trial: TrialID(candidate), step: step), isAssigned: true)
        _ = knowledge.observe(candidate, states: states, pool: pool)
      }
    }
    return try knowledge.finals.map { try #require($0) }
  }

  /// Power laws, all of which end this much lower in the last step.
  private func runs(_ lengths: [Int], drop: Double = 0) -> [[Double]] {
    var generator = SplitMix64(seed: 5)
    return lengths.map { length in
      let (level, slope) = (0.3 + 0.2 * generator.unitFraction(), 0.1 + 0.05 * generator.unitFraction())
      return (0..<length).map { level * PortableMath.exp(slope * Double(6 - $0) - ($0 == 6 ? drop : 0)) }
    }
  }

  private func width(_ final: FinalError) -> Double {
    (final.deviation * final.deviation + final.commonDeviation * final.commonDeviation).squareRoot()
  }

  /// Before anyone has finished, what was told decides how much is open, and a snapshot is expected to end lower.
  @Test func whatIsToldDecidesBeforeTheEnd() throws {
    let curves = runs([6, 6, 5, 5, 4, 4, 4, 4])
    let finished = try finals(curves, .finished)
    let unknown = try finals(curves, .unknown)
    let snapshot = try finals(curves, .snapshot(decayStart: 0.8))
    for candidate in curves.indices {
      #expect(width(finished[candidate]) < width(unknown[candidate]))
      #expect(width(unknown[candidate]) < width(snapshot[candidate]))
      #expect(snapshot[candidate].mean < finished[candidate].mean - 0.05)
    }
  }

  /// Once some have finished, the pool knows by how much everybody drops.
  @Test(arguments: [0.05, 0.3]) func theDropIsLearned(drop: Double) throws {
    let lengths = [7, 7, 7, 6, 6, 5, 5, 5]
    let truth = runs(lengths.map { _ in 7 }, drop: drop)
    let found = try finals(runs(lengths, drop: drop), .snapshot(decayStart: 0.8))
    for candidate in 3..<lengths.count {
      let off = abs(found[candidate].mean - PortableMath.log(truth[candidate][6]))
      #expect(off < 0.06, "\(candidate): \(off)")
    }
  }

  /// Points before the decay compare candidates at equal rates: their order is that of the same curves untold.
  @Test func theOrderBeforeTheDecayStays() throws {
    let curves = runs([5, 5, 5, 5, 5, 5, 5, 5])
    func order(_ points: CurvePoints) throws -> [Int] {
      let finals = try finals(curves, points)
      return curves.indices.sorted { finals[$0].mean < finals[$1].mean }
    }
    #expect(try order(.snapshot(decayStart: 0.8)) == order(.unknown))
  }

  /// In the middle of the decay a candidate is not taken for one that has shown most of its last step.
  @Test func aRunInItsDecayIsNotJudgedByIt() throws {
    let curves = runs([7, 7, 6, 6, 6, 6], drop: 0.3)
    let pool = try Pool(unclustered: curves.indices.map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) })
    func expectedFall(_ points: CurvePoints) throws -> Double {
      var states = pool.candidates.map { _ in CandidateState() }
      var knowledge = Knowledge(candidateCount: curves.count, points: points)
      var reports: [(candidate: Int, fraction: Double, error: Double)] = []
      for (candidate, curve) in curves.enumerated() {
        for (step, error) in curve.enumerated() {
          reports.append((candidate, Double(sign: .plus, exponent: step - 6, significand: 1), error))
        }
      }
      // Three quarters of the data, and the rate has not fallen yet.
      reports.append((5, 0.75, curves[5][5] * 0.96))
      for (step, report) in reports.enumerated() {
        _ = states[report.candidate].curve.take(
          Observation(dataFraction: report.fraction, error: report.error),
          from: LearningCurve.Origin(trial: TrialID(report.candidate), step: step), isAssigned: true)
        _ = knowledge.observe(report.candidate, states: states, pool: pool)
      }
      return try #require(knowledge.finals[5]).mean - PortableMath.log(curves[5][5] * 0.96)
    }
    let (told, untold) = (try expectedFall(.snapshot(decayStart: 0.8)), try expectedFall(.unknown))
    #expect(told < -0.25 && untold > -0.22, "\(told) \(untold)")
  }
}
