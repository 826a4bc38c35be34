import Basics
import Testing

@testable import ModelSelection

/// Every strategy against simulated power-law curves.
@Suite struct StrategyTests {
  /// Final errors and slopes of a factor-structured zoo; clusters are the encoders.
  struct Zoo {
    let pool: Pool
    let finalErrors: [Double]
    let slopes: [Double]

    init(seed: UInt64, encoders: Int = 6, models: Int = 5) throws {
      var generator = CandidateOrder(seed: seed)
      func draw() -> Double { Double(generator.order(1000)[0]) / 1000 }
      let encoderErrors = (0..<encoders).map { _ in 0.3 + 0.4 * draw() }
      let modelFactors = (0..<models).map { _ in 0.85 + 0.3 * draw() }
      var (candidates, finals, slopes) = ([Candidate](), [Double](), [Double]())
      for encoder in 0..<encoders {
        for model in 0..<models {
          candidates.append(Candidate(encoder: encoder, languageModel: model, costWeight: 1 + draw()))
          finals.append(encoderErrors[encoder] * modelFactors[model] * (0.97 + 0.06 * draw()))
          slopes.append(0.12 + 0.08 * draw())
        }
      }
      pool = try Pool(
        candidates: candidates,
        clusters: (0..<encoders).map { encoder in
          let members = (0..<models).map { encoder * models + $0 }
          return Cluster(members: members, medoid: members[models / 2])
        })
      (finalErrors, self.slopes) = (finals, slopes)
    }

    func error(_ candidate: Int, at fraction: Double) -> Double {
      finalErrors[candidate] * PortableMath.exp(-slopes[candidate] * PortableMath.log(fraction))
    }
  }

  /// Lets `workers` work on a search; they finish in a seeded order.
  private func finished(_ zoo: Zoo, _ settings: SearchSettings, workers: Int, seed: UInt64 = 1) throws -> Search {
    var search = try Search(pool: zoo.pool, settings: settings)
    var generator = CandidateOrder(seed: seed)
    var running: [Assignment] = []
    for _ in 0..<10_000 {
      while running.count < workers, case .assigned(let work) = search.nextTrial() { running.append(work) }
      guard !running.isEmpty else { break }
      let work = running.remove(at: generator.order(running.count)[0])
      let report = Report(
        step: 0, dataFraction: work.toFraction, error: zoo.error(work.candidate, at: work.toFraction))
      _ = try search.record(report, of: work.trial)
    }
    #expect(running.isEmpty)
    return search
  }

  @Test(arguments: Strategy.allCases, [1, 7])
  func endsAndTellsWhy(strategy: Strategy, workers: Int) throws {
    for seed in 0..<6 as Range<UInt64> {
      let zoo = try Zoo(seed: seed)
      let search = try finished(zoo, SearchSettings(strategy: strategy), workers: workers)
      #expect(search.stopReason == .planComplete, "\(strategy), seed \(seed)")
      let suggestion = try #require(search.suggestion())
      #expect(suggestion.spending.gpuSeconds <= suggestion.gridGPUSeconds * (1 + 1e-9))
      let chances = search.ranking().map(\.probabilityBestFraction)
      #expect(chances.reduce(0, +) <= 1 + 1e-9)
    }
  }

  @Test(arguments: Strategy.allCases, [0.05, 0.2])
  func keepsTheBudget(strategy: Strategy, share: Double) throws {
    let zoo = try Zoo(seed: 3)
    var settings = SearchSettings(strategy: strategy)
    settings.budget.gpuSeconds = share * zoo.pool.candidates.reduce(0) { $0 + $1.costWeight }
    for workers in [1, 9] {
      let search = try finished(zoo, settings, workers: workers)
      #expect(search.spending.gpuSeconds <= settings.budget.gpuSeconds! * (1 + 1e-9), "\(workers) workers")
      #expect(search.stopReason != nil)
    }
  }

  /// A search that ends because it is sure enough says so, also with its suggestion.
  @Test(arguments: [Strategy.race, .mordal]) func aBoundOfTheRegretEndsIt(strategy: Strategy) throws {
    var settings = SearchSettings(strategy: strategy)
    settings.regretBoundFraction = 0.02
    let search = try finished(try Zoo(seed: 1), settings, workers: 3)
    let suggestion = try #require(search.suggestion())
    #expect(search.stopReason == .regretBelowBound && suggestion.stopReason == .regretBelowBound)
    #expect(suggestion.expectedRegretFraction <= 0.02)
  }

  /// No worker waits while a candidate could be trained further: however often asked, the default ones give work
  /// until every candidate that has not got as far as it will be observed is running.
  @Test(arguments: [Strategy.mordal, .race])
  func keepsEveryWorkerBusy(strategy: Strategy) throws {
    let zoo = try Zoo(seed: 5)
    var search = try Search(pool: zoo.pool, settings: SearchSettings(strategy: strategy))
    var running: Set<Int> = []
    while case .assigned(let work) = search.nextTrial() { running.insert(work.candidate) }
    #expect(running.count == zoo.pool.candidates.count)
  }

  /// A worker that would wait for the last steps of a race trains something where the client prefers time to cost:
  /// until the patient search ends, fewer workers are idle. A search without open trials ends as before.
  @Test func idleWorkersTrainWhereTimeIsPreferred() throws {
    func waiting(prefersElapsed: Bool) throws -> (idle: [Int], search: Search) {
      let zoo = try Zoo(seed: 1)
      var settings = SearchSettings(strategy: .race)
      settings.prefersElapsed = prefersElapsed
      var search = try Search(pool: zoo.pool, settings: settings)
      var (running, idle): ([Assignment], [Int]) = ([], [])
      while true {
        while running.count < 16, case .assigned(let work) = search.nextTrial() { running.append(work) }
        guard !running.isEmpty else { break }
        idle.append(16 - running.count)
        let work = running.removeFirst()
        let error = zoo.error(work.candidate, at: work.toFraction)
        _ = try search.record(Report(step: 0, dataFraction: work.toFraction, error: error), of: work.trial)
      }
      return (idle, search)
    }
    let (patient, eager) = (try waiting(prefersElapsed: false), try waiting(prefersElapsed: true))
    #expect(eager.idle.prefix(patient.idle.count).reduce(0, +) < patient.idle.reduce(0, +))
    #expect(eager.search.stopReason == .planComplete && patient.search.stopReason == .planComplete)
    #expect(eager.search.suggestion()?.prediction.candidate == patient.search.suggestion()?.prediction.candidate)
  }

  @Test func gridFindsTheBestAndOthersComeClose() throws {
    var lost: [Strategy: Double] = [:]
    let seeds = 0..<20 as Range<UInt64>
    for seed in seeds {
      let zoo = try Zoo(seed: seed)
      let best = zoo.finalErrors.min()!
      for strategy in [Strategy.grid, .mordal, .race, .ats] {
        let search = try finished(zoo, SearchSettings(strategy: strategy), workers: 3)
        let chosen = try #require(search.suggestion()).prediction.candidate
        lost[strategy, default: 0] += (zoo.finalErrors[chosen] / best - 1) / Double(seeds.count)
      }
    }
    #expect(lost[.grid] == 0)
    #expect(lost[.race]! < 0.01 && lost[.ats]! < 0.01 && lost[.mordal]! < 0.05, "\(lost)")
  }

  /// By hand: errors 4, 3, 2, 1 on the first rung; two stay, then one.
  @Test func halvesByHand() throws {
    let candidates = (0..<4).map { Candidate(encoder: $0, languageModel: 0, costWeight: 1) }
    var settings = SearchSettings(strategy: .successiveHalving)
    (settings.startFraction, settings.observedFraction) = (0.25, 1)
    var search = try Search(pool: Pool(unclustered: candidates), settings: settings)
    var seen: [[Double]] = []
    while case .assigned(let work) = search.nextTrial() {
      seen.append([Double(work.candidate), work.fromFraction, work.toFraction])
      let report = Report(step: 0, dataFraction: work.toFraction, error: 4 - Double(work.candidate))
      _ = try search.record(report, of: work.trial)
    }
    #expect(
      seen == [
        [0, 0, 0.25], [1, 0, 0.25], [2, 0, 0.25], [3, 0, 0.25], [3, 0.25, 0.5], [2, 0.25, 0.5], [3, 0.5, 1],
      ])
    #expect(search.suggestion()?.prediction.candidate == 3)
  }

  /// What was lost is given out again from its last checkpoint; what ran out of memory never to as little again.
  @Test func lostAndOutOfMemoryAreDifferent() throws {
    let candidates = [Candidate(encoder: 0, languageModel: 0, costWeight: 1)]
    var search = try Search(pool: Pool(unclustered: candidates), settings: SearchSettings(strategy: .grid))
    guard case .assigned(let first) = search.nextTrial() else { throw Missing() }
    _ = try search.record(
      Report(step: 1, dataFraction: 0.3, error: 2, hasCheckpoint: true), of: first.trial)
    try search.end(first.trial, as: .lost)
    guard case .assigned(let second) = search.nextTrial() else { throw Missing() }
    #expect(second.fromFraction == 0.3 && second.checkpoint?.trial == first.trial)
    try search.end(second.trial, as: .outOfMemory(memoryBytes: 100))
    #expect(search.nextTrial { _, need in need.isMet(by: 100) } == .none(.nothingFits))
    guard case .assigned(let third) = search.nextTrial(where: { _, need in need.isMet(by: 101) }) else {
      throw Missing()
    }
    #expect(throws: SelectionError.trialClosed(second.trial, outcome: .ended(.outOfMemory(memoryBytes: 100)))) {
      try search.record(Report(step: 2, dataFraction: 0.5, error: 2), of: second.trial)
    }
    try search.end(third.trial, as: .failed)
    guard case .assigned(let fourth) = search.nextTrial() else { throw Missing() }
    try search.end(fourth.trial, as: .failed)
    #expect(search.nextTrial() == .none(.finished(.noCandidateLeft)))
  }

  /// The same reports in any order leave the same answers.
  @Test func orderOfReportsDoesNotMatter() throws {
    let zoo = try Zoo(seed: 2)
    func answers(_ order: [Int]) throws -> [Prediction] {
      var search = try Search(pool: zoo.pool, settings: SearchSettings(strategy: .race))
      guard case .assigned(let work) = search.nextTrial() else { throw Missing() }
      for step in order {
        let fraction = work.toFraction * Double(step + 1) / 5
        _ = try search.record(Report(step: step, dataFraction: fraction, error: 3 - Double(step) / 10), of: work.trial)
      }
      return search.ranking()
    }
    let expected = try answers([0, 1, 2, 3, 4])
    #expect(try answers([3, 0, 2, 1, 4]) == expected)
  }

  struct Missing: Error {}
}
