import Testing

@testable import ModelSelection

/// What the start of a trial takes: learned, counted, and weighed against what training tells.
@Suite struct StartCostTests {
  /// A zoo whose candidates take a share of their own full training to start, from 0.5 to 1.5 times the given one.
  struct Starts {
    let zoo: StrategyTests.Zoo
    let pool: Pool

    init(seed: UInt64, share: Double, areStated: Bool = true, hasRelativeCosts: Bool = false) throws {
      zoo = try StrategyTests.Zoo(seed: seed)
      let candidates = zoo.pool.candidates.enumerated().map { index, candidate in
        var candidate = candidate
        candidate.startGPUSeconds =
          areStated ? Self.start(index, of: candidate, share) : nil
        return candidate
      }
      pool = try Pool(
        candidates: candidates, clusters: zoo.pool.clusters, hasRelativeCosts: hasRelativeCosts)
    }

    static func start(_ index: Int, of candidate: Candidate, _ share: Double) -> Double {
      share * candidate.costWeight * (0.5 + Double(index % 5) / 4)
    }
  }

  /// Lets workers work on a search, who go on with what they hold; also what all trials took, starts included.
  private func run(
    _ starts: Starts, _ settings: SearchSettings, share: Double, workers: Int = 1, tells: Bool = false,
    reportsOnTheWay: Bool = false, each: (Assignment, StrategyContext) -> Void = { _, _ in }
  ) throws -> (search: Search, cost: Double) {
    var search = try Search(pool: starts.pool, settings: settings)
    var last = [TrialID?](repeating: nil, count: workers)
    var running: [Int: (work: Assignment, start: Double)] = [:]
    var generator = CandidateOrder(seed: 5)
    var cost = 0.0
    while true {
      for worker in 0..<workers where running[worker] == nil {
        let before = search.context
        guard case .assigned(let work) = search.nextTrial(after: last[worker]) else { continue }
        each(work, before)
        let isLoaded = last[worker] != nil && work.checkpoint?.trial == last[worker]
        running[worker] = (
          work, isLoaded ? 0 : Starts.start(work.candidate, of: starts.pool.candidates[work.candidate], share)
        )
      }
      guard !running.isEmpty else { return (search, cost) }
      let busy = running.keys.sorted()
      let worker = busy[generator.order(busy.count)[0]]
      guard let (work, start) = running.removeValue(forKey: worker) else { continue }
      let training = starts.pool.candidates[work.candidate].costWeight * (work.toFraction - work.fromFraction)
      let passed = (1...6).map { 1 / Double(1 << $0) }.filter {
        reportsOnTheWay && $0 > work.fromFraction && $0 < work.toFraction
      }
      for (step, fraction) in (passed.reversed() + [work.toFraction]).enumerated() {
        let taken = start + training * (fraction - work.fromFraction) / (work.toFraction - work.fromFraction)
        let decision = try search.record(
          Report(
            step: step, dataFraction: fraction, error: starts.zoo.error(work.candidate, at: fraction),
            gpuSeconds: taken, startGPUSeconds: tells ? start : nil), of: work.trial)
        guard decision != .proceed else { continue }
        cost += taken
        break
      }
      last[worker] = work.trial
    }
  }

  @Test(arguments: [Strategy.race, .mordal], [1, 5])
  func noTrialIsWorthLessThanItsStart(strategy: Strategy, workers: Int) throws {
    for (seed, share) in zip(0..<6 as Range<UInt64>, [0.02, 0.05, 0.1, 0.2, 0.4, 0.6]) {
      let starts = try Starts(seed: seed, share: share)
      let trialCount = try run(starts, SearchSettings(strategy: strategy), share: share, workers: workers) {
        work, context in
        let candidate = starts.pool.candidates[work.candidate]
        let start = work.isHeld ? 0 : Starts.start(work.candidate, of: candidate, share)
        let training = candidate.costWeight * (work.toFraction - work.fromFraction)
        #expect(training >= start * (1 - 1e-9), "trial \(work.trial) of \(strategy), share \(share)")
      }.search.trialCount
      #expect(trialCount > 0)
    }
  }

  @Test func startsAreLearned() {
    let candidates = [10.0, 20, nil, nil].map {
      Candidate(encoder: 0, languageModel: 0, costWeight: 1, startGPUSeconds: $0)
    }
    var starts = StartCosts(candidates)
    func all() -> [Double] { candidates.indices.map { starts.gpuSeconds(of: $0) } }
    #expect(all() == [10, 20, 0, 0])
    // The first takes three times what was stated; so may the second, and the others what is known of any.
    starts.take(30, of: 0)
    #expect(all() == [30, 60, 30, 30])
    starts.take(50, of: 2)
    #expect(all() == [30, 60, 50, 40])
    starts.take(40, of: 0)
    #expect(all() == [35, 70, 50, 40])
  }

  /// A report's start is no part of the rate of the work, whether it was stated before or not.
  @Test(arguments: [true, false]) func theRateOfTheWorkIsWithoutStarts(areStated: Bool) throws {
    let starts = try Starts(seed: 2, share: 0.3, areStated: areStated, hasRelativeCosts: true)
    var settings = SearchSettings(strategy: .grid)
    settings.budget.trials = 4
    let (search, cost) = try run(starts, settings, share: 0.3, tells: !areStated)
    #expect(abs(search.spending.gpuSeconds - cost) < 1e-9)
    #expect(abs(search.gridGPUSeconds - starts.pool.totalCostWeight) < 1e-9 * starts.pool.totalCostWeight)
  }

  @Test(arguments: [1, 6], [true, false]) func budgetsHoldWithStarts(workers: Int, areStated: Bool) throws {
    for strategy in Strategy.allCases {
      let starts = try Starts(seed: 4, share: 0.1, areStated: areStated)
      var settings = SearchSettings(strategy: strategy)
      settings.budget.gpuSeconds = 0.5 * starts.pool.totalCostWeight
      let (search, cost) = try run(starts, settings, share: 0.1, workers: workers, tells: true)
      // Starts that were not stated are known from the first report on.
      let surprise = areStated ? 0 : Double(workers) * 0.3
      #expect(cost <= settings.budget.gpuSeconds! * (1 + 1e-9) + surprise, "\(strategy)")
      #expect(abs(search.spending.gpuSeconds - cost) < 1e-6)
      #expect(search.ledger.openCount == 0)
    }
  }

  /// Where only candidates with one start are left, the worker that holds one of them goes on with it.
  @Test func aWorkerGoesOnWithWhatItHolds() throws {
    let candidates = (0..<2).map {
      Candidate(encoder: $0, languageModel: 0, costWeight: 1, startGPUSeconds: 0.2)
    }
    let pool = try Pool(candidates: candidates, clusters: [Cluster(members: [0, 1], medoid: 0)])
    for held in 0..<2 {
      var search = try Search(pool: pool, settings: SearchSettings())
      var ends: [TrialID] = []
      while ends.count < 2, case .assigned(let work) = search.nextTrial() {
        #expect(!work.isHeld)
        _ = try search.record(
          Report(step: 0, dataFraction: work.toFraction, error: 0.5, gpuSeconds: 0.2 + work.toFraction),
          of: work.trial)
        ends.append(work.trial)
      }
      let before = search.spending.gpuSeconds
      guard case .assigned(let next) = search.nextTrial(after: ends[held]) else { throw CostLedgerTests.Missing() }
      #expect(next.candidate == (try search.trial(ends[held]).assignment.candidate) && next.isHeld)
      _ = try search.record(Report(step: 0, dataFraction: next.toFraction, error: 0.4), of: next.trial)
      // Work without GPU-seconds counts at its rate, and no start with it.
      #expect(abs(search.spending.gpuSeconds - before - (next.toFraction - next.fromFraction)) < 1e-9)
    }
  }

  /// Another worker has no model loaded, nor has one whose trial was lost.
  @Test func whoHoldsNothingPaysTheStart() throws {
    let starts = try Starts(seed: 1, share: 0.2)
    var search = try Search(pool: starts.pool, settings: SearchSettings())
    guard case .assigned(let work) = search.nextTrial() else { throw CostLedgerTests.Missing() }
    _ = try search.record(
      Report(step: 0, dataFraction: work.toFraction / 2, error: 0.5, hasCheckpoint: true), of: work.trial)
    try search.end(work.trial, as: .lost)
    try search.advance(work.candidate, to: 1)
    guard case .assigned(let again) = search.nextTrial(after: work.trial) else { throw CostLedgerTests.Missing() }
    #expect(again.candidate == work.candidate && again.checkpoint?.trial == work.trial && !again.isHeld)
  }

  /// At equal budgets, over all of them, a search that knows of starts is better than one that pays them unknowing.
  @Test func knowingOfStartsSaves() throws {
    var (knowing, blind) = (0.0, 0.0)
    for seed in 10..<22 as Range<UInt64> {
      for share in [0.2, 0.3, 0.4] {
        var settings = SearchSettings()
        for areStated in [true, false] {
          let starts = try Starts(seed: seed, share: 0.1, areStated: areStated)
          settings.budget.gpuSeconds = share * starts.pool.totalCostWeight
          let leader = try run(starts, settings, share: 0.1, reportsOnTheWay: true).search.leader
          let best = starts.zoo.finalErrors.min()!
          let regret = starts.zoo.finalErrors[leader!] / best - 1
          if areStated { knowing += regret } else { blind += regret }
        }
      }
    }
    #expect(knowing < 0.75 * blind, "\(knowing) and \(blind)")
  }
}
