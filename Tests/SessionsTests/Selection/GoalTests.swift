import Basics
import ModelSelection
import Testing

@testable import Sessions

/// Tasks with several metrics.
@Suite struct GoalTests {
  /// A search over nine candidates whose metrics follow simulated curves.
  struct Fixture {
    var search: ModelSearch
    let goals: [TaskGoal]

    init(
      _ goals: [TaskGoal], strategy: Strategy = .race, budget: Budget = Budget(), metric: Metric? = nil,
      floorProbabilityFraction: Double = 0.9
    ) throws {
      self.goals = goals
      var settings = SelectionSettings(search: SearchSettings(strategy: strategy))
      settings.search.budget = budget
      let task =
        metric.map { SelectionTask(name: "t", metric: $0, alignmentSampleCount: 1000) }
        ?? SelectionTask(
          name: "t", goals: goals, floorProbabilityFraction: floorProbabilityFraction, alignmentSampleCount: 1000)
      search = try ModelSearch(
        PoolSubmission(
          encoders: (0..<3).map { PoolComponent(id: "e\($0)") }, projectors: [],
          languageModels: (0..<3).map { PoolComponent(id: "l\($0)") }, constraints: nil, task: task),
        settings, seed: 1, gpus: [])
    }

    /// What a metric would be at a fraction: the share of its range that it is short of the best, by a power law.
    static func shortage(_ candidate: Int, _ metric: Int, _ fraction: Double) -> Double {
      var generator = SplitMix64(seed: UInt64(candidate * 16 + metric + 1))
      let (level, slope) = (Double(generator.index(below: 1000)) / 2500 + 0.05, Double(generator.index(below: 1000)))
      return level * PortableMath.exp(-(0.05 + slope / 5000) * PortableMath.log(fraction))
    }

    static func score(_ metric: Metric, _ candidate: Int, _ place: Int, _ fraction: Double) -> Double {
      let (range, shortage) = (metric.range, min(1, Self.shortage(candidate, place, fraction)))
      let width = range.upperBound - range.lowerBound
      return metric.direction == .maximize ? range.upperBound - shortage * width : range.lowerBound + shortage * width
    }

    func scores(_ candidate: Int, _ fraction: Double) -> [Double] {
      goals.enumerated().map { Self.score($1.metric, candidate, $0, fraction) }
    }

    func isMissed(by candidate: Int) -> Bool {
      zip(goals, scores(candidate, 1)).contains { goal, score in
        goal.floor.map { goal.metric.direction == .maximize ? score < $0 : score > $0 } ?? false
      }
    }

    mutating func next() throws -> OpenTrial? {
      guard
        case .trial(let trial, _) = try search.next(
          TrialRequest(worker: nil, gpus: nil, memoryBytes: nil, elapsedSeconds: nil))
      else { return nil }
      return trial
    }

    @discardableResult
    mutating func report(_ trial: OpenTrial, _ scores: [Double?], step: Int = 1, at fraction: Double? = nil) throws
      -> TrialDecision
    {
      let named = zip(goals, scores).compactMap { goal, score in
        score.map { (name: ExactString(goal.metric.name), value: $0) }
      }
      let own = try search.metricScores(named, standardErrors: nil, of: trial.id)
      return try search.report(
        TrialReport(
          trial: trial.id, step: step, dataFraction: fraction ?? trial.toFraction, score: search.combinedScore(own),
          gpuSeconds: nil, energyJoules: nil, elapsedSeconds: nil, checkpoint: nil, scores: own))
    }

    func number(of trial: OpenTrial) -> Int { search.pool.number(of: trial.candidate)! }

    /// Trains until the search ends; each trial reports twice.
    mutating func run(_ each: (OpenTrial, Fixture) throws -> Void = { _, _ in }) throws {
      while let trial = try next() {
        let candidate = number(of: trial)
        let middle = (trial.fromFraction + trial.toFraction) / 2
        if try report(trial, scores(candidate, middle).map { $0 }, at: middle).verdict == .continue {
          try report(trial, scores(candidate, trial.toFraction).map { $0 }, step: 2)
        }
        try each(trial, self)
      }
    }
  }

  private static func metric(
    _ name: String, _ direction: Metric.Direction = .maximize, _ range: ClosedRange<Double> = 0...1,
    _ transform: Metric.ErrorTransform = .distance
  ) -> Metric {
    Metric(name: name, direction: direction, range: range, transform: transform)
  }

  private static let two = [
    TaskGoal(metric: metric("accuracy"), weight: 2), TaskGoal(metric: metric("latency", .minimize, 0...50)),
  ]

  /// A metric alone, with any weight, decides as `task.metric` does with the same range.
  @Test(
    arguments: [Strategy.race, .mordal, .successiveHalving],
    [
      metric("a"), metric("a", .minimize), metric("a", .maximize, 0...100), metric("a", .minimize, -3...5),
      metric("a", .maximize, 0...1, .odds),
    ])
  func oneMetricDecidesAlike(strategy: Strategy, metric: Metric) throws {
    var several = try Fixture([TaskGoal(metric: metric, weight: 0.7)], strategy: strategy)
    var one = try Fixture([], strategy: strategy, metric: metric)
    while true {
      let (left, right) = (try several.next(), try one.next())
      #expect(left?.candidate == right?.candidate && left?.toFraction == right?.toFraction)
      guard let left, let right else { break }
      let score = Fixture.score(metric, several.number(of: left), 0, left.toFraction)
      let decision = try several.report(left, [score])
      let other = try one.search.report(
        TrialReport(
          trial: right.id, step: 1, dataFraction: right.toFraction, score: score, gpuSeconds: nil, energyJoules: nil,
          elapsedSeconds: nil, checkpoint: nil))
      #expect(decision == other)
    }
    let (left, right) = (several.search.rankedCandidates(limit: 9), one.search.rankedCandidates(limit: 9))
    #expect(left.map(\.candidate) == right.map(\.candidate))
    for (left, right) in zip(left, right) {
      #expect(abs(left.probabilityBestFraction! - right.probabilityBestFraction!) < 2e-3)
      #expect(abs(left.metrics[0].predictedScore - right.predictedScore!) < 1e-9)
    }
  }

  @Test func weightsAreNormalisedByRanges() throws {
    var fixture = try Fixture(Self.two)
    let trial = try #require(try fixture.next())
    try fixture.report(trial, [0.8, 10], at: 0.01)
    // 2/3 of .8, and 1/3 of what 10 of 50 leave.
    #expect(abs(fixture.search.combinedScore(MetricScores(scores: [0.8, 10])) - (2 * 0.8 + 0.8) / 3) < 1e-15)
    let evidence = fixture.search.report(evidenceLimit: 1, untriedLimit: 0).evidence
    #expect(abs(evidence[0].observations[0].score - 0.8) < 1e-15)
  }

  /// Weights changed at the end say what they would have said from the start.
  @Test func revisedWeightsAreAsFromTheStart() throws {
    var revised = try Fixture(Self.two, strategy: .grid)
    let floors = [
      TaskGoal(metric: Self.two[0].metric, weight: 0.5, floor: 0.7),
      TaskGoal(metric: Self.two[1].metric, weight: 3, floor: 20),
    ]
    var fresh = try Fixture(floors, strategy: .grid)
    try revised.run()
    try fresh.run()
    let answer = try revised.search.revise(
      SearchRevision(
        constraints: nil, budget: nil,
        goals: [
          GoalRevision(name: "latency", weight: 3, floor: .at(20)),
          GoalRevision(name: "accuracy", weight: 0.5, floor: .at(0.7)),
        ]))
    #expect(revised.search.rankedCandidates(limit: 9) == fresh.search.rankedCandidates(limit: 9))
    #expect(
      revised.search.report(evidenceLimit: 9, untriedLimit: 9) == fresh.search.report(evidenceLimit: 9, untriedLimit: 9)
    )
    let goals = try #require(answer.goals)
    #expect(goals.rescoredCount == 18 && goals.suggestion == fresh.search.rankedCandidates(limit: 1).first)
    #expect(goals.suggestionBefore != nil && goals.suggestionBefore?.candidate != goals.suggestion?.candidate)
    #expect(goals.belowFloorCount == (0..<9).count { fresh.isMissed(by: $0) })
    // And back again.
    _ = try revised.search.revise(
      SearchRevision(
        constraints: nil, budget: nil,
        goals: [
          GoalRevision(name: "latency", weight: 1, floor: .lifted),
          GoalRevision(name: "accuracy", weight: 2, floor: .lifted),
        ]))
    var before = try Fixture(Self.two, strategy: .grid)
    try before.run()
    #expect(revised.search.rankedCandidates(limit: 9) == before.search.rankedCandidates(limit: 9))
  }

  /// Reports that were sent before a revision are still known, and reports after it count by the new weights.
  @Test func reportsAreKnownAgainAfterARevision() throws {
    var fixture = try Fixture(Self.two)
    let trial = try #require(try fixture.next())
    try fixture.report(trial, [0.5, 10], at: 0.005)
    _ = try fixture.search.revise(
      SearchRevision(
        constraints: nil, budget: nil, goals: [GoalRevision(name: "accuracy", weight: 0, floor: nil)]))
    #expect(try fixture.report(trial, [0.5, 10], at: 0.005).isDuplicate)
    #expect(throws: RequestError.self) { try fixture.report(trial, [0.5, 11], at: 0.005) }
    try fixture.report(trial, [nil, 10], step: 2, at: 0.01)
    let observed = fixture.search.report(evidenceLimit: 1, untriedLimit: 0).evidence[0].observations
    #expect(observed.map(\.score) == [0.8, 0.8])
  }

  private static func floored(_ floor: Double, _ ceiling: Double) -> [TaskGoal] {
    [
      TaskGoal(metric: metric("accuracy"), floor: floor),
      TaskGoal(metric: metric("cost", .minimize, 0...2), weight: 0, floor: ceiling),
    ]
  }

  /// What is known to miss a floor is not suggested, whatever its score; what is suggested in the end meets them all.
  @Test(arguments: [Strategy.race, .mordal, .grid], [0.6, 0.75, 0.85])
  func whatMissesAFloorIsNotSuggested(strategy: Strategy, floor: Double) throws {
    for ceiling in [0.3, 0.5, 1] {
      var fixture = try Fixture(Self.floored(floor, ceiling), strategy: strategy)
      var finished: Set<Int> = []
      try fixture.run { trial, now in
        let candidate = now.number(of: trial)
        if trial.toFraction == 1 { finished.insert(candidate) }
        guard let suggested = now.search.suggestion?.prediction else { return }
        #expect(!(finished.contains(suggested.candidate) && now.isMissed(by: suggested.candidate)))
        #expect(now.search.engine.leader == suggested.candidate)
        if finished.contains(candidate), now.isMissed(by: candidate) {
          #expect(now.search.engine.closure(of: candidate) == .belowFloor)
        }
      }
      let possible = (0..<9).filter { !fixture.isMissed(by: $0) }
      if strategy == .grid {
        let best = possible.max { fixture.scores($0, 1)[0] < fixture.scores($1, 1)[0] }
        #expect(fixture.search.suggestion?.prediction.candidate == best)
      }
      if let suggestion = fixture.search.suggestion, suggestion.isProbableEnough {
        #expect(suggestion.prediction.probabilityKeptFraction! >= 0.9)
        #expect(possible.contains(suggestion.prediction.candidate))
      }
    }
  }

  /// With the race a candidate far below a floor is stopped on its way, with the reason.
  @Test func whatCanHardlyMeetAFloorIsStopped() throws {
    var fixture = try Fixture(Self.floored(0.2, 0.1))
    var reasons: Set<String> = []
    while let trial = try fixture.next() {
      let candidate = fixture.number(of: trial)
      var scores = fixture.scores(candidate, 1)
      // All but the first are far too slow, whatever the data.
      scores[1] = candidate == 0 ? 0.05 : 1.9
      for step in 1...8 {
        let fraction = trial.fromFraction + (trial.toFraction - trial.fromFraction) * Double(step) / 8
        let decision = try fixture.report(trial, scores.map { $0 }, step: step, at: fraction)
        if decision.verdict != .continue {
          reasons.insert(decision.reason)
          break
        }
      }
    }
    #expect(reasons.contains("belowFloor"))
    #expect(fixture.search.suggestion?.prediction.candidate == 0)
    #expect((1..<9).allSatisfy { fixture.search.engine.closure(of: $0) == .belowFloor })
    // Without the floors they are worth a look again.
    let answer = try fixture.search.revise(
      SearchRevision(
        constraints: nil, budget: nil, goals: [GoalRevision(name: "cost", weight: nil, floor: .lifted)]))
    #expect(answer.goals?.reopenedCount == 8 && answer.goals?.belowFloorCount == 0)
  }

  @Test func aScoreThatIsNotFiniteEndsTheTrial() throws {
    var fixture = try Fixture(Self.two)
    let trial = try #require(try fixture.next())
    let decision = try fixture.report(trial, [.nan, 3])
    #expect(decision.verdict == .stop && decision.reason == "diverged")
  }

  @Test func metricsMayBeObjectives() throws {
    var fixture = try Fixture(Self.two, strategy: .grid)
    try fixture.run()
    let set = try fixture.search.paretoSet(nil, floor: nil)
    #expect(set.metrics == ["accuracy", "latency"] && set.objectives == [])
    let all = (0..<9).map { fixture.scores($0, 1) }
    let best = all.indices.filter { one in
      !all.contains { $0[0] >= all[one][0] && $0[1] <= all[one][1] && $0 != all[one] }
    }
    #expect(Set(set.candidates.map { fixture.search.pool.number(of: $0.ranked.candidate)! }) == Set(best))
    let one = try fixture.search.paretoSet(nil, metrics: ["latency"], floor: nil)
    #expect(one.candidates.count == 1)
    #expect(throws: RequestError.self) { try fixture.search.paretoSet(nil, metrics: ["speed"], floor: nil) }
  }

  /// What is refused is refused with its place, and changes nothing.
  @Test func refusalsChangeNothing() throws {
    var fixture = try Fixture(Self.two)
    let trial = try #require(try fixture.next())
    try fixture.report(trial, [0.4, 20], at: 0.005)
    let (before, changes) = (fixture.search.rankedCandidates(limit: 9), fixture.search.log.changeCount)
    func refused(_ path: String, _ body: (inout Fixture) throws -> Void) {
      do {
        try body(&fixture)
        Issue.record("accepted, though \(path) is wrong")
      } catch let error as RequestError {
        #expect(error.path == path)
      } catch {
        Issue.record("another error: \(error)")
      }
      #expect(fixture.search.rankedCandidates(limit: 9) == before)
      #expect(fixture.search.log.changeCount == changes)
    }
    func named(_ scores: [(String, Double)]) -> NamedNumbers { scores.map { (ExactString($0.0), $0.1) } }
    refused("scores.latency") { try $0.report(trial, [0.5, nil], step: 2, at: 0.01) }
    refused("scores.latency") { try $0.report(trial, [0.5, 51], step: 2, at: 0.01) }
    refused("scores.speed") { fixture in
      _ = try fixture.search.metricScores(
        named([("accuracy", 0.5), ("latency", 1), ("speed", 1)]), standardErrors: nil, of: trial.id)
    }
    refused("score") { fixture in
      _ = try fixture.search.report(
        TrialReport(
          trial: trial.id, step: 2, dataFraction: 0.01, score: 0.5, gpuSeconds: nil, energyJoules: nil,
          elapsedSeconds: nil, checkpoint: nil))
    }
    func revise(_ revisions: [GoalRevision]) -> (inout Fixture) throws -> Void {
      { _ = try $0.search.revise(SearchRevision(constraints: nil, budget: nil, goals: revisions)) }
    }
    refused("metrics[0].name", revise([GoalRevision(name: "speed", weight: 1, floor: nil)]))
    refused("metrics[0].floor", revise([GoalRevision(name: "accuracy", weight: 1, floor: .at(1.5))]))
    refused(
      "metrics",
      revise([
        GoalRevision(name: "accuracy", weight: 0, floor: nil), GoalRevision(name: "latency", weight: 0, floor: nil),
      ]))
  }

  /// A metric that was not reported cannot count for reports that lack it.
  @Test func aMetricThatReportsLackCannotCount() throws {
    var fixture = try Fixture([Self.two[0], TaskGoal(metric: Self.two[1].metric, weight: 0)])
    let trial = try #require(try fixture.next())
    try fixture.report(trial, [0.4, nil], at: 0.005)
    #expect(throws: RequestError.self) {
      try fixture.search.revise(
        SearchRevision(
          constraints: nil, budget: nil, goals: [GoalRevision(name: "latency", weight: 1, floor: nil)]))
    }
    #expect(throws: RequestError.self) {
      try fixture.search.revise(
        SearchRevision(
          constraints: nil, budget: nil, goals: [GoalRevision(name: "latency", weight: nil, floor: .at(10))]))
    }
  }

  /// Standard errors of metrics widen what is predicted of them and of the combined score.
  @Test func standardErrorsCount() throws {
    var fixture = try Fixture(Self.two, strategy: .grid)
    let trial = try #require(try fixture.next())
    let scores = MetricScores(scores: [0.8, 10], standardErrors: [0.01, 2])
    let readings = fixture.search.pool.task.readings(scores, nil)
    // The combined standard error is at most (2 x .01 + 2 / 50) / 3.
    #expect(abs(readings.logErrorDeviation! - 0.02 / 0.2) < 1e-12)
    #expect(abs(readings.goalDeviations[0] - 0.05) < 1e-12 && abs(readings.goalDeviations[1] - 0.2) < 1e-12)
    _ = try fixture.search.report(
      TrialReport(
        trial: trial.id, step: 1, dataFraction: 1, score: 0.8, gpuSeconds: nil, energyJoules: nil, elapsedSeconds: nil,
        checkpoint: nil, scores: scores))
    let predicted = fixture.search.rankedCandidates(limit: 1)[0].metrics[1].scoreInterval
    #expect(predicted[0] < 8.5 && predicted[1] > 11.5)
  }
}
