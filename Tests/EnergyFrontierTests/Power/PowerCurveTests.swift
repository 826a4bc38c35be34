import Basics
import EnergyFrontier
import Testing

/// Energy over time as power over rate, the ladder of a job's plans, and the power of an iteration over time.
@Suite struct PowerCurveTests {
  @Test(arguments: UInt64(0)..<100) func isTheLowerBoundOverTime(seed: UInt64) throws {
    let problem = try ProblemSketch.random(seed: seed).problem()
    let bound = try LowerBoundCurve(of: problem)
    let waiting = problem.waitingPowerWatts * Double(problem.deviceMultiplicity)
    let curve = PowerCurve(bound, waitingPowerWatts: waiting)
    #expect(curve.fastest.iterationsPerSecond == 1 / bound.minimumTimeSeconds)
    for step in 0...40 {
      let time = bound.minimumTimeSeconds * (1 + 0.1 * Double(step))
      let energy = try #require(bound.energyJoules(at: time))
      #expect(abs(curve.powerWatts(at: 1 / time) - energy / time) < 1e-9 * (1 + abs(energy / time)))
    }
    for (left, right) in zip(curve.corners, curve.corners.dropFirst()) {
      #expect(left.iterationsPerSecond < right.iterationsPerSecond)
    }
    let (least, most) = (curve.leastPower.powerWatts, curve.fastest.powerWatts)
    #expect(curve.iterationsPerSecond(withinWatts: least - 1e-6) == nil)
    for step in 0...20 {
      let watts = least + Double(step) / 20 * (most - least)
      let rate = try #require(curve.iterationsPerSecond(withinWatts: watts))
      #expect(abs(curve.powerWatts(at: rate) - watts) < 1e-9 * (1 + abs(watts)))
    }
  }

  /// Of all plans and iteration times, the least power for a rate and the greatest rate for a power.
  @Test(arguments: UInt64(0)..<200) func ladderIsTheBestOfAllPlans(seed: UInt64) throws {
    let sketch = PowerSketch(seed: seed)
    var generator = SplitMix64(seed: seed)
    for index in sketch.classes.indices {
      let (pipelines, ladder) = (sketch.classes[index], sketch.ladder(index))
      /// The least power of iterations that last so long.
      func leastPower(at seconds: Double) -> Double? {
        var sum = 0.0
        for kind in pipelines {
          let powers = kind.plans.filter { $0.iterationTimeSeconds <= seconds }.map { plan in
            sketch.measure == .peak
              ? plan.peakPowerWatts
              : (plan.energyJoules + kind.waitingPowerWatts * (seconds - plan.iterationTimeSeconds)) / seconds
          }
          guard let least = powers.min() else { return nil }
          sum += kind.count * least
        }
        return sum
      }
      #expect(leastPower(at: ladder.fastest.iterationTimeSeconds * (1 - 1e-9)) == nil)
      for step in ladder.steps.indices {
        let pace = ladder.pace(ofStep: step)
        let least = try #require(leastPower(at: pace.iterationTimeSeconds))
        #expect(abs(pace.powerWatts - least) < 1e-9 * least)
        for (kind, plan) in zip(pipelines, ladder.plans(at: pace)) {
          #expect(kind.plans[plan].iterationTimeSeconds <= pace.iterationTimeSeconds)
        }
      }
      let times = pipelines.flatMap { $0.plans.map(\.iterationTimeSeconds) }
      for _ in 0..<20 {
        let watts = Double.random(
          in: ladder.slowest.powerWatts * 0.9...ladder.fastest.powerWatts * 1.1, using: &generator)
        let pace = ladder.pace(withinWatts: watts)
        if let pace {
          #expect(pace.powerWatts <= watts * (1 + 1e-12))
          // No faster iteration does with so little; without waits an iteration lasts as long as some plan.
          let between = sketch.mayPause ? (1..<50).map { pace.iterationTimeSeconds * Double($0) / 50 } : []
          for time in times + between {
            guard time < pace.iterationTimeSeconds * (1 - 1e-9), let least = leastPower(at: time) else { continue }
            #expect(least > watts)
          }
        } else {
          let longest = sketch.mayPause && sketch.measure == .average ? 1e9 : times.max()!
          #expect(leastPower(at: longest)! > watts)
        }
      }
    }
  }

  @Test(arguments: UInt64(0)..<100) func profileAddsUpToTheEnergy(seed: UInt64) throws {
    let problem = try ProblemSketch.random(seed: seed).problem()
    var generator = SplitMix64(seed: seed)
    let measurements = problem.tableOfInstruction.map {
      Int.random(in: problem.tables[$0].measurements.indices, using: &generator)
    }
    let profile = PowerProfile(problem, measurements: measurements)
    check(profile, problem.outcome(ofMeasurements: measurements))
  }

  /// A rank that changes its clock draws the energy of the change over its latency.
  @Test(arguments: UInt64(0)..<40) func profileCountsChangesOfSetting(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let problem = try SwitchingTestProblem(seed: seed).problem
    let measurements = problem.tableOfInstruction.map {
      Int.random(in: problem.tables[$0].measurements.indices, using: &generator)
    }
    check(PowerProfile(problem, measurements: measurements), problem.outcome(ofMeasurements: measurements))
  }

  private func check(_ profile: PowerProfile, _ outcome: IterationOutcome) {
    let ends = profile.stretches.dropFirst().map(\.startSeconds) + [outcome.iterationTimeSeconds]
    let joules = zip(profile.stretches, ends).reduce(0) { $0 + $1.0.powerWatts * ($1.1 - $1.0.startSeconds) }
    #expect(abs(joules - outcome.energyJoules) < 1e-9 * (1 + abs(outcome.energyJoules)))
    #expect(profile.peakPowerWatts == profile.stretches.map(\.powerWatts).max())
    #expect(profile.peakPowerWatts >= outcome.averagePowerWatts * (1 - 1e-9))
  }

  /// By hand: two ranks of 2 W blocking power; rank 1 runs 10 J in 2 s after rank 0 ran 12 J in 3 s; two devices each.
  @Test func profileByHand() throws {
    var sketch = ProblemSketch([[(3, 12)], [(2, 10)], [(4, 40)]], dependencies: [(0, 1)])
    (sketch.blockingPowerWatts, sketch.waitingPowerWatts, sketch.deviceMultiplicity) = (2, 4, 2)
    let problem = try sketch.problem()
    // The third runs beside the first two, for 4 s from the start.
    let profile = PowerProfile(problem, measurements: [0, 0, 0])
    #expect(profile.stretches.map(\.startSeconds) == [0, 3, 4])
    #expect(profile.stretches.map(\.powerWatts) == [28, 30, 14])
    #expect(profile.peakPowerWatts == 30)
    // Only the first two instructions, on one rank.
    let part = PowerProfile(
      problem, measurements: [0, 0, 0], part: .init(waitingPowerWatts: 2) { $0 < 2 })
    #expect(part.stretches.map(\.powerWatts) == [8, 10])
  }
}
