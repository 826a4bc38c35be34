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
  /// Seconds of the change before each instruction, 0 where there is none; empty where no change takes time.
  private let secondsBefore: [Double]
  /// The same of the change after each rank's last instruction.
  private let secondsAtEnd: [Double]
  public let ticksPerSecond: Double

  /// Changes of setting in the iteration, each rank counted as one device.
  public var switchCount: Int { switchesBefore.count { $0 } + switchesAtEnd.count { $0 } }

  /// Seconds that the device's change of setting before an instruction takes; 0 where there is none.
  public func latencySeconds(before instruction: Int) -> Double {
    secondsBefore.isEmpty ? 0 : secondsBefore[instruction]
  }

  /// Seconds that a rank's change of setting after its last instruction takes; 0 where there is none.
  public func latencySeconds(atEndOf rank: Int) -> Double { secondsAtEnd.isEmpty ? 0 : secondsAtEnd[rank] }

  /// - Parameter measurements: for each instruction an index into its table's `measurements`.
  /// - Complexity: O(instructions + dependencies).
  public init(_ problem: IterationProblem, measurements: [Int]) {
    let graph = problem.graph
    precondition(measurements.count == graph.count)
    ticksPerSecond = problem.ticksPerSecond
    let changes = Changes(problem, measurements)
    (switchesBefore, switchesAtEnd) = (changes.before, changes.atEnd)
    (secondsBefore, secondsAtEnd) = (changes.secondsBefore, changes.secondsAtEnd)
    // Side by side, as to copy a table for each instruction costs ten times the addition.
    let ticks = problem.tables.map { $0.measurements.map { problem.ticks($0.timeSeconds) } }
    let times = EarliestTimes(
      problem, durations: { ticks[problem.tableOfInstruction[$0]][measurements[$0]] },
      notBefore: { instruction, ends in
        guard changes.before[instruction], !changes.secondsBefore.isEmpty,
          let before = problem.switching?.before[instruction]
        else { return 0 }
        return ends[before] + problem.ticks(changes.secondsBefore[instruction])
      })
    var latest = times.last
    for (rank, seconds) in changes.secondsAtEnd.enumerated() where changes.atEnd[rank] {
      latest = max(latest, times.ends[problem.switching!.ranks[rank].instructions.last!] + problem.ticks(seconds))
    }
    (startTicks, endTicks, iterationTicks) = (times.starts, times.ends, latest)
  }

  /// For each instruction how many ticks later it may end without making the iteration longer, if nothing else changes.
  ///
  /// Zero on the critical paths. O(instructions + dependencies).
  public func slackTicks(_ problem: IterationProblem) -> [Int64] {
    let graph = problem.graph
    var latestEnds = [Int64](repeating: iterationTicks, count: graph.count)
    for (rank, isSwitching) in switchesAtEnd.enumerated() where isSwitching {
      latestEnds[problem.switching!.ranks[rank].instructions.last!] -= latencyTicks(problem, atEndOf: rank)
    }
    for instruction in graph.topologicalOrder.reversed() {
      let latestStart = latestEnds[instruction] - (endTicks[instruction] - startTicks[instruction])
      for (before, lag) in zip(graph.predecessors(of: instruction), graph.lagsSeconds(before: instruction)) {
        latestEnds[before] = min(latestEnds[before], latestStart - problem.lagTicks(lag))
      }
      if switchesBefore[instruction], let before = problem.switching?.before[instruction] {
        latestEnds[before] = min(latestEnds[before], latestStart - latencyTicks(problem, before: instruction))
      }
    }
    return zip(latestEnds, endTicks).map { $0 - $1 }
  }

  /// The instructions of one longest path, in their order; along a device where there is a choice.
  ///
  /// O(instructions + dependencies).
  public func longestPath(_ problem: IterationProblem) -> [Int] {
    let atEnd = switchesAtEnd.indices.filter { switchesAtEnd[$0] }.first { rank in
      endTicks[problem.switching!.ranks[rank].instructions.last!] + latencyTicks(problem, atEndOf: rank)
        == iterationTicks
    }.flatMap { problem.switching!.ranks[$0].instructions.last }
    guard var instruction = atEnd ?? endTicks.firstIndex(of: iterationTicks) else { return [] }
    var path = [instruction]
    while let before = cause(of: instruction, problem) {
      path.append(before)
      instruction = before
    }
    return path.reversed()
  }

  /// What an instruction waited for; nil where it begins at once.
  private func cause(of instruction: Int, _ problem: IterationProblem) -> Int? {
    let start = startTicks[instruction]
    let own = problem.switching?.before[instruction]
    if let own, switchesBefore[instruction],
      endTicks[own] + latencyTicks(problem, before: instruction) == start
    {
      return own
    }
    let graph = problem.graph
    let causes = zip(graph.predecessors(of: instruction), graph.lagsSeconds(before: instruction))
      .filter { endTicks[$0] + problem.lagTicks($1) == start }.map(\.0)
    return causes.first { $0 == own } ?? causes.first
  }

  func latencyTicks(_ problem: IterationProblem, before instruction: Int) -> Int64 {
    problem.ticks(latencySeconds(before: instruction))
  }

  func latencyTicks(_ problem: IterationProblem, atEndOf rank: Int) -> Int64 {
    problem.ticks(latencySeconds(atEndOf: rank))
  }

  /// Where settings change, and how long that takes.
  private struct Changes {
    var before: [Bool]
    var atEnd: [Bool] = []
    var secondsBefore: [Double] = []
    var secondsAtEnd: [Double] = []

    init(_ problem: IterationProblem, _ measurements: [Int]) {
      before = [Bool](repeating: false, count: problem.graph.count)
      guard let switching = problem.switching else { return }
      func setting(_ instruction: Int) -> Int {
        switching.settings[problem.tableOfInstruction[instruction]][measurements[instruction]]
      }
      let takesTime = !switching.isFree
      if takesTime { secondsBefore = Array(repeating: 0, count: problem.graph.count) }
      for (index, rank) in switching.ranks.enumerated() {
        for (earlier, later) in zip(rank.instructions, rank.instructions.dropFirst()) {
          let (from, to) = (setting(earlier), setting(later))
          before[later] = from != to
          if takesTime { secondsBefore[later] = switching.latencySeconds(index, from: from, to: to) }
        }
        guard let first = rank.instructions.first, let last = rank.instructions.last else {
          atEnd.append(false)
          if takesTime { secondsAtEnd.append(0) }
          continue
        }
        let (from, to) = (setting(last), setting(first))
        atEnd.append(from != to)
        if takesTime { secondsAtEnd.append(switching.latencySeconds(index, from: from, to: to)) }
      }
    }
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
