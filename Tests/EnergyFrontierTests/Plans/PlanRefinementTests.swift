import Testing

@testable import EnergyFrontier

/// Where the effort of refinement goes.
struct PlanRefinementTests {
  @Test func theWorstDeadlinesAreSearchedMostAndTheRestInBetween() throws {
    let incumbents = try incumbents(losses: [1, 5, 0])
    var refinement = Refinement(.basic, targetCount: 3, mostSearches: 16)
    let order = refinement.next(6, incumbents).map(\.target)
    // 5, 5/2, 5/3, 5/4, then the equal urgency of both, the first one first.
    #expect(order == [1, 1, 1, 1, 0, 1])
  }

  @Test func aBetterPlanServesAllSlowerDeadlines() throws {
    var incumbents = try incumbents(losses: [3, 3, 3])
    #expect(incumbents.targets.map(\.joules) == [100, 100, 100])
    // It lasts 4 s.
    let slower = DraftPlan([1, 1], in: try twoOptions())
    let (worse, better) = (incumbents.offer(slower, joules: 101), incumbents.offer(slower, joules: 99))
    #expect(!worse)
    #expect(better)
    #expect(incumbents.targets.map(\.joules) == [99, 99, 100])
  }

  @Test func itEndsWithoutImprovement() throws {
    let some = try incumbents(losses: [1, 5, 2])
    var refinement = Refinement(.basic, targetCount: 3, mostSearches: 16)
    let tasks = refinement.next(100, some)
    #expect(tasks.count == 16)
    #expect(refinement.searchesDone == refinement.mostSearches)
    let none = try incumbents(losses: [0, 0, 0])
    var nothing = Refinement(.diverse(round: 1), targetCount: 3, mostSearches: 16)
    let next = nothing.next(none)
    #expect(next == nil)
  }

  @Test func goodEnoughIsLeftAlone() throws {
    let incumbents = try incumbents(losses: [0.5, 2, 0.5])
    var refinement = Refinement(.diverse(round: 0), targetCount: 3, mostSearches: 50, sufficientGapFraction: 0.01)
    let searched = refinement.next(50, incumbents).map(\.target)
    #expect(Set(searched) == [1])
  }

  /// A round uses other prices and other plans as guides, and only deadlines that exist.
  @Test func roundsDiffer() throws {
    let incumbents = try incumbents(losses: [1, 1, 1])
    var tried: [Set<[Int]>] = []
    for round in [0, 1] {
      var refinement = Refinement(.diverse(round: round), targetCount: 3, mostSearches: 60)
      var seen = Set<[Int]>()
      while let task = refinement.next(incumbents), seen.count < 12 {
        seen.insert([task.variant.priceOffset, task.variant.guideOffset, task.variant.isWide ? 1 : 0])
        #expect(incumbents.target(task.target, offset: -8).deadline == incumbents.targets[0].deadline)
        #expect(incumbents.target(task.target, offset: 8).deadline == incumbents.targets[2].deadline)
      }
      tried.append(seen)
    }
    #expect(tried[0].count == 12)
    #expect(tried[0] != tried[1])
  }

  /// Two instructions one after the other, each of 1 s or 2 s.
  private func twoOptions() throws -> PlanSpace {
    let table = try OptionTable(
      measurements: [Measurement(timeSeconds: 1, energyJoules: 50), Measurement(timeSeconds: 2, energyJoules: 40)],
      blockingPowerWatts: 0)
    let problem = try IterationProblem(
      graph: InstructionGraph(count: 2, dependencies: [(0, 1)]), tableOfInstruction: [0, 0], tables: [table],
      waitingPowerWatts: 0)
    return PlanSpace(problem, scaled: ScaledProblem(problem))
  }

  /// Deadlines of 5 s, 4 s and 3 s with a plan of 2 s and 100 J, above the bound by the losses.
  private func incumbents(losses: [Double]) throws -> Incumbents {
    let plan = DraftPlan([0, 0], in: try twoOptions())
    let prices = BoundPrices(positions: [], dependencies: [], starts: [], ends: [])
    let ticks = [5, 4, 3].map { plan.ticks / 2 * $0 }
    return Incumbents(
      ticks.map { PricedDeadline(ticks: $0, prices: prices) }, plans: [plan], waitingJoulesPerTick: 0
    ) { deadline in 100 - losses[ticks.firstIndex(of: deadline)!] }
  }
}
