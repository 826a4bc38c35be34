import Basics
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
    final * PortableMath.exp(slope * PortableMath.log(fraction))
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

  /// Twenty candidates that were nearly alike on the start fraction; two of them on their next trial, and one of these
  /// has gone through most of it.
  private func besideEachOther(_ strategy: Strategy) throws -> (search: Search, good: Assignment, bad: Assignment) {
    var search = try search(strategy, candidates: 20)
    for _ in 0..<20 {
      let work = try assigned(&search)
      for step in 1...8 {
        let fraction = work.toFraction * Double(step) / 8
        let error = powerLaw(1 + 0.001 * Double(work.candidate), fraction) * (step % 2 == 0 ? 0.998 : 1.002)
        _ = try search.record(Report(step: step, dataFraction: fraction, error: error), of: work.trial)
      }
    }
    let (good, bad) = (try assigned(&search), try assigned(&search))
    for step in 1..<24 {
      let report = Report(step: step, dataFraction: fraction(good, step), error: powerLaw(1, fraction(good, step)))
      _ = try search.record(report, of: good.trial)
    }
    return (search, good, bad)
  }

  /// After `step` twenty-fourths of a trial.
  private func fraction(_ work: Assignment, _ step: Int) -> Double {
    work.fromFraction + (work.toFraction - work.fromFraction) * Double(step) / 24
  }

  /// Training that goes wrong: the error rises by a fiftieth from report to report. The trial ends before it gets where
  /// it was to go.
  @Test(arguments: [Strategy.race, .mordal]) func aHopelessTrialIsStopped(_ strategy: Strategy) throws {
    var (search, _, bad) = try besideEachOther(strategy)
    func report(_ step: Int) -> Report {
      Report(
        step: step, dataFraction: fraction(bad, step), error: powerLaw(1, bad.fromFraction) * (1 + Double(step) / 50),
        gpuSeconds: Double(step))
    }
    var step = 0
    var decision = Decision.proceed
    while decision == .proceed {
      step += 1
      decision = try search.record(report(step), of: bad.trial)
    }
    #expect(decision == .stop(.cannotBeBest) && step < 20, "after \(step) of 24")
    #expect(try search.record(report(step), of: bad.trial) == decision)
    #expect(search.ranking().first { $0.candidate == bad.candidate }?.status == .stopped)
    // It is not assigned again.
    while case .assigned(let work) = search.nextTrial() {
      #expect(work.candidate != bad.candidate)
      let error = powerLaw(1, work.toFraction)
      _ = try search.record(Report(step: 1, dataFraction: work.toFraction, error: error), of: work.trial)
    }
  }

  /// A trial that would be stopped goes to its end while its candidate is pinned.
  @Test func aPinnedTrialIsNotStopped() throws {
    func reports(isPinned: Bool) throws -> (count: Int, last: Decision) {
      var (search, _, bad) = try besideEachOther(.race)
      if isPinned { search.pin(bad.candidate, true) }
      var (step, decision) = (0, Decision.proceed)
      while decision == .proceed, step < 24 {
        step += 1
        let error = powerLaw(1, bad.fromFraction) * (1 + Double(step) / 50)
        decision = try search.record(Report(step: step, dataFraction: fraction(bad, step), error: error), of: bad.trial)
      }
      return (step, decision)
    }
    let (free, pinned) = (try reports(isPinned: false), try reports(isPinned: true))
    #expect(free.last == .stop(.cannotBeBest) && free.count < 20)
    #expect(pinned.count == 24 && pinned.last != .stop(.cannotBeBest))
  }

  /// Every candidate gets the start fraction, however bad.
  @Test(arguments: [Strategy.race, .mordal]) func noTrialIsStoppedBeforeTheStartFraction(_ strategy: Strategy) throws {
    var search = try search(strategy)
    let (good, bad) = (try assigned(&search), try assigned(&search))
    for (trial, final) in [(good, 1.0), (bad, 30)] {
      for step in 1..<24 {
        let fraction = trial.toFraction * Double(step) / 24
        let report = Report(step: step, dataFraction: fraction, error: powerLaw(final, fraction))
        #expect(try search.record(report, of: trial.trial) == .proceed)
      }
    }
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

  /// One evaluation that went wrong ends no trial, its own or another one's, wherever it falls and in either direction.
  @Test(arguments: 1..<20, [2, 0.5]) func anOutlierStopsNoTrial(at place: Int, factor: Double) throws {
    var search = try search(.race, candidates: 2, start: 0.02)
    for round in 0..<2 {
      let (one, other) = (try assigned(&search), try assigned(&search))
      for step in 1...20 {
        for work in [one, other] {
          let fraction = work.fromFraction + (work.toFraction - work.fromFraction) * Double(step) / 20
          let isOutlier = round == 1 && step == place && work.trial == other.trial
          let error = powerLaw(1 + 0.001 * Double(work.candidate), fraction) * (isOutlier ? factor : 1)
          let decision = try search.record(Report(step: step, dataFraction: fraction, error: error), of: work.trial)
          #expect(decision == (step < 20 ? .proceed : .pause(.rungReached)), "step \(step)")
        }
      }
    }
  }

  /// A report that comes after a later one is an observation, and decides nothing.
  @Test func aLateReportDecidesNothing() throws {
    var (search, _, bad) = try besideEachOther(.race)
    func report(_ step: Int) -> Report {
      Report(
        step: step, dataFraction: fraction(bad, step), error: powerLaw(1, bad.fromFraction) * (1 + Double(step) / 50))
    }
    #expect(try search.record(report(22), of: bad.trial) == .proceed)
    for step in 1..<22 { #expect(try search.record(report(step), of: bad.trial) == .proceed) }
    #expect(try search.record(report(23), of: bad.trial) == .stop(.cannotBeBest))
  }

  /// The leader by the sums kept from report to report is the leader by looking at all of them.
  @Test(arguments: Strategy.allCases) func theLeaderIsTheBestOfAll(_ strategy: Strategy) throws {
    var generator = SplitMix64(seed: 11)
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
