package import EnergyFrontier

/// How long the ranks of a pipeline work, and how long its iteration lasts when some of them are slow.
extension CharacterizedFrontier {
  /// For each rank the seconds that its own instructions take in one iteration of `plan`, waiting left out.
  package func busySeconds(of plan: Plan) -> [Double] {
    let definition = inputs.definition
    var busy = [Double](repeating: 0, count: definition.rankBlockingPowerWatts.count)
    for (number, instruction) in definition.instructions.enumerated() {
      busy[definition.rankOfStage[instruction.table.stage]] += measuredSeconds(of: number, in: plan)
    }
    return busy
  }

  /// The longest path of `plan` when each instruction lasts its rank's factor times as long as measured. A rank that
  /// has time to spare may be slow without making the iteration longer.
  ///
  /// - Complexity: O(instructions + dependencies).
  package func iterationTimeSeconds(of plan: Plan, rankFactors: [Double]) -> Double {
    let (graph, definition) = (inputs.problem.graph, inputs.definition)
    var finish = [Double](repeating: 0, count: graph.count)
    // Sums in another order than the plan's own may come out a last digit shorter.
    var last = plan.iterationTimeSeconds
    // Clocks take as long to change on a slow rank as on any.
    let latencies = switchLatenciesSeconds(of: plan)
    for number in graph.topologicalOrder {
      var start = 0.0
      for (before, lag) in zip(graph.predecessors(of: number), graph.lagsSeconds(before: number)) {
        start = max(start, finish[before] + lag)
      }
      if let (before, latency) = latencies.before[number] { start = max(start, finish[before] + latency) }
      let rank = definition.rankOfStage[definition.instructions[number].table.stage]
      finish[number] = start + measuredSeconds(of: number, in: plan) * rankFactors[rank]
      last = max(last, finish[number] + (latencies.after[number] ?? 0))
    }
    return last
  }

  private func measuredSeconds(of instruction: Int, in plan: Plan) -> Double {
    let table = inputs.problem.table(of: instruction)
    return table.measurements[table.options[Int(plan.choices[instruction])]].timeSeconds
  }

  /// Where changes of setting take time: for each instruction before which one is the instruction it follows, and
  /// after the last of each rank that changes back.
  private func switchLatenciesSeconds(of plan: Plan) -> (before: [Int: (Int, Double)], after: [Int: Double]) {
    guard let switching = inputs.problem.switching, !switching.isFree else { return ([:], [:]) }
    return switching.latenciesSeconds(in: IterationRun(inputs.problem, measurements: measurements(of: plan)))
  }
}

/// How long each rank really worked in one iteration of a plan, beside what the plan says.
///
/// A rank that waits for a slow one lasts as long as that, but does not work longer. So slowness shows in busy times
/// alone: a rank is slow by itself when its own instructions took longer than planned, by more than a tolerance.
package struct BusyTimes: Sendable {
  package struct Rank: Sendable {
    package let plannedSeconds: Double
    package let measuredSeconds: Double
    /// Measured over planned, less 1; negative where it was faster. 0 for a rank that has no instructions, since no
    /// factor makes it slower.
    package let slowdownFraction: Double
    /// Whether the difference is more than the tolerance.
    package let isSlow: Bool

    init(plannedSeconds: Double, measuredSeconds: Double, toleranceFraction: Double) {
      self.plannedSeconds = plannedSeconds
      self.measuredSeconds = measuredSeconds
      slowdownFraction = plannedSeconds > 0 ? measuredSeconds / plannedSeconds - 1 : 0
      isSlow = slowdownFraction > toleranceFraction
    }
  }

  package let ranks: [Rank]
  private let iterationTimeSeconds: Double

  /// - Parameter measuredSeconds: one for each rank.
  package init(
    _ measuredSeconds: [Double], of plan: Plan, in characterized: CharacterizedFrontier, toleranceFraction: Double
  ) {
    iterationTimeSeconds = plan.iterationTimeSeconds
    ranks = zip(characterized.busySeconds(of: plan), measuredSeconds).map {
      Rank(plannedSeconds: $0, measuredSeconds: $1, toleranceFraction: toleranceFraction)
    }
  }

  /// How far times of the same iteration, measured on different ranks, may be apart, as a share of them.
  private static let clockTolerance = 0.01

  /// Whether what was measured is the whole iteration on every rank, and not the rank's own work: the same time
  /// everywhere, as long as the iteration at least, though the plan lets ranks wait.
  var isIterationTime: Bool {
    let measured = ranks.map(\.measuredSeconds)
    guard ranks.count > 1, let least = measured.min(), let most = measured.max() else { return false }
    let waits = ranks.contains { $0.plannedSeconds < (1 - 2 * Self.clockTolerance) * iterationTimeSeconds }
    return waits && most - least <= Self.clockTolerance * most
      && least >= (1 - Self.clockTolerance) * iterationTimeSeconds
  }

  /// The ranks that are slow by themselves, each by at most ``Straggler/largestSlowdownFraction``.
  package var slowdownFractions: [Int: Double] {
    var slow: [Int: Double] = [:]
    for (rank, times) in ranks.enumerated() where times.isSlow {
      slow[rank] = min(times.slowdownFraction, Straggler.largestSlowdownFraction)
    }
    return slow
  }
}
