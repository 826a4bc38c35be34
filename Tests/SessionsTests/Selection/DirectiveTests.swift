import ModelSelection
import Testing

@testable import Sessions

/// What people decide while a search runs.
@Suite struct DirectiveTests {
  @Test func aBannedCandidateIsNeitherTrainedNorSuggested() throws {
    var fixture = try SearchFixture(strategy: .grid)
    let trial = try fixture.trial("w")
    try fixture.report(trial.id, fraction: 0.1, score: 0.9)
    #expect(fixture.search.engine.leader == 0)
    let directed = try fixture.search.direct(trial.candidate, .ban(true))
    #expect(directed.closure == .banned && directed.trial == trial.id)
    #expect(fixture.search.engine.leader == nil)
    let decision = try fixture.report(trial.id, step: 2, fraction: 0.2, score: 0.9)
    #expect(decision.verdict == .stop && decision.reason == "excluded")
    #expect(try fixture.search.direct(trial.candidate, .ban(false)).closure == nil)
    #expect(fixture.search.engine.leader == 0)
    #expect(try fixture.trial("w").candidate == trial.candidate)
  }

  @Test func anAdvancedCandidateComesNext() throws {
    var fixture = try SearchFixture(strategy: .race)
    let wanted = fixture.name(2, 2)
    _ = try fixture.search.direct(wanted, .advance(toFraction: 0.5))
    let trial = try fixture.trial("w")
    #expect(trial.candidate == wanted && trial.toFraction == 0.5 && trial.phase == .requested)
    #expect(try fixture.trial("x").candidate != wanted)
    // It is trained on though it is hopeless.
    for step in 1...20 {
      let decision = try fixture.report(trial.id, step: step, fraction: 0.025 * Double(step), score: 0.01)
      #expect(decision.verdict == (step < 20 ? .continue : .pause))
    }
    #expect(try fixture.trial("w").candidate != wanted)
  }

  /// Also after the search has ended.
  @Test func anAdvanceContinuesASearchThatEnded() throws {
    var fixture = try SearchFixture(strategy: .race)
    while case .trial(let trial, _) = try fixture.ask() { try fixture.finish(trial) }
    let unfinished = try #require(fixture.search.rankedCandidates(limit: 9).first { $0.status != .complete })
    _ = try fixture.search.direct(unfinished.candidate, .advance(toFraction: 1))
    #expect(try fixture.trial().candidate == unfinished.candidate)
  }

  @Test func aWithdrawnCandidateFreesItsGPU() throws {
    var fixture = try SearchFixture(strategy: .grid, gpus: [("g", nil, nil)])
    let trial = try fixture.trial("w")
    #expect(try fixture.search.direct(trial.candidate, .withdraw).trial == trial.id)
    #expect(fixture.search.openTrialCount == 0)
    let next = try fixture.trial("w")
    #expect(next.gpus == ["g"] && next.candidate != trial.candidate)
    #expect(throws: RequestError.self) { try fixture.search.direct(trial.candidate, .advance(toFraction: 1)) }
    #expect(throws: RequestError.self) { try fixture.report(trial.id, fraction: 0.1, score: 0.5) }
  }

  @Test func aSpentBudgetMayBeRaised() throws {
    var fixture = try SearchFixture(strategy: .grid, budget: Budget(trials: 2))
    for _ in 0..<2 { try fixture.finish(try fixture.trial()) }
    #expect(try fixture.wait() == .finished)
    let revised = try fixture.search.revise(SearchRevision(constraints: nil, budget: Budget(trials: 3)))
    #expect(revised.stopReasonBefore == .trialsSpent && revised.stopReason == nil)
    try fixture.finish(try fixture.trial())
    #expect(try fixture.wait() == .finished)
    #expect(fixture.search.settings.search.budget == Budget(trials: 3))
  }

  @Test func rulesMayChangeWhileTheSearchRuns() throws {
    var fixture = try SearchFixture(
      strategy: .grid, constraints: PoolConstraints(deniedTags: ["tag2"]))
    #expect(fixture.search.pool.candidates.count == 6)
    let trial = try fixture.trial("w")
    #expect(trial.candidate.encoder == "e0")
    let revised = try fixture.search.revise(
      SearchRevision(constraints: PoolConstraints(deniedTags: ["tag0"]), budget: nil))
    #expect(revised.excluded == [0, 1, 2] && revised.readmitted == [] && revised.added == [6, 7, 8])
    #expect(try fixture.report(trial.id, fraction: 0.1, score: 0.5).reason == "excluded")
    var trained: Set<String> = []
    while case .trial(let trial, _) = try fixture.ask() {
      trained.insert(trial.candidate.encoder)
      try fixture.finish(trial)
    }
    #expect(trained == ["e1", "e2"])
    #expect(fixture.search.pool.excludedCounts == [.tag: 3])
    let back = try fixture.search.revise(SearchRevision(constraints: PoolConstraints(), budget: nil))
    #expect(back.readmitted == [0, 1, 2] && back.added == [] && back.stopReason == nil)
    #expect(try fixture.trial().candidate.encoder == "e0")
    // A refused revision changes nothing.
    let before = fixture.search.pool.excludedCounts
    #expect(throws: RequestError.self) {
      try fixture.search.revise(
        SearchRevision(constraints: PoolConstraints(deniedTags: ["tag0", "tag1", "tag2"]), budget: nil))
    }
    #expect(fixture.search.pool.excludedCounts == before)
  }

  @Test func anUnknownCandidateIsRefused() throws {
    var fixture = try SearchFixture()
    #expect(throws: RequestError.self) { try fixture.search.direct(fixture.name(7, 0), .withdraw) }
  }
}
