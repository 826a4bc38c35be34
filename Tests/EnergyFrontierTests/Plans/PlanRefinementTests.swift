import Testing

@testable import EnergyFrontier

/// Where the effort of refinement goes.
struct PlanRefinementTests {
  @Test func theWorstDeadlinesAreSearchedMostAndTheRestInBetween() throws {
    var refinement = try refinement(losses: [1, 5, 0])
    let first = refinement.targets[0].deadline
    var order: [Int64] = []
    for _ in 0..<6 {
      let next = refinement.next()
      order.append(refinement.targets[try #require(next).target].deadline - first)
    }
    // 5, 5/2, 5/3, 5/4, then the equal urgency of both, the first one first.
    #expect(order == [1, 1, 1, 1, 0, 1])
  }

  @Test func aBetterPlanServesAllSlowerDeadlines() throws {
    var refinement = try refinement(losses: [3, 3, 3])
    let draft = refinement.targets[0].incumbent
    refinement.offer(draft, joules: 101)
    #expect(refinement.targets.map(\.joules) == [103, 101, 101])
    refinement.offer(draft, joules: 102)
    #expect(refinement.targets.map(\.joules) == [103, 101, 101])
  }

  @Test func itEndsWithoutImprovement() throws {
    var refinement = try refinement(losses: [1, 5, 2])
    while refinement.next() != nil {}
    #expect(refinement.searchesDone == refinement.mostSearches)
    var nothing = try self.refinement(losses: [0, 0])
    #expect(nothing.next() == nil)
  }

  @Test func goodEnoughIsLeftAlone() throws {
    var refinement = try refinement(losses: [0.5, 2], sufficientGapFraction: 0.01)
    var searched = Set<Int>()
    while let task = refinement.next() { searched.insert(task.target) }
    #expect(searched == [1])
  }

  /// A round tries other prices and other plans as guides, and never one that is not there.
  @Test func roundsDiffer() throws {
    var tried: [Set<[Int]>] = []
    for round in [0, 1] {
      var refinement = try refinement(losses: [1, 1, 1], round: round)
      var seen = Set<[Int]>()
      while let task = refinement.next(), seen.count < 12 {
        seen.insert([task.variant.priceOffset, task.variant.guideOffset, task.variant.isWide ? 1 : 0])
        #expect(refinement.target(task.target, offset: -8).deadline == refinement.targets[0].deadline)
        #expect(refinement.target(task.target, offset: 8).deadline == refinement.targets[2].deadline)
      }
      tried.append(seen)
    }
    #expect(tried[0].count == 12)
    #expect(tried[0] != tried[1])
  }

  /// Deadlines a tick apart with plans of so many joules above a bound of 100, which last until the second.
  private func refinement(
    losses: [Double], round: Int? = nil, sufficientGapFraction: Double = 0
  ) throws -> Refinement {
    let table = try OptionTable(
      measurements: [Measurement(timeSeconds: 1, energyJoules: 50)], blockingPowerWatts: 10)
    let problem = try IterationProblem(
      graph: InstructionGraph(count: 40, dependencies: []), tableOfInstruction: [Int](repeating: 0, count: 40),
      tables: [table], waitingPowerWatts: 10)
    let space = PlanSpace(problem, scaled: ScaledProblem(problem))
    let draft = DraftPlan((0..<space.count).map { space.optionStart[$0] }, in: space)
    let prices = BoundPrices(positions: [], dependencies: [], starts: [], ends: [])
    let targets = losses.enumerated().map { index, loss in
      Refinement.Target(
        deadline: draft.ticks - 1 + Int64(index), prices: prices, boundJoules: 100, incumbent: draft, joules: 100 + loss
      )
    }
    return Refinement(targets, round: round, sufficientGapFraction: sufficientGapFraction, in: space)
  }
}
