import Basics
import Testing

@testable import ModelSelection

/// Which reports a curve keeps, against the rule as the guide states it.
@Suite struct LearningCurveTests {
  struct Told {
    let observation: Observation
    let origin: LearningCurve.Origin
    let isAssigned: Bool
  }

  /// The rule, from all reports at once: where a cell has assigned fractions, the latest report at each of them; else
  /// of the latest trial the report at the least fraction, the latest of these. Then the median of three, but for
  /// assigned ones.
  private func expected(_ told: [Told]) -> [Observation] {
    func cell(_ one: Told) -> Int {
      var (lower, number) = (1.0, 0)
      while one.observation.dataFraction < lower { (lower, number) = (lower / 2, number - 8) }
      return number + Int((one.observation.dataFraction / lower - 1) * 8)
    }
    var kept: [Told] = []
    for (_, reports) in Dictionary(grouping: told, by: cell) {
      let assigned = reports.filter(\.isAssigned)
      if !assigned.isEmpty {
        for (_, same) in Dictionary(grouping: assigned, by: \.observation.dataFraction) {
          kept.append(same.max { ($0.origin.trial, $0.origin.step) < ($1.origin.trial, $1.origin.step) }!)
        }
      } else {
        let latest = reports.map(\.origin.trial).max()!
        let least = reports.filter { $0.origin.trial == latest }.map(\.observation.dataFraction).min()!
        kept.append(
          reports.filter { $0.origin.trial == latest && $0.observation.dataFraction == least }
            .max { $0.origin.step < $1.origin.step }!)
      }
    }
    kept.sort { $0.observation.dataFraction < $1.observation.dataFraction }
    return kept.indices.map { index in
      let own = kept[index].observation
      guard !kept[index].isAssigned, kept.indices.contains(index - 1), kept.indices.contains(index + 1) else {
        return own
      }
      let errors = kept[index - 1...index + 1].map(\.observation.error)
      return Observation(dataFraction: own.dataFraction, error: errors.sorted()[1])
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>) func keepsTheSameInAnyOrder(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let told = (0..<Int.random(in: 1...60, using: &generator)).map { index in
      // Coarse fractions, so that many meet in a cell or are equal.
      let fraction = Double(Int.random(in: 1...64, using: &generator)) / 64
      return Told(
        observation: Observation(dataFraction: fraction, error: Double.random(in: 1...2, using: &generator)),
        origin: LearningCurve.Origin(trial: TrialID(Int.random(in: 0..<4, using: &generator)), step: index),
        isAssigned: Int.random(in: 0..<6, using: &generator) == 0)
    }
    let expected = expected(told)
    for _ in 0..<6 {
      var curve = LearningCurve()
      for one in told.shuffled(using: &generator) {
        let before = curve
        let change = curve.take(one.observation, from: one.origin, isAssigned: one.isAssigned)
        #expect((change == .none) == (curve == before))
        let isAppended =
          curve.observations.count == before.observations.count + 1
          && Array(curve.observations.dropLast()) == before.observations
        #expect((change == .appended) == isAppended)
      }
      #expect(curve.observations == expected)
    }
  }

  /// A report that comes to stand for an assigned fraction is one point and not two.
  @Test func aReportStandsForOneFraction() {
    var curve = LearningCurve()
    for (step, fraction) in [0.1, 0.2, 0.3].enumerated() {
      let change = curve.take(
        Observation(dataFraction: fraction, error: 1), from: LearningCurve.Origin(trial: 0, step: step),
        isAssigned: false)
      #expect(change == .appended)
    }
    let change = curve.take(
      Observation(dataFraction: 0.4, error: 1), from: LearningCurve.Origin(trial: 0, step: 2), isAssigned: true)
    #expect(change == .rewritten && curve.observations.map(\.dataFraction) == [0.1, 0.2, 0.4])
  }

  @Test func aMillionReportsLeaveFewPoints() {
    var curve = LearningCurve()
    for step in 1...1_000_000 {
      _ = curve.take(
        Observation(dataFraction: Double(step) / 1e6, error: 1), from: LearningCurve.Origin(trial: 0, step: step),
        isAssigned: false)
    }
    // Twenty doublings.
    #expect(curve.observations.count <= 8 * 20 + 1)
  }
}
