import Basics
import Testing

@testable import EnergyFrontier

/// The identity that beam search rests on.
struct PlanPricesTests {
  /// Reduced costs and priced waits of any plan add up to what it lies above the bound, in both directions of time.
  @Test(arguments: 0..<80 as Range<UInt64>)
  func lossesAddUpToTheDistanceFromTheBound(seed: UInt64) throws {
    var small = try PlanTestProblem(seed: seed, largest: 25)
    let (problem, scaled, space) = (small.problem, small.scaled, small.space)
    let curve = try LowerBoundCurve(of: problem)
    var tracer = CurveTracer(problem, scaled: scaled)
    let options = small.randomOptions()
    let plan = DraftPlan(options, in: space)
    _ = try tracer.trace(ProgressHandle()) { (segment) throws(FrontierError) in
      let deadline = (segment.slowTicks + segment.fastTicks) / 2
      if plan.ticks > deadline { return }
      let prices = BoundPrices(segment, lasting: deadline, space: space, scaled: scaled)
      let seconds = Double(deadline) / scaled.ticksPerSecond
      let energy = plan.effectiveJoules + problem.waitingPowerWatts * seconds
      let bound = curve.energyJoules(at: seconds)! / Double(problem.deviceMultiplicity)
      let loss = Self.loss(of: options, deadline: deadline, prices: prices, space: space)
      #expect(loss >= 0)
      #expect(abs(energy - bound - loss) <= 1e-9 * energy)
      let backward = BackwardBeam(space, width: 1)
      let reversed = backward.reversed(prices, deadline: deadline)
      let same = Self.loss(of: options.reversed(), deadline: deadline, prices: reversed, space: backward.space)
      #expect(abs(energy - bound - same) <= 1e-9 * energy)
    }
  }

  /// A rounded schedule keeps its deadline.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func roundedSchedulesKeepTheDeadline(seed: UInt64) throws {
    let small = try PlanTestProblem(seed: seed, largest: 40)
    let space = small.space
    var tracer = CurveTracer(small.problem, scaled: small.scaled)
    _ = try tracer.trace(ProgressHandle()) { (segment) throws(FrontierError) in
      for deadline in [segment.slowTicks, (segment.slowTicks + segment.fastTicks) / 2, segment.fastTicks] {
        let prices = BoundPrices(segment, lasting: deadline, space: space, scaled: small.scaled)
        let plans = [
          ScheduleRounding.forwards(space, prices), ScheduleRounding.backwards(space, prices, deadline: deadline),
        ]
        for plan in plans {
          #expect(space.longestPath(plan) <= deadline)
          // No slower than the schedule lets it be, so no dearer than everything at its fastest.
          let fastest = (0..<space.count).map { space.optionStart[$0] }
          #expect(space.joules(of: plan) <= space.joules(of: fastest))
        }
      }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func beamsOfAnyWidthKeepTheDeadline(seed: UInt64) throws {
    let small = try PlanTestProblem(seed: seed, largest: 40)
    let space = small.space
    var tracer = CurveTracer(small.problem, scaled: small.scaled)
    let beams = [1, 2, 7].map { (BeamSearch(space, width: $0), BackwardBeam(space, width: $0)) }
    _ = try tracer.trace(ProgressHandle()) { (segment) throws(FrontierError) in
      for deadline in [segment.fastTicks, segment.slowTicks - 1] {
        let prices = BoundPrices(segment, lasting: deadline, space: space, scaled: small.scaled)
        for (forward, backward) in beams {
          let guidance = BeamSearch.Guidance(early: 0.1, late: 0.2)
          let first = try forward.plan(deadline: deadline, prices: prices, guidance: guidance, ProgressHandle())
          let second = try backward.plan(deadline: deadline, prices: prices, guidance: guidance, ProgressHandle())
          #expect(space.longestPath(first) <= deadline)
          #expect(space.longestPath(second) <= deadline)
        }
      }
    }
  }

  /// The right side of the identity of ``BoundPrices``, term by term.
  private static func loss(of options: [Int32], deadline: Int64, prices: BoundPrices, space: PlanSpace) -> Double {
    var ends = [Int64](repeating: 0, count: space.count)
    var loss = 0.0
    for position in 0..<space.count {
      let price = prices.positions[position]
      func cost(_ option: Int32) -> Double { space.joules[Int(option)] + price * Double(space.ticks[Int(option)]) }
      loss += cost(options[position]) - (space.optionStart[position]..<space.optionEnd[position]).map(cost).min()!
      var start: Int64 = 0
      let dependencies = zip(space.predecessors(of: position), space.predecessorLags(of: position))
      for (before, lag) in dependencies { start = max(start, ends[Int(before)] + lag) }
      let first = Int(space.predecessorStart[position])
      for (index, (before, lag)) in dependencies.enumerated() {
        loss += prices.dependencies[first + index] * Double(start - ends[Int(before)] - lag)
      }
      ends[position] = start + space.ticks[Int(options[position])]
      if space.successors(of: position).isEmpty { loss += price * Double(deadline - ends[position]) }
    }
    return loss
  }
}
