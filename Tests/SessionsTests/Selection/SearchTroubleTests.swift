import JSON
import ModelSelection
import Testing

@testable import Sessions

/// What goes wrong in a search: devices that are too small, nodes that die, silent workers, lost checkpoints.
@Suite struct SearchTroubleTests {
  @Test(arguments: Strategy.allCases) func aCandidateThatFitsNoGPULeavesAndTheSearchEnds(_ strategy: Strategy) throws {
    var fixture = try SearchFixture(
      strategy: strategy, memoryGiB: [8, 16, 60], gpus: [("g0", nil, 24), ("g1", nil, 24)])
    #expect(fixture.closure(0, 2) == .fitsNoDevice && fixture.closure(0, 0) == nil)
    var count = 0
    while case .trial(let trial, _) = try fixture.ask() {
      #expect(trial.candidate.languageModel != "l2")
      try fixture.finish(trial)
      count += 1
    }
    #expect(try fixture.wait() == .finished && count >= 6)
    let report = fixture.search.report(evidenceLimit: 0, untriedLimit: 0)
    #expect(report.stopReason != nil)
    #expect(report.problems.map(\.closure) == [.fitsNoDevice, .fitsNoDevice, .fitsNoDevice])
    // A larger GPU brings them back.
    fixture.search.register([
      GPU(
        id: "g2", node: nil, model: nil, memoryBytes: SearchFixture.bytes(80), frequencies: nil, blockingPowerWatts: nil
      )
    ])
    #expect(try fixture.trial().candidate.languageModel == "l2")
  }

  /// The need is found out by running out of memory on the largest device.
  @Test func aCandidateThatRunsOutOfMemoryEverywhereLeaves() throws {
    var fixture = try SearchFixture(
      strategy: .grid, encoders: 1, memoryGiB: [nil], gpus: [("g0", nil, 24), ("g1", nil, 40)])
    for memory in [24, 40] {
      let trial = try fixture.trial()
      #expect(fixture.search.devices.leastMemoryBytes(of: trial.gpus) == SearchFixture.bytes(memory))
      try fixture.fail(trial, .outOfMemory)
    }
    #expect(try fixture.wait() == .finished)
    #expect(fixture.search.engine.stopReason == .noCandidateLeft && fixture.closure(0, 0) == .fitsNoDevice)
  }

  /// Workers without registered GPUs offer memory; a larger offer brings candidates back.
  @Test func offersOfUnregisteredWorkersCount() throws {
    var fixture = try SearchFixture(strategy: .grid, encoders: 1, memoryGiB: [60])
    #expect(try fixture.wait(memoryGiB: 24) == .finished)
    #expect(try fixture.trial(memoryGiB: 80).candidate.languageModel == "l0")
  }

  /// A node that dies each time holds up no other candidate, and does not get one trial after the other.
  @Test func aNodeThatDiesEachTimeIsSetAside() throws {
    var fixture = try SearchFixture(gpus: [("good", "n0", nil), ("bad", "n1", nil)])
    var (lostCount, waitCount, tried) = (0, 0, Set<String>())
    for _ in 0..<400 {
      switch try fixture.ask("bad", gpus: ["bad"]) {
      case .trial(let trial, _):
        try fixture.fail(trial, .lost)
        lostCount += 1
      case .none(let reason, _): if reason == .nodeSetAside { waitCount += 1 }
      }
      if case .trial(let trial, _) = try fixture.ask("good", gpus: ["good"]) {
        tried.insert(trial.candidate.text)
        try fixture.finish(trial)
      }
    }
    #expect(lostCount == LossTable.limit && waitCount > 0)
    #expect(tried.count == 9 && fixture.search.engine.stopReason != nil)
    // Registered again, the node gets another chance.
    fixture.search.register([
      GPU(id: "bad", node: "n1", model: nil, memoryBytes: nil, frequencies: nil, blockingPowerWatts: nil)
    ])
    #expect(fixture.search.losses.blockedUntil("n1", now: 0) == nil)
  }

  /// The session chooses no GPU of such a node either, also not for another candidate.
  @Test func chosenGPUsAvoidANodeThatDies() throws {
    var fixture = try SearchFixture(gpus: [("a", "bad", 24), ("b", "bad", 24)])
    for _ in 0..<LossTable.limit { try fixture.fail(try fixture.trial(), .lost) }
    #expect(try fixture.wait() == .nodeSetAside)
    fixture.search.register([
      GPU(id: "c", node: "good", model: nil, memoryBytes: nil, frequencies: nil, blockingPowerWatts: nil)
    ])
    #expect(try fixture.trial().gpus == ["c"])
  }

  @Test func threeNodesSetACandidateAside() throws {
    var fixture = try SearchFixture(strategy: .grid, encoders: 1, memoryGiB: [nil])
    for node in ["n0", "n1", "n2"] { try fixture.fail(try fixture.trial(node), .lost) }
    #expect(fixture.closure(0, 0) == .lostTooOften)
    #expect(try fixture.wait("n3") == .finished)
  }

  /// A candidate that was lost goes to another node, unless there is nothing else.
  @Test func aLostCandidateGoesElsewhere() throws {
    var fixture = try SearchFixture(strategy: .grid, encoders: 1, memoryGiB: [nil, nil])
    let lost = try fixture.trial("a")
    try fixture.fail(lost, .lost)
    let other = try fixture.trial("a")
    #expect(other.candidate != lost.candidate)
    try fixture.finish(other)
    #expect(try fixture.trial("a").candidate == lost.candidate)
  }

  /// Work that was saved is progress: a preempted node is not set aside.
  @Test func lossesWithProgressDoNotCount() throws {
    var fixture = try SearchFixture(strategy: .grid, encoders: 1, memoryGiB: [nil])
    for round in 1...9 {
      let trial = try fixture.trial("spot")
      let fraction = Double(round) / 10
      try fixture.report(trial.id, fraction: fraction, score: 0.5, checkpoint: "/\(round)")
      try fixture.fail(trial, .lost)
    }
    #expect(try fixture.trial("spot").fromFraction == 0.9)
  }

  @Test func aNodeBacksOffInSessionTime() throws {
    var fixture = try SearchFixture()
    for round in 0..<2 { try fixture.fail(try fixture.trial("w", at: 1 + Double(round)), .lost, at: 10) }
    guard case .none(.nodeSetAside, let seconds) = try fixture.ask("w", at: 30) else { throw SearchFixture.NoTrial() }
    #expect(seconds == 40)
    _ = try fixture.trial("w", at: 71)
    #expect(LossTable.backOffSeconds(streak: 3) == 120 && LossTable.backOffSeconds(streak: 60) == 3600)
  }

  /// The lease of a silent worker runs out by the largest time that any client reported.
  @Test func aSilentWorkerLosesItsTrial() throws {
    var fixture = try SearchFixture(strategy: .grid, leaseSeconds: 100)
    let silent = try fixture.trial("silent", at: 5)
    let busy = try fixture.trial("busy", at: 5)
    try fixture.report(busy.id, fraction: 0.1, score: 0.5, at: 100)
    #expect(fixture.search.roster[silent.id].isOpen)
    try fixture.report(busy.id, step: 2, fraction: 0.2, score: 0.5, at: 106)
    #expect(!fixture.search.roster[silent.id].isOpen && fixture.search.roster[busy.id].isOpen)
    let listed = fixture.search.trials(openOnly: false, offset: 0, limit: 10).trials
    #expect(listed.map(\.state) == [.lost, .open] && listed[0].isExpired)
    #expect(throws: RequestError.self) { try fixture.report(silent.id, fraction: 0.1, score: 0.5) }
    // Its candidate is assigned again, to another worker.
    #expect(try fixture.trial("other", at: 107).candidate == silent.candidate)
  }

  /// A GPU of a trial whose lease has run out is idle for the request that tells so.
  @Test func anExpiredTrialFreesItsGPU() throws {
    var fixture = try SearchFixture(strategy: .grid, gpus: [("g", nil, nil)], leaseSeconds: 100)
    _ = try fixture.trial("silent", gpus: ["g"], at: 5)
    #expect(throws: RequestError.self) { try fixture.ask("next", gpus: ["g"], at: 100) }
    #expect(try fixture.trial("next", gpus: ["g"], at: 106).gpus == ["g"])
  }

  @Test func withoutItsCheckpointACandidateBeginsAgain() throws {
    var fixture = try SearchFixture(strategy: .grid, encoders: 1, memoryGiB: [nil])
    let first = try fixture.trial("a")
    try fixture.report(first.id, fraction: 0.3, score: 0.5, checkpoint: "/gone")
    try fixture.fail(first, .paused)
    let second = try fixture.trial("b")
    #expect(second.fromFraction == 0.3 && second.resume?.checkpoint == "/gone")
    try fixture.fail(second, .checkpointGone)
    let third = try fixture.trial("c")
    #expect(third.fromFraction == 0 && third.resume == nil && third.candidate == first.candidate)
    // What was observed stays evidence.
    #expect(fixture.search.engine.evidence(of: 0).observations.map(\.dataFraction) == [0.3])
  }

  /// A restarted worker continues from what its trial has saved, not from where the trial began.
  @Test func aRepeatedAssignmentKnowsTheCheckpointThatWasReported() throws {
    var fixture = try SearchFixture(strategy: .grid)
    let trial = try fixture.trial("w")
    try fixture.report(trial.id, step: 7, fraction: 0.3, score: 0.5, checkpoint: "/7")
    try fixture.report(trial.id, step: 8, fraction: 0.4, score: 0.5)
    let again = try fixture.trial("w")
    #expect(again.id == trial.id && again.fromFraction == 0.3 && again.resume?.step == 7)
    #expect(again.resume?.checkpoint == "/7" && again.toFraction == trial.toFraction)
  }

  @Test func checkpointsThatNothingNeedsAreListed() throws {
    var fixture = try SearchFixture(strategy: .grid, encoders: 1, memoryGiB: [nil])
    let trial = try fixture.trial("w")
    for step in 1...3 {
      try fixture.report(trial.id, step: step, fraction: Double(step) / 10, score: 0.5, checkpoint: "/\(step)")
    }
    let listed = fixture.search.trials(openOnly: true, offset: 0, limit: 10)
    #expect(listed.nextOffset == nil && listed.trials.count == 1)
    #expect(listed.trials[0].checkpoints.map(\.isNeeded) == [false, false, true])
  }

  @Test func scoresComeBackAsReported() throws {
    var fixture = try SearchFixture(strategy: .grid, range: 0...1)
    let trial = try fixture.trial()
    for (step, score) in [0.1, 0.2, 0.3, 0.7].enumerated() {
      try fixture.report(trial.id, step: step, fraction: 0.1 * Double(step + 1), score: score)
    }
    let evidence = fixture.search.report(evidenceLimit: 1, untriedLimit: 0).evidence
    #expect(evidence.first?.observations.map(\.score) == [0.1, 0.2, 0.3, 0.7])
  }
}
