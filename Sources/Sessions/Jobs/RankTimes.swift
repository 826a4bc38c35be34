package import EnergyFrontier

/// How long the ranks of a pipeline work, and how long its iteration lasts when some of them are slow.
extension CharacterizedFrontier {
  /// For each rank the seconds that its own instructions take in one iteration of `plan`, waiting left out.
  package func busySeconds(of plan: Plan) -> [Double] {
    let definition = inputs.definition
    var busy = [Double](repeating: 0, count: definition.rankCount)
    for (number, measurement) in measurements(of: plan).enumerated() {
      let rank = definition.rankOfStage[definition.instructions[number].table.stage]
      busy[rank] += inputs.problem.table(of: number).measurements[measurement].timeSeconds
    }
    return busy
  }

  /// The longest path of `plan` when each instruction lasts its rank's factor times as long as measured; transfers and
  /// changes of setting last as planned. A rank that has time to spare may be slow without making the iteration longer.
  ///
  /// - Complexity: O(instructions + dependencies).
  package func iterationTimeSeconds(of plan: Plan, rankFactors: [Double]) -> Double {
    let (problem, definition, measurements) = (inputs.problem, inputs.definition, measurements(of: plan))
    let graph = problem.graph
    var finish = [Double](repeating: 0, count: graph.count)
    // On each rank its first instruction, and the one before the present one.
    var first = [Int?](repeating: nil, count: rankFactors.count)
    var previous = first
    func switchSeconds(_ before: Int?, _ after: Int?, _ rank: Int) -> Double {
      guard let switching = problem.switching, let before, let after else { return 0 }
      func setting(_ number: Int) -> Int {
        switching.settings[problem.tableOfInstruction[number]][measurements[number]]
      }
      return setting(before) == setting(after) ? 0 : switching.ranks[rank].cost.latencySeconds
    }
    // Sums in another order than the plan's own may come out a last digit shorter.
    var last = plan.iterationTimeSeconds
    for number in graph.topologicalOrder {
      let rank = definition.rankOfStage[definition.instructions[number].table.stage]
      var start = 0.0
      // Where changes of setting cost time, each rank runs its instructions in a row.
      if problem.switching != nil, let before = previous[rank] {
        start = finish[before] + switchSeconds(before, number, rank)
      }
      for (before, lag) in zip(graph.predecessors(of: number), graph.lagsSeconds(before: number)) {
        start = max(start, finish[before] + lag)
      }
      finish[number] =
        start + problem.table(of: number).measurements[measurements[number]].timeSeconds * rankFactors[rank]
      last = max(last, finish[number])
      first[rank] = first[rank] ?? number
      previous[rank] = number
    }
    for rank in previous.indices {
      // It is set for the next iteration before this one ends.
      last = max(last, (previous[rank].map { finish[$0] } ?? 0) + switchSeconds(previous[rank], first[rank], rank))
    }
    return last
  }
}

/// How long each rank really worked in one iteration of a plan, beside what the plan says.
///
/// A rank that waits for a slow one lasts as long as that, but does not work longer. So slowness is told by busy times
/// alone: a rank is slow by itself when its own instructions took longer than planned, by more than a tolerance.
package struct BusyTimes: Sendable {
  package struct Rank: Sendable {
    package let plannedSeconds: Double
    package let measuredSeconds: Double
    /// Measured over planned, less 1; negative where it was faster.
    package var slowdownFraction: Double { measuredSeconds / plannedSeconds - 1 }
  }

  package let ranks: [Rank]
  package let toleranceFraction: Double

  /// - Parameter measuredSeconds: one for each rank.
  package init(
    _ measuredSeconds: [Double], of plan: Plan, in characterized: CharacterizedFrontier, toleranceFraction: Double
  ) {
    ranks = zip(characterized.busySeconds(of: plan), measuredSeconds).map {
      Rank(plannedSeconds: $0, measuredSeconds: $1)
    }
    self.toleranceFraction = toleranceFraction
  }

  /// The ranks that are slow by themselves.
  package var slowdownFractions: [Int: Double] {
    var slow: [Int: Double] = [:]
    for (rank, times) in ranks.enumerated() where times.slowdownFraction > toleranceFraction {
      slow[rank] = times.slowdownFraction
    }
    return slow
  }
}
