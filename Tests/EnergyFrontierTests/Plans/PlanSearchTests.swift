import Basics
import Synchronization
import Testing

@testable import EnergyFrontier

/// Plans against brute force and against what is promised of them.
struct PlanSearchTests {
  @Test(arguments: 0..<150 as Range<UInt64>)
  func plansAreRealParetoAndNeverBetterThanTheBest(seed: UInt64) throws {
    let small = try PlanTestProblem(seed: seed)
    let frontier = try Frontier(of: small.problem)
    let all = small.allOutcomes()
    let plans = frontier.plans
    #expect(!plans.isEmpty)
    for plan in plans {
      let outcome = small.outcome(of: plan.choices)
      #expect(isClose(outcome.iterationTimeSeconds, plan.iterationTimeSeconds))
      #expect(isClose(outcome.energyJoules, plan.energyJoules))
      let best = cheapest(all, within: plan.iterationTimeSeconds)
      #expect(plan.energyJoules >= best * (1 - 1e-9))
      #expect(plan.gapFraction >= 0)
      let bound = try #require(
        frontier.curve.energyJoules(at: max(plan.iterationTimeSeconds, frontier.curve.minimumTimeSeconds)))
      #expect(isClose(plan.gapFraction, plan.energyJoules / bound - 1))
    }
    for (faster, slower) in zip(plans, plans.dropFirst()) {
      #expect(faster.iterationTimeSeconds < slower.iterationTimeSeconds)
      #expect(faster.energyJoules > slower.energyJoules)
    }
  }

  /// The fastest iteration is what a straggler-free job runs at, so its plan must exist and be good.
  @Test func fastestPlansAreNearlyOptimal() throws {
    var optimal = 0
    let seeds = 0..<150 as Range<UInt64>
    for seed in seeds {
      let small = try PlanTestProblem(seed: seed)
      let fastest = try #require(try Frontier(of: small.problem).plans.first)
      let all = small.allOutcomes()
      let least = try #require(all.map(\.iterationTimeSeconds).min())
      #expect(isClose(fastest.iterationTimeSeconds, least))
      let best = cheapest(all, within: least * (1 + 1e-12))
      #expect(fastest.energyJoules <= best * 1.02, "seed \(seed)")
      if isClose(fastest.energyJoules, best) { optimal += 1 }
    }
    #expect(optimal >= seeds.count * 95 / 100)
  }

  @Test func sameInputGivesSamePlans() throws {
    for seed in 0..<10 as Range<UInt64> {
      let small = try PlanTestProblem(seed: seed)
      #expect(try Frontier(of: small.problem).plans == Frontier(of: small.problem).plans)
    }
  }

  /// The plans do not depend on how many workers there are or in which order they run.
  @Test func workersDoNotChangePlans() throws {
    let problem = try pipeline(microbatches: 6)
    let options = CharacterizationOptions(deadlineCount: 16, effort: PlanEffort(roundCount: 1))
    let alone = try Frontier(of: problem, options: options)
    for workerCount in [2, 5] {
      let parallel = ParallelMap(workerCount: workerCount) { count, body in
        for index in (0..<count).reversed() { body(index, index % workerCount) }
      }
      #expect(try Frontier(of: problem, options: options, parallel: parallel).plans == alone.plans)
    }
  }

  /// A caller that ends the rounds by the clock gets the plans of as many rounds.
  @Test func roundsEndWhenTheCallerSaysSo() throws {
    let problem = try pipeline(microbatches: 6)
    func options(_ rounds: Int) -> CharacterizationOptions {
      CharacterizationOptions(deadlineCount: 8, effort: PlanEffort(level: .quick, roundCount: rounds))
    }
    var asked: [PlanRound] = []
    let ended = try Frontier(of: problem, options: options(100)) { round in
      asked.append(round)
      return round.roundCount < 2
    }
    #expect(try ended.plans == Frontier(of: problem, options: options(2)).plans)
    #expect(asked.map(\.roundCount) == [0, 1, 2])
    #expect(asked[2].meanGapFraction <= asked[0].meanGapFraction)
  }

  /// More effort keeps every plan that less effort finds, or has a better one.
  @Test(arguments: [16, 64]) func roundsOnlyImprove(deadlineCount: Int) throws {
    let problem = try pipeline(microbatches: 6)
    let usual = try Frontier(of: problem, options: CharacterizationOptions(deadlineCount: deadlineCount))
    let thorough = try Frontier(
      of: problem, options: CharacterizationOptions(deadlineCount: deadlineCount, effort: PlanEffort(roundCount: 2)))
    var improved = 0
    for plan in usual.plans {
      let other = try #require(thorough.plans.last { $0.iterationTimeSeconds <= plan.iterationTimeSeconds })
      #expect(other.energyJoules <= plan.energyJoules)
      if other.energyJoules < plan.energyJoules { improved += 1 }
    }
    #expect(improved > 0)
    let satisfied = CharacterizationOptions(effort: PlanEffort(roundCount: 50, sufficientGapFraction: 1))
    #expect(try Frontier(of: problem, options: satisfied).plans.count > 0)
  }

  @Test func aSingleOptionGivesASinglePlan() throws {
    let table = try OptionTable(
      measurements: [Measurement(timeSeconds: 1, energyJoules: 50)], blockingPowerWatts: 10)
    let problem = try IterationProblem(
      graph: InstructionGraph(count: 2, dependencies: [(0, 1)]), tableOfInstruction: [0, 0], tables: [table],
      waitingPowerWatts: 10)
    let frontier = try Frontier(of: problem)
    #expect(frontier.plans.map(\.choices) == [[0, 0]])
    #expect(frontier.plans[0].iterationTimeSeconds == 2)
  }

  @Test func progressRisesToOne() throws {
    let reports = Mutex<[Double]>([])
    let progress = ProgressHandle(report: { done in reports.withLock { $0.append(done) } })
    _ = try Frontier(of: pipeline(microbatches: 6), progress: progress)
    let seen = reports.withLock { $0 }
    #expect(seen == seen.sorted())
    #expect(seen.first! >= 0)
    #expect(seen.last! == 1)
  }

  /// Wherever the computation is, it ends soon after its cancellation.
  @Test func cancellationEndsEveryStep() throws {
    let problem = try pipeline(microbatches: 4)
    let asked = Mutex(0)
    let count = ProgressHandle(isCancelled: {
      asked.withLock { $0 += 1 }
      return false
    })
    _ = try Frontier(of: problem, progress: count)
    let all = asked.withLock { $0 }
    for last in stride(from: 1, through: all, by: max(1, all / 10)) {
      let asked = Mutex(0)
      let progress = ProgressHandle(isCancelled: {
        asked.withLock {
          $0 += 1
          return $0 >= last
        }
      })
      #expect(throws: FrontierError.cancelled) { try Frontier(of: problem, progress: progress) }
      #expect(asked.withLock { $0 } == last)
    }
  }

  /// Three unequal stages of 1F1B.
  private func pipeline(microbatches: Int) throws -> IterationProblem {
    let schedule = try ExpandedSchedule(.oneForwardOneBackward, stageCount: 3, microbatchCount: microbatches)
    var random = SplitMix64(seed: 7)
    let tables = try (0..<6).map { _ in
      let size = 1 + random.unitFraction()
      let measurements = (0..<8).map { step in
        Measurement(
          timeSeconds: size * (1 + 0.1 * Double(step)),
          energyJoules: size * (200 + 150 / Double(step + 1) + 3 * random.unitFraction()))
      }
      return try OptionTable(measurements: measurements, blockingPowerWatts: 80)
    }
    return try IterationProblem(
      graph: schedule.graph,
      tableOfInstruction: schedule.instructions.map { 2 * $0.stage + ($0.kind == .forward ? 0 : 1) },
      tables: tables, waitingPowerWatts: 240)
  }

  private func cheapest(_ outcomes: [IterationOutcome], within seconds: Double) -> Double {
    outcomes.filter { $0.iterationTimeSeconds <= seconds * (1 + 1e-12) }.map(\.energyJoules).min() ?? .infinity
  }

  /// Figures come from sums of at most ten doubles, rounded to ticks far finer than 1e-9 of them.
  private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(1, abs(a), abs(b)) }
}
