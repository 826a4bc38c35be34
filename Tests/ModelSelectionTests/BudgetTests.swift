import Testing

@testable import ModelSelection

/// Budgets hold with many workers, whatever they are of.
@Suite struct BudgetTests {
  /// Workers on trials that take what `draw` says for a unit of cost weight, reporting `reportCount` times each, in the
  /// order of time.
  struct Fleet {
    let zoo: StrategyTests.Zoo
    let workerCount: Int
    var reportCount = 1
    var secondsPerWeight = 10.0
    var joulesPerWeight = 4000.0
    /// How much more a trial takes than the earlier ones, from the `slowFrom`-th on.
    var slowness = 1.0
    var slowFrom = Int.max
    var tellsTime = true

    private struct Event {
      let time: Double
      let work: Assignment
      let begun: Double
      let step: Int
    }

    /// Runs a search to its end.
    ///
    /// - Returns: the search, and when the last trial ended.
    func run(_ settings: SearchSettings, hasRelativeCosts: Bool = false) throws -> (search: Search, seconds: Double) {
      let pool = try Pool(
        candidates: zoo.pool.candidates, clusters: zoo.pool.clusters, hasRelativeCosts: hasRelativeCosts)
      var search = try Search(pool: pool, settings: settings)
      var (events, now, latest): ([Event], Double, Double) = ([], 0, 0)
      func pace(_ work: Assignment) -> Double { work.trial.index >= slowFrom ? slowness : 1 }
      func length(_ work: Assignment) -> Double {
        zoo.pool.candidates[work.candidate].costWeight * (work.toFraction - work.fromFraction)
      }
      func push(_ work: Assignment, _ begun: Double, _ step: Int) {
        let share = Double(step) / Double(reportCount)
        events.append(
          Event(
            time: begun + share * length(work) * secondsPerWeight * pace(work), work: work, begun: begun, step: step))
      }
      while true {
        while events.count < workerCount {
          if tellsTime { search.tell(elapsedSeconds: now) }
          guard case .assigned(let work) = search.nextTrial() else { break }
          push(work, now, 1)
        }
        guard let next = events.indices.min(by: { (events[$0].time, $0) < (events[$1].time, $1) }) else { break }
        let event = events.remove(at: next)
        (now, latest) = (event.time, max(latest, event.time))
        let share = Double(event.step) / Double(reportCount)
        let work = event.work
        let fraction =
          event.step == reportCount
          ? work.toFraction : work.fromFraction + (work.toFraction - work.fromFraction) * share
        let report = Report(
          step: event.step, dataFraction: fraction, error: zoo.error(work.candidate, at: fraction),
          gpuSeconds: share * length(work) * secondsPerWeight * pace(work),
          joules: share * length(work) * joulesPerWeight * pace(work))
        let decision = try search.record(report, of: work.trial, elapsedSeconds: tellsTime ? now : nil)
        if decision == .proceed { push(work, event.begun, event.step + 1) }
      }
      return (search, latest)
    }

    var totalWeight: Double { zoo.pool.candidates.reduce(0) { $0 + $1.costWeight } }
  }

  @Test(arguments: Strategy.allCases, [1, 9]) func joulesHold(strategy: Strategy, workers: Int) throws {
    for reportCount in [1, 5] {
      let fleet = Fleet(zoo: try StrategyTests.Zoo(seed: 3), workerCount: workers, reportCount: reportCount)
      var settings = SearchSettings(strategy: strategy)
      settings.budget.joules = 0.15 * fleet.totalWeight * fleet.joulesPerWeight
      let search = try fleet.run(settings).search
      #expect(search.spending.joules <= settings.budget.joules! * (1 + 1e-9))
      // It is not kept by doing nothing.
      #expect(search.stopReason == .planComplete || search.spending.joules > 0.7 * settings.budget.joules!)
      #expect(search.stopReason == .planComplete || search.stopReason == .joulesSpent)
    }
  }

  @Test(arguments: Strategy.allCases, [1, 9]) func timeHolds(strategy: Strategy, workers: Int) throws {
    for reportCount in [1, 5] {
      let fleet = Fleet(zoo: try StrategyTests.Zoo(seed: 4), workerCount: workers, reportCount: reportCount)
      var settings = SearchSettings(strategy: strategy)
      settings.budget.wallSeconds = 0.15 * fleet.totalWeight * fleet.secondsPerWeight / Double(workers)
      // The first trials tell the pace, and must themselves be short enough.
      settings.budget.wallSeconds! += 2 * fleet.secondsPerWeight
      let (search, seconds) = try fleet.run(settings)
      #expect(seconds <= settings.budget.wallSeconds! * (1 + 1e-9))
      #expect(search.stopReason == .planComplete || search.stopReason == .wallSecondsSpent)
      #expect(search.stopReason == .planComplete || seconds > 0.5 * settings.budget.wallSeconds!)
    }
  }

  /// Trials that come to take three times as much are paused at their next report: what is spent too much is at most
  /// what the open ones take between two reports.
  @Test(arguments: [Strategy.race, .grid]) func slowTrialsArePaused(strategy: Strategy) throws {
    for resource in 0..<3 {
      var fleet = Fleet(zoo: try StrategyTests.Zoo(seed: 5), workerCount: 4, reportCount: 20)
      (fleet.slowness, fleet.slowFrom, fleet.tellsTime) = (3, 6, resource == 2)
      var settings = SearchSettings(strategy: strategy)
      if strategy == .race { (settings.startFraction, settings.observedFraction) = (0.5, 1) }
      let between = 4.0 * 2 * 3 / 20  // four trials, of a weight of at most 2
      let most = (strategy == .race ? 0.2 : 0.4) * fleet.totalWeight
      switch resource {
      case 0: settings.budget.gpuSeconds = most * fleet.secondsPerWeight
      case 1: settings.budget.joules = most * fleet.joulesPerWeight
      default: settings.budget.wallSeconds = most * fleet.secondsPerWeight / 4
      }
      let (search, seconds) = try fleet.run(settings)
      let outcomes = try (1...search.trialCount).map { try search.trial(TrialID($0)).outcome }
      let isPaused = outcomes.contains(.paused(.searchFinished))
      #expect(isPaused, "resource \(resource)")
      switch resource {
      case 0: #expect(search.spending.gpuSeconds <= (most + between) * fleet.secondsPerWeight)
      case 1: #expect(search.spending.joules <= (most + between) * fleet.joulesPerWeight)
      default: #expect(seconds <= (most + between) / 4 * fleet.secondsPerWeight)
      }
      let reason = [StopReason.gpuSecondsSpent, .joulesSpent, .wallSecondsSpent][resource]
      #expect(search.stopReason == reason && search.suggestion()?.stopReason == reason)
    }
  }

  /// A part of what the whole grid costs is kept whatever a unit of cost weight takes, from the first trial on.
  @Test(arguments: Strategy.allCases, [1, 9]) func partsOfTheGridHold(strategy: Strategy, workers: Int) throws {
    for (reportCount, hasRelativeCosts) in [(1, true), (5, false)] {
      var fleet = Fleet(zoo: try StrategyTests.Zoo(seed: 7), workerCount: workers, reportCount: reportCount)
      fleet.secondsPerWeight = 1e-6
      var settings = SearchSettings(strategy: strategy)
      settings.budget.gridFraction = 0.15
      let search = try fleet.run(settings, hasRelativeCosts: hasRelativeCosts).search
      let most = 0.15 * fleet.totalWeight * fleet.secondsPerWeight
      #expect(search.spending.gpuSeconds <= most * (1 + 1e-9))
      #expect(search.stopReason == .planComplete || search.spending.gpuSeconds > 0.7 * most)
    }
  }

  @Test func aPoolThatGrowsRaisesThePart() throws {
    var settings = SearchSettings(strategy: .grid)
    settings.budget.gridFraction = 0.5
    let candidate = Candidate(encoder: 0, languageModel: 0, costWeight: 1)
    var search = try Search(pool: Pool(unclustered: [candidate]), settings: settings)
    #expect(search.nextTrial() == .none(.finished(.gridFractionSpent)))
    try search.add([Candidate(encoder: 1, languageModel: 0, costWeight: 1)], clusterIndices: [1])
    guard case .assigned(let work) = search.nextTrial() else { throw Missing() }
    _ = try search.record(Report(step: 1, dataFraction: 1, error: 2), of: work.trial)
    #expect(search.nextTrial() == .none(.finished(.gridFractionSpent)))
  }

  /// Weights that only compare candidates say nothing of GPU-seconds: one trial runs to find out, and then the budget
  /// holds.
  @Test(arguments: Strategy.allCases) func relativeCostsAreLearned(strategy: Strategy) throws {
    var fleet = Fleet(zoo: try StrategyTests.Zoo(seed: 6), workerCount: 9)
    for secondsPerWeight in [1e-6, 1e6] {
      fleet.secondsPerWeight = secondsPerWeight
      var settings = SearchSettings(strategy: strategy)
      settings.budget.gpuSeconds = 0.15 * fleet.totalWeight * secondsPerWeight
      let search = try fleet.run(settings, hasRelativeCosts: true).search
      #expect(search.spending.gpuSeconds <= settings.budget.gpuSeconds! * (1 + 1e-9))
      #expect(search.stopReason == .planComplete || search.spending.gpuSeconds > 0.7 * settings.budget.gpuSeconds!)
    }
  }

  /// What a paused trial has seen is where its candidate would go on.
  @Test func aPausedTrialKeepsItsCheckpoint() throws {
    var settings = SearchSettings(strategy: .grid)
    settings.budget.wallSeconds = 100
    let candidates = [Candidate(encoder: 0, languageModel: 0, costWeight: 1)]
    var search = try Search(pool: Pool(unclustered: candidates), settings: settings)
    guard case .assigned(let work) = search.nextTrial() else { throw Missing() }
    let first = Report(step: 1, dataFraction: 0.3, error: 2)
    #expect(try search.record(first, of: work.trial, elapsedSeconds: 60) == .proceed)
    let late = Report(step: 2, dataFraction: 0.4, error: 1.9)
    #expect(try search.record(late, of: work.trial, elapsedSeconds: 100) == .pause(.searchFinished))
    #expect(try search.record(late, of: work.trial) == .pause(.searchFinished))
    #expect(search.nextTrial() == .none(.finished(.wallSecondsSpent)))
    #expect(search.states[0].checkpoint == TrialCheckpoint(trial: work.trial, dataFraction: 0.4))
    #expect(search.suggestion()?.prediction.status == .observed)
  }

  struct Missing: Error {}
}
