import Testing

@testable import ModelSelection

/// What reports between assigned fractions do.
@Suite struct MidTrialTests {
  private func search(_ strategy: Strategy, candidates: Int = 3, start: Double = 0.25) throws -> Search {
    var settings = SearchSettings(strategy: strategy)
    (settings.startFraction, settings.observedFraction) = (start, 1)
    let pool = (0..<candidates).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) }
    return try Search(pool: Pool(unclustered: pool), settings: settings)
  }

  private func assigned(_ search: inout Search) throws -> Assignment {
    guard case .assigned(let work) = search.nextTrial() else { throw Missing() }
    return work
  }

  private func powerLaw(_ final: Double, _ fraction: Double, slope: Double = -0.12) -> Double {
    final * Elementary.exp(slope * Elementary.log(fraction))
  }

  @Test func theLeaderChangesInTheMiddleOfATrial() throws {
    var search = try search(.grid)
    let (first, second) = (try assigned(&search), try assigned(&search))
    #expect(search.suggestion() == nil)
    _ = try search.record(Report(step: 1, dataFraction: 0.1, error: powerLaw(2, 0.1)), of: first.trial)
    #expect(search.suggestion()?.prediction.candidate == first.candidate)
    _ = try search.record(Report(step: 1, dataFraction: 0.1, error: powerLaw(1, 0.1)), of: second.trial)
    let suggestion = try #require(search.suggestion())
    #expect(suggestion.prediction.candidate == second.candidate && suggestion.prediction.status == .running)
    #expect(search.evidence(of: second.candidate).observations.map(\.dataFraction) == [0.1])
  }

  /// Three times the leader's error, report by report: the trial ends long before it gets where it was to go.
  @Test(arguments: [Strategy.race, .mordal]) func aHopelessTrialIsStopped(_ strategy: Strategy) throws {
    var search = try search(strategy)
    let (good, bad) = (try assigned(&search), try assigned(&search))
    for step in 1...24 {
      let fraction = good.toFraction * Double(step) / 24
      _ = try search.record(Report(step: step, dataFraction: fraction, error: powerLaw(1, fraction)), of: good.trial)
    }
    var decision = Decision.proceed
    var step = 0
    while decision == .proceed {
      step += 1
      let fraction = bad.toFraction * Double(step) / 24
      decision = try search.record(
        Report(step: step, dataFraction: fraction, error: powerLaw(3, fraction), gpuSeconds: Double(step)),
        of: bad.trial)
    }
    #expect(decision == .stop(.cannotBeBest) && step < 12, "after \(step) of 24")
    let last = Report(
      step: step, dataFraction: bad.toFraction * Double(step) / 24,
      error: powerLaw(3, bad.toFraction * Double(step) / 24), gpuSeconds: Double(step))
    #expect(try search.record(last, of: bad.trial) == decision)
    #expect(search.ranking().first { $0.candidate == bad.candidate }?.status == .stopped)
    // It is not assigned again.
    while case .assigned(let work) = search.nextTrial() { #expect(work.candidate != bad.candidate) }
  }

  /// The baselines train to the end, as published.
  @Test(arguments: Strategy.allCases.filter { ![.race, .mordal].contains($0) })
  func aBaselineGoesOn(_ strategy: Strategy) throws {
    var search = try search(strategy)
    let (good, bad) = (try assigned(&search), try assigned(&search))
    for (trial, final) in [(good, 1.0), (bad, 3)] {
      for step in 1..<24 {
        let fraction = trial.toFraction * Double(step) / 24
        let report = Report(step: step, dataFraction: fraction, error: powerLaw(final, fraction))
        #expect(try search.record(report, of: trial.trial) == .proceed)
      }
    }
  }

  /// One evaluation that went wrong does not end a trial, wherever it falls.
  @Test(arguments: 3..<23) func anOutlierStopsNobody(at place: Int) throws {
    var search = try search(.race)
    let (one, other) = (try assigned(&search), try assigned(&search))
    for step in 1..<24 {
      for (trial, final) in [(one, 1.0), (other, 1.01)] {
        let fraction = trial.toFraction * Double(step) / 24
        let isOutlier = step == place && trial.trial == other.trial
        let report = Report(
          step: step, dataFraction: fraction, error: powerLaw(final, fraction) * (isOutlier ? 2 : 1))
        #expect(try search.record(report, of: trial.trial) == .proceed, "step \(step)")
      }
    }
  }

  /// A report that comes after a later one is an observation, and decides nothing.
  @Test func aLateReportDecidesNothing() throws {
    var search = try search(.race)
    let (good, bad) = (try assigned(&search), try assigned(&search))
    for (step, fraction) in [0.1, 0.2, 0.25].enumerated() {
      _ = try search.record(Report(step: step, dataFraction: fraction, error: 1), of: good.trial)
    }
    _ = try search.record(Report(step: 20, dataFraction: 0.24, error: 30), of: bad.trial)
    for step in 1..<20 {
      let report = Report(step: step, dataFraction: 0.012 * Double(step), error: 30)
      #expect(try search.record(report, of: bad.trial) == .proceed)
    }
    #expect(
      try search.record(Report(step: 21, dataFraction: 0.245, error: 30), of: bad.trial) == .stop(.cannotBeBest))
  }

  /// Whoever leads by the sums kept from report to report leads by looking at all of them.
  @Test(arguments: Strategy.allCases) func theLeaderIsTheBestOfAll(_ strategy: Strategy) throws {
    var generator = SeededGenerator(seed: 11)
    var search = try search(strategy, candidates: 20, start: 0.05)
    var open: [(work: Assignment, step: Int)] = []
    for _ in 0..<1500 {
      if open.count < 6, case .assigned(let work) = search.nextTrial() { open.append((work, 0)) }
      guard !open.isEmpty else { break }
      let index = Int.random(in: 0..<open.count, using: &generator)
      open[index].step += 1
      let (work, step) = open[index]
      let fraction =
        step >= 10 ? work.toFraction : work.fromFraction + (work.toFraction - work.fromFraction) * Double(step) / 10
      let final = 1 + Double(work.candidate * 7 % 20) / 40
      let noise = Double.random(in: 0.97...1.03, using: &generator)
      let isDiverged = Int.random(in: 0..<150, using: &generator) == 0
      let report = Report(
        step: step, dataFraction: fraction, error: isDiverged ? .nan : powerLaw(final, fraction) * noise)
      if try search.record(report, of: work.trial) != .proceed { open.remove(at: index) }
      let best = search.ranking().first {
        $0.status != .givenUp && !search.evidence(of: $0.candidate).observations.isEmpty
      }
      #expect(search.leader == best?.candidate)
    }
    #expect(search.trialCount >= 10)
  }

  struct Missing: Error {}
}
