internal import Basics

/// One option table as the checker reads it: every measurement, efficient or not, with its time in ticks but not
/// rounded.
///
/// Multiplying by a power of two loses nothing, so `ticks` is the measured time exactly.
struct MeasuredTable {
  /// One measurement.
  struct Point {
    let ticks: Double
    /// Effective energy.
    let joules: Double
    /// Energy as measured; always positive.
    let drawnJoules: Double
    /// The ticks that event times are made of.
    var rounded: Int64 { Int64(ticks.rounded()) }
  }

  /// Two hull points, mixed.
  struct Mix {
    let fast: Point
    let slow: Point
    /// How much of the slow point.
    let share: Double
    /// How long the mix lasts when both times are rounded to ticks.
    let wholeTicks: Int64
    /// How much longer it really lasts, in ticks: at most half a tick.
    var roundingTicks: Double {
      (1 - share) * (fast.ticks - Double(fast.rounded)) + share * (slow.ticks - Double(slow.rounded))
    }
    var joules: Double { fast.joules + share * (slow.joules - fast.joules) }
    var drawnJoules: Double { fast.drawnJoules + share * (slow.drawnJoules - fast.drawnJoules) }
  }

  /// Rounding of a sum or product of a few doubles, relative to the largest of them.
  static let rounding = 0x1p-49

  /// The hull's points by rising time.
  let points: [Point]
  /// All measurements.
  private let options: [Point]
  /// What rounding may cost in one comparison of this table's energies.
  let roundingJoules: Double

  init(_ table: OptionTable, ticksPerSecond: Double) {
    let devices = Double(table.deviceCount)
    options = table.measurements.map {
      Point(
        ticks: $0.timeSeconds * ticksPerSecond,
        joules: devices * ($0.energyJoules - table.blockingPowerWatts * $0.timeSeconds),
        drawnJoules: devices * $0.energyJoules)
    }
    let options = options
    points = table.hull.map { options[table.efficient[$0]] }
    let largest = table.measurements.map { $0.energyJoules + table.blockingPowerWatts * $0.timeSeconds }.max() ?? 0
    roundingJoules = Self.rounding * devices * largest
  }

  /// The cheapest mix of neighbouring hull points that lasts at most `ticks`; the fastest point when none does.
  func mix(lasting ticks: Int64) -> Mix {
    // Of points that rounding has made equally long the last is the cheapest.
    let after = points.partitioningIndex { $0.rounded > ticks }
    let fast = points[max(0, after - 1)]
    guard after > 0, after < points.count else {
      return Mix(fast: fast, slow: fast, share: 0, wholeTicks: fast.rounded)
    }
    let slow = points[after]
    let share = Double(ticks - fast.rounded) / Double(slow.rounded - fast.rounded)
    return Mix(fast: fast, slow: slow, share: share, wholeTicks: ticks)
  }

  /// How much a mix costs above the cheapest measurement when a tick costs `joulesPerTick`: 0 for the right mix, never
  /// negative but for rounding.
  func excess(of mix: Mix, joulesPerTick: Double) -> Double {
    var excess = -Double.infinity
    for option in options {
      // Both differences are exact, so a huge price does not magnify a rounding.
      let longer = (1 - mix.share) * (option.ticks - mix.fast.ticks) + mix.share * (option.ticks - mix.slow.ticks)
      excess = max(excess, mix.joules - option.joules - joulesPerTick * longer)
    }
    return excess
  }
}

extension CurveChecker {
  /// Ticks of the longest path when each table's instructions last as long as given.
  static func longestPath(_ problem: IterationProblem, ticksOfTable: (Int) -> Int64) -> Int64 {
    var finish = [Int64](repeating: 0, count: problem.graph.count)
    for instruction in problem.graph.topologicalOrder {
      let lags = problem.graph.lagsSeconds(before: instruction)
      let start =
        zip(problem.graph.predecessors(of: instruction), lags).map { finish[$0] + problem.lagTicks($1) }.max() ?? 0
      finish[instruction] = start + ticksOfTable(problem.tableOfInstruction[instruction])
    }
    return finish.max() ?? 0
  }

  /// For each dependency's arc the ticks that really lie between the instructions that end at its tail and those that
  /// begin at its head, taken from the graph: the least of them, so that what flows there is not credited with more.
  static func arcLags(_ events: EventNetwork, _ problem: IterationProblem) -> [Int64] {
    guard problem.graph.hasLags else { return Array(repeating: 0, count: events.lagsSeconds.count) }
    var least: [[Int]: Int64] = [:]
    for instruction in 0..<problem.graph.count {
      let after = zip(
        problem.graph.successors(of: instruction), problem.graph.lagsSeconds(after: instruction))
      for (successor, lag) in after {
        let ends = [events.heads[instruction], events.tails[successor]]
        least[ends] = min(least[ends] ?? .max, problem.lagTicks(lag))
      }
    }
    return (events.instructionCount..<events.tails.count).map { least[[events.tails[$0], events.heads[$0]]] ?? 0 }
  }

  /// An event where flow could pass from an instruction to one that does not depend on it, or nil when there is none.
  static func eventWithoutDependency(_ events: EventNetwork, _ graph: InstructionGraph) -> Int? {
    var ending = [[Int]](repeating: [], count: events.nodeCount)
    var beginning = [[Int]](repeating: [], count: events.nodeCount)
    for instruction in 0..<graph.count {
      ending[events.heads[instruction]].append(instruction)
      beginning[events.tails[instruction]].append(instruction)
    }
    func unrelated(_ before: Int, _ after: Int) -> Bool {
      ending[before].contains { first in
        beginning[after].contains { !graph.successors(of: first).contains($0) }
      }
    }
    for event in 0..<events.nodeCount where unrelated(event, event) { return event }
    var entered = [Bool](repeating: false, count: events.nodeCount)
    for arc in events.instructionCount..<events.tails.count {
      if unrelated(events.tails[arc], events.heads[arc]) { return events.tails[arc] }
      entered[events.heads[arc]] = true
    }
    // Two dependencies in a row would join instructions that need not depend on each other.
    for arc in events.instructionCount..<events.tails.count where entered[events.tails[arc]] {
      return events.tails[arc]
    }
    return nil
  }
}
