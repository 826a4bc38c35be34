/// An iteration as it runs with a given measurement of each instruction: when each begins and ends, and where settings
/// change.
///
/// In ticks, which add up exactly, so that paths of equal length are equal.
public struct IterationRun: Sendable, Equatable {
  /// The earliest start of each instruction.
  public let startTicks: [Int64]
  public let endTicks: [Int64]
  /// From the iteration's begin until the last instruction has ended and each device is set for the next iteration.
  public let iterationTicks: Int64
  /// Whether the device changes its setting before an instruction; where settings are not known, never.
  public let switchesBefore: [Bool]
  /// For each rank whether it changes its setting after its last instruction, back to that of the first.
  public let switchesAtEnd: [Bool]
  public let ticksPerSecond: Double

  /// Changes of setting in the iteration, each rank counted as one device.
  public var switchCount: Int { switchesBefore.count { $0 } + switchesAtEnd.count { $0 } }

  /// - Parameter measurements: for each instruction an index into its table's `measurements`.
  /// - Complexity: O(instructions + dependencies).
  public init(_ problem: IterationProblem, measurements: [Int]) {
    let graph = problem.graph
    precondition(measurements.count == graph.count)
    ticksPerSecond = problem.ticksPerSecond
    let switches = Self.switches(problem, measurements)
    (switchesBefore, switchesAtEnd) = switches
    let latencies = problem.latencyTicks
    // Side by side, as to copy a table for each instruction costs ten times the addition.
    let ticks = problem.tables.map { $0.measurements.map { problem.ticks($0.timeSeconds) } }
    let times = EarliestTimes(
      problem, durations: { ticks[problem.tableOfInstruction[$0]][measurements[$0]] },
      notBefore: { instruction, ends in
        guard let switching = problem.switching, switches.before[instruction],
          let before = switching.before[instruction]
        else { return 0 }
        return ends[before] + latencies[switching.rankOfInstruction[instruction]]
      })
    var latest = times.last
    for (rank, isSwitching) in switches.atEnd.enumerated() where isSwitching {
      latest = max(latest, times.ends[problem.switching!.ranks[rank].instructions.last!] + latencies[rank])
    }
    (startTicks, endTicks, iterationTicks) = (times.starts, times.ends, latest)
  }

  /// For each instruction how many ticks later it may end without making the iteration longer, if nothing else changes.
  ///
  /// Zero on the critical paths. O(instructions + dependencies).
  public func slackTicks(_ problem: IterationProblem) -> [Int64] {
    let graph = problem.graph
    let latencies = problem.latencyTicks
    var latestEnds = [Int64](repeating: iterationTicks, count: graph.count)
    for (rank, isSwitching) in switchesAtEnd.enumerated() where isSwitching {
      latestEnds[problem.switching!.ranks[rank].instructions.last!] -= latencies[rank]
    }
    for instruction in graph.topologicalOrder.reversed() {
      let latestStart = latestEnds[instruction] - (endTicks[instruction] - startTicks[instruction])
      for (before, lag) in zip(graph.predecessors(of: instruction), graph.lagsSeconds(before: instruction)) {
        latestEnds[before] = min(latestEnds[before], latestStart - problem.lagTicks(lag))
      }
      if let switching = problem.switching, switchesBefore[instruction], let before = switching.before[instruction] {
        let latency = latencies[switching.rankOfInstruction[instruction]]
        latestEnds[before] = min(latestEnds[before], latestStart - latency)
      }
    }
    return zip(latestEnds, endTicks).map { $0 - $1 }
  }

  /// The instructions of one longest path, in their order; along a device where there is a choice.
  ///
  /// O(instructions + dependencies).
  public func longestPath(_ problem: IterationProblem) -> [Int] {
    let latencies = problem.latencyTicks
    let atEnd = switchesAtEnd.indices.filter { switchesAtEnd[$0] }.first { rank in
      endTicks[problem.switching!.ranks[rank].instructions.last!] + latencies[rank] == iterationTicks
    }.flatMap { problem.switching!.ranks[$0].instructions.last }
    guard var instruction = atEnd ?? endTicks.firstIndex(of: iterationTicks) else { return [] }
    var path = [instruction]
    while let before = cause(of: instruction, problem, latencies) {
      path.append(before)
      instruction = before
    }
    return path.reversed()
  }

  /// What an instruction waited for; nil where it begins at once.
  private func cause(of instruction: Int, _ problem: IterationProblem, _ latencies: [Int64]) -> Int? {
    let start = startTicks[instruction]
    let own = problem.switching?.before[instruction]
    if let own, let switching = problem.switching, switchesBefore[instruction],
      endTicks[own] + latencies[switching.rankOfInstruction[instruction]] == start
    {
      return own
    }
    let graph = problem.graph
    let causes = zip(graph.predecessors(of: instruction), graph.lagsSeconds(before: instruction))
      .filter { endTicks[$0] + problem.lagTicks($1) == start }.map(\.0)
    return causes.first { $0 == own } ?? causes.first
  }

  private static func switches(
    _ problem: IterationProblem, _ measurements: [Int]
  ) -> (before: [Bool], atEnd: [Bool]) {
    var before = [Bool](repeating: false, count: problem.graph.count)
    guard let switching = problem.switching else { return (before, []) }
    func setting(_ instruction: Int) -> Int {
      switching.settings[problem.tableOfInstruction[instruction]][measurements[instruction]]
    }
    var atEnd: [Bool] = []
    for rank in switching.ranks {
      for (earlier, later) in zip(rank.instructions, rank.instructions.dropFirst()) {
        before[later] = setting(earlier) != setting(later)
      }
      atEnd.append(
        rank.instructions.isEmpty ? false : setting(rank.instructions[0]) != setting(rank.instructions.last!))
    }
    return (before, atEnd)
  }
}

extension IterationProblem {
  /// Changes of setting of a plan, each rank counted as one device; 0 where settings are not known. O(instructions).
  public func switchCount(ofChoices choices: [UInt16]) -> Int {
    guard let switching else { return 0 }
    func setting(_ instruction: Int) -> Int {
      let measurement = table(of: instruction).options[Int(choices[instruction])]
      return switching.settings[tableOfInstruction[instruction]][measurement]
    }
    var count = 0
    for rank in switching.ranks {
      // The last precedes the first of the next iteration.
      var earlier = rank.instructions.last
      for instruction in rank.instructions {
        if let earlier, setting(earlier) != setting(instruction) { count += 1 }
        earlier = instruction
      }
    }
    return count
  }
}
