import Basics
import Testing

@testable import EnergyFrontier

@Suite struct NextMeasurementTests {
  /// A profile of which only some options are measured, as an estimator sees it.
  private static func measured(
    _ profile: NoisyProfile, _ seed: UInt64, noise: (time: Double, energy: Double) = (0.002, 0.005),
    _ isMeasured: (_ table: Int, _ option: Int) -> Bool
  ) -> [NoisyTable] {
    profile.measured(time: noise.time, energy: noise.energy, seed: seed).enumerated().map { table, whole in
      NoisyTable(
        family: 0, clocks: whole.clocks,
        samples: whole.samples.enumerated().map { isMeasured(table, $0.offset) ? $0.element : [] })
    }
  }

  private static func problem(_ tables: [[Measurement]], microbatches: Int = 6) throws -> IterationProblem {
    let schedule = try ExpandedSchedule(
      ScheduleRecipe(.gpipe, stageCount: tables.count, microbatchCount: microbatches))
    return try IterationProblem(
      graph: schedule.graph, tableOfInstruction: schedule.instructions.map(\.stage),
      tables: tables.map { try OptionTable(measurements: $0, blockingPowerWatts: 80) },
      waitingPowerWatts: 80 * Double(tables.count))
  }

  /// Half of the options are enough for the others: the law predicts them about as well as it knows the measured ones.
  @Test(arguments: UInt64(0)..<4) func whatWasNotMeasuredIsPredicted(seed: UInt64) throws {
    let profile = NoisyProfile(seed: seed, unlikeness: Double(seed % 2))
    let measured = Self.measured(profile, seed) { ($0 + $1).isMultiple(of: 2) }
    #expect(ProfileEstimate.hasLaw(measured))
    let (time, energy) = profile.errors(try ProfileEstimate(measured).tables)
    #expect(time < 0.002 && energy < 0.005)
    let few = Self.measured(profile, seed) { $1 < 4 }
    #expect(!ProfileEstimate.hasLaw(few))
  }

  /// What one more sample leaves uncertain is what the equations with that sample say, in units of the noise.
  @Test(arguments: UInt64(0)..<4) func oneSampleMoreIsTheEquationsWithIt(seed: UInt64) throws {
    let profile = NoisyProfile(seed: seed, unlikeness: 1, tableCount: 3)
    let measured = Self.measured(profile, seed) { ($0 + $1) % 3 != 0 }
    let fit = try #require(try ProfileEstimate(measured).fits.first)
    for (table, option) in [(0, 3), (1, 4), (2, 29)] {
      var more = fit.time.family
      more.setCount(more.tables[table].counts[option] + 1, of: [(table, option)])
      let direct = LawCovariance(FittedFamily(more, fit.time.variances))
      var updated = LawCovariance(fit.time)
      updated.measure(table: table, clock: option)
      for other in 0..<3 {
        for clock in [0, 7, 29] {
          let a = direct.shifts(of: other, byMeasuring: (1, clock))
          let b = updated.shifts(of: other, byMeasuring: (1, clock))
          for (one, two) in zip(a, b) {
            let (one, two) = (one / direct.sampleVariance.squareRoot(), two / updated.sampleVariance.squareRoot())
            #expect(abs(one - two) < 1e-6)
          }
        }
      }
    }
  }

  /// With what is chosen a plan is expected to lose less, and does: less than with as many options spread evenly.
  @Test func chosenMeasurementsLowerTheRegret() throws {
    var (chosenLoss, spreadLoss) = (0.0, 0.0)
    for seed in UInt64(0)..<6 {
      let profile = NoisyProfile(seed: seed, unlikeness: 1, tableCount: 4)
      var isMeasured = profile.truth.map { $0.indices.map { $0 % 29 == 0 } }
      for table in isMeasured.indices { isMeasured[table][5 + 6 * table] = true }
      let start = isMeasured
      func estimate(_ isMeasured: [[Bool]]) throws -> ProfileEstimate {
        try ProfileEstimate(Self.measured(profile, seed) { isMeasured[$0][$1] })
      }
      var regrets: [Double] = []
      for _ in 0..<4 {
        let known = try estimate(isMeasured)
        let choice = try MeasurementChoice(
          try Self.problem(known.tables), estimate: known, count: 3, seed: 1, isAllowed: { !isMeasured[$0][$1] })
        regrets.append(choice.expectedRegretFraction)
        #expect(choice.candidates.count == 3)
        for one in choice.candidates { isMeasured[one.table][one.option] = true }
      }
      #expect(regrets[3] < regrets[0])
      var spread = start
      for number in 0..<12 { spread[number % 4][3 + 9 * (number / 4)] = true }
      let truth = try Self.problem(profile.truth)
      let bound = try LowerBoundCurve(of: truth)
      func loss(_ isMeasured: [[Bool]]) throws -> Double {
        let believed = try Self.problem(try estimate(isMeasured).tables)
        let options = believed.tables.map(\.options)
        let frontier = try Frontier(
          of: believed, options: CharacterizationOptions(deadlineCount: 8, effort: PlanEffort(level: .quick)))
        let losses = frontier.plans.map { plan in
          let outcome = truth.outcome(
            ofMeasurements: zip(truth.tableOfInstruction, plan.choices).map { options[$0][Int($1)] })
          return outcome.energyJoules / bound.boundJoules(at: outcome.iterationTimeSeconds) - 1
        }
        return losses.reduce(0, +) / Double(losses.count)
      }
      chosenLoss += try loss(isMeasured)
      spreadLoss += try loss(spread)
    }
    #expect(chosenLoss < spreadLoss)
  }

  /// Where everything is known, no measurement is of value, and where nothing can be measured, none is named.
  @Test func whatIsKnownIsNotMeasured() throws {
    let profile = NoisyProfile(seed: 1, tableCount: 3)
    let known = try ProfileEstimate(Self.measured(profile, 1, noise: (1e-7, 1e-7)) { _, _ in true })
    let problem = try Self.problem(known.tables)
    let choice = try MeasurementChoice(problem, estimate: known, count: 5, seed: 1, isAllowed: { _, _ in true })
    #expect(choice.expectedRegretFraction < 1e-6)
    #expect(choice.candidates.allSatisfy { $0.savedJoules <= max(1e-12, choice.expectedRegretJoules) })
    let none = try MeasurementChoice(problem, estimate: known, count: 5, seed: 1, isAllowed: { _, _ in false })
    #expect(none.candidates.isEmpty)
  }

  /// The first measurements give each table two clocks far apart, and the family a law, with no more than that takes.
  @Test(arguments: [(1, 12), (4, 12), (8, 30), (3, 5)]) func coverageEndsInALaw(tables: Int, clocks: Int) {
    let offered = (0..<clocks).map { 900 + 15 * Double($0) }
    let empty = (0..<tables).map { _ in NoisyTable(family: 0, clocks: [], samples: []) }
    let design = CoverageDesign(empty, clocks: Array(repeating: offered, count: tables), count: 1000)
    let ofTable = (0..<tables).map { table in design.measurements.filter { $0.table == table }.map(\.clock) }
    for clocks in ofTable {
      #expect(Set(clocks).count == clocks.count && Set(clocks).isSubset(of: Set(offered)))
      #expect(clocks.count >= 2 || offered.count < 2)
      #expect(clocks.max()! - clocks.min()! >= (offered.last! - offered[0]) * 0.45)
    }
    #expect(design.measurements.count == min(max(2 * tables, 8), tables * clocks))
    let measured = ofTable.map { clocks in
      NoisyTable(
        family: 0, clocks: clocks, samples: clocks.map { _ in [Measurement(timeSeconds: 1, energyJoules: 1)] })
    }
    #expect(ProfileEstimate.hasLaw(measured) == (tables * clocks >= 8))
    #expect(CoverageDesign(measured, clocks: Array(repeating: offered, count: tables), count: 9).measurements.isEmpty)
  }
}
