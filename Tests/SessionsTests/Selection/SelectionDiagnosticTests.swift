import ModelSelection
import Testing

@testable import Sessions

/// Signs of a wrong description and of broken candidates.
@Suite struct SelectionDiagnosticTests {
  /// Two reports of each candidate, the second on four times the data.
  private func observe(_ fixture: inout SearchFixture, _ score: (CandidateName, Double) -> Double) throws {
    for worker in 0..<9 {
      let trial = try fixture.trial("\(worker)")
      for (step, fraction) in [0.1, 0.2, 0.4].enumerated() {
        try fixture.report(trial.id, step: step, fraction: fraction, score: score(trial.candidate, fraction))
      }
    }
  }

  @Test func aMetricThatIsDeclaredTheWrongWayRoundIsNoticed() throws {
    for direction in Metric.Direction.allCases {
      var fixture = try SearchFixture(strategy: .grid, direction: direction)
      let copy = fixture
      try observe(&fixture) { copy.score($0, $1) }
      #expect(fixture.search.diagnostics.map(\.kind) == (direction == .minimize ? [.metricDirection] : []))
    }
  }

  @Test func aRangeInPercentForFractionsIsNoticed() throws {
    var fixture = try SearchFixture(strategy: .grid, range: 0...100)
    let copy = fixture
    try observe(&fixture) { copy.score($0, $1) }
    #expect(fixture.search.diagnostics.map(\.kind) == [.metricRange])
    fixture = copy
    try observe(&fixture) { 100 * copy.score($0, $1) }
    #expect(fixture.search.diagnostics == [])
  }

  @Test func unknownNamesInRulesAreNoticed() throws {
    let rules = PoolConstraints(
      deniedLicences: ["gpl"], deniedTags: ["tag0", "tga1"],
      deniedPairs: [
        ComponentPair(encoder: "e1", languageModel: "l9"), ComponentPair(encoder: "e1", languageModel: "l0"),
        ComponentPair(encoder: "l0", languageModel: "e1"),
      ])
    let fixture = try SearchFixture(constraints: rules)
    #expect(fixture.search.diagnostics.allSatisfy { $0.kind == .unknownName })
    #expect(
      fixture.search.diagnostics.map(\.path) == [
        "constraints.deniedLicences[0]", "constraints.deniedTags[1]", "constraints.deniedPairs[2][0]",
        "constraints.deniedPairs[0][1]", "constraints.deniedPairs[2][1]",
      ])
    #expect(fixture.search.diagnostics.map { $0.name?.text } == ["gpl", "tga1", "l0", "l9", "e1"])
  }

  /// A candidate far below its parts is flagged at its first report, one that gets worse at its third.
  @Test func brokenCandidatesAreFlagged() throws {
    var fixture = try SearchFixture(strategy: .grid)
    let copy = fixture
    for worker in 0..<8 {
      let trial = try fixture.trial("\(worker)")
      try fixture.report(trial.id, fraction: 0.1, score: copy.score(trial.candidate, 0.1))
    }
    #expect(fixture.search.report(evidenceLimit: 0, untriedLimit: 0).problems == [])
    let broken = try fixture.trial("broken")
    try fixture.report(broken.id, fraction: 0.1, score: 0.02)
    let problems = fixture.search.report(evidenceLimit: 0, untriedLimit: 0).problems
    #expect(problems.map(\.candidate) == [broken.candidate] && problems.map(\.flag) == [.farBelowParts])
  }

  @Test func aCandidateThatGetsWorseIsFlagged() throws {
    var fixture = try SearchFixture(strategy: .grid)
    let trial = try fixture.trial()
    for (step, score) in [0.5, 0.4, 0.3].enumerated() {
      try fixture.report(trial.id, step: step, fraction: 0.1 * Double(1 << step), score: score, checkpoint: "/\(step)")
    }
    try fixture.fail(trial, .paused)
    #expect(fixture.search.report(evidenceLimit: 0, untriedLimit: 0).problems.map(\.flag) == [.worseWithData])
  }
}
