import Basics
import Testing

@testable import EnergyFrontier

/// Lazily kept times against times computed from scratch.
struct PlanTimetableTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func settledTimesEqualFreshOnes(seed: UInt64) throws {
    var small = try PlanTestProblem(seed: seed, largest: 80)
    let timetable = Timetable(small.space)
    timetable.load(small.randomOptions(), deadline: 1 << 60)
    for _ in 0..<40 {
      let place = small.randomPlace()
      timetable.set(place, to: small.randomOptions()[place])
      let (a, b) = (small.randomPlace(), small.randomPlace())
      timetable.settle(from: min(a, b), through: max(a, b))
      let fresh = fresh(timetable)
      for place in 0...max(a, b) { #expect(timetable.heads[place] == fresh.heads[place]) }
      for place in min(a, b)..<small.space.count { #expect(timetable.tails[place] == fresh.tails[place]) }
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func rollBackRestoresOptionsAndTimes(seed: UInt64) throws {
    var small = try PlanTestProblem(seed: seed, largest: 80)
    let timetable = Timetable(small.space)
    timetable.load(small.randomOptions(), deadline: 1 << 60)
    for _ in 0..<10 {
      let options = Array(timetable.options)
      let mark = timetable.mark
      for _ in 0..<5 {
        let place = small.randomPlace()
        timetable.set(place, to: small.randomOptions()[place])
        timetable.settle(from: place, through: small.randomPlace())
      }
      timetable.rollBack(to: mark)
      timetable.settleAll()
      #expect(Array(timetable.options) == options)
      let fresh = fresh(timetable)
      #expect(Array(timetable.heads) == fresh.heads)
      #expect(Array(timetable.tails) == fresh.tails)
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func localSearchKeepsTheDeadlineAndNeverRaisesEnergy(seed: UInt64) throws {
    var small = try PlanTestProblem(seed: seed, largest: 60)
    let before = DraftPlan(small.randomOptions(), in: small.space)
    let slack = before.ticks / 50
    let after = try LocalSearch(small.space).improved(
      before.options, deadline: before.ticks + slack, ProgressHandle())
    #expect(after.ticks <= before.ticks + slack)
    #expect(after.effectiveJoules <= before.effectiveJoules + 1e-9)
  }

  private func fresh(_ timetable: Timetable) -> (heads: [Int64], tails: [Int64]) {
    let fresh = Timetable(timetable.space)
    fresh.load(Array(timetable.options), deadline: timetable.deadline)
    return (Array(fresh.heads), Array(fresh.tails))
  }
}
