import Basics
import EnergyFrontier
import Testing

@Suite struct LongIterationTests {
  /// Plans of thousands of unlike instructions are as near the bound as those of short iterations: rounding the bound's
  /// schedule loses no more in long ones, as beams do.
  @Test func gapsDoNotGrowWithTheIteration() throws {
    func largestGap(microbatches: Int) throws -> Double {
      let stages = 16
      let schedule = try ExpandedSchedule(
        ScheduleRecipe(.oneForwardOneBackward, stageCount: stages, microbatchCount: microbatches))
      var random = SplitMix64(seed: 1)
      var tables: [OptionTable] = []
      for _ in 0..<stages {
        let factor = 0.9 + 0.2 * random.unitFraction()
        for work in [0.1, 0.2] {
          let measurements = stride(from: 1410.0, through: 800, by: -30).map { clock in
            let seconds = work * factor * (0.2 + 0.8 * 1410 / clock)
            let share = clock / 1410
            return Measurement(timeSeconds: seconds, energyJoules: seconds * (90 + 250 * share * share * share))
          }
          tables.append(try OptionTable(measurements: measurements, blockingPowerWatts: 80))
        }
      }
      let problem = try IterationProblem(
        graph: schedule.graph,
        tableOfInstruction: schedule.instructions.map { 2 * $0.stage + ($0.kind == .forward ? 0 : 1) },
        tables: tables, waitingPowerWatts: 80 * Double(stages))
      let frontier = try Frontier(
        of: problem,
        options: CharacterizationOptions(
          deadlineCount: 12, effort: PlanEffort(level: .quick),
          precision: CurvePrecision(breakpointBudget: 0, toleranceFraction: 0.001)))
      return frontier.plans.map(\.gapFraction).max() ?? .infinity
    }
    #expect(try largestGap(microbatches: 160) < 0.005)
  }
}
