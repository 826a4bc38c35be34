internal import Basics

/// The power of an iteration over time: each instruction draws its mean power while it runs, a rank that runs nothing
/// its blocking power. A step function, whose integral is the iteration's energy.
///
/// The energy of a change of setting counts over its latency; without a latency it has no duration and no power.
/// Within an instruction the power of a real device varies around the mean, so short peaks are higher than these.
public struct PowerProfile: Sendable, Equatable {
  public struct Stretch: Sendable, Equatable {
    public let startSeconds: Double
    /// Watts of all devices, until the next stretch.
    public let powerWatts: Double
  }

  /// By time, the first at 0; power changes from each to the next.
  public let stretches: [Stretch]
  /// The highest power of any stretch.
  public let peakPowerWatts: Double

  /// - Parameters:
  ///   - measurements: for each instruction an index into its table's `measurements`.
  ///   - part: the instructions and the blocking power of some of the ranks; all of them where nil.
  /// - Complexity: O(instructions log instructions + dependencies).
  public init(_ problem: IterationProblem, measurements: [Int], part: Part? = nil) {
    let run = IterationRun(problem, measurements: measurements)
    // Side by side, as to copy a table for each instruction costs ten times the addition.
    let powers = problem.tables.map { table in
      table.measurements.map {
        // What takes no time draws nothing.
        $0.timeSeconds > 0
          ? Double(table.deviceCount) * ($0.energyJoules / $0.timeSeconds - table.blockingPowerWatts) : 0
      }
    }
    var changes: [(ticks: Int64, watts: Double)] = []
    func add(_ watts: Double, from start: Int64, to end: Int64) {
      guard end > start else { return }
      changes.append((start, watts))
      changes.append((end, -watts))
    }
    for instruction in measurements.indices where part?.includes(instruction) ?? true {
      add(
        powers[problem.tableOfInstruction[instruction]][measurements[instruction]],
        from: run.startTicks[instruction], to: run.endTicks[instruction])
    }
    for change in run.switchTicks(problem) where part?.includes(change.after) ?? true {
      add(change.watts, from: change.start, to: change.end)
    }
    changes.sort { $0.ticks < $1.ticks }
    let scale = Double(problem.deviceMultiplicity)
    var watts = part?.waitingPowerWatts ?? problem.waitingPowerWatts
    var (stretches, highest) = ([Stretch](), 0.0)
    var (index, now) = (0, Int64(0))
    while now < run.iterationTicks {
      while index < changes.count, changes[index].ticks == now {
        watts += changes[index].watts
        index += 1
      }
      let power = scale * watts
      highest = max(highest, power)
      if stretches.last?.powerWatts != power {
        stretches.append(Stretch(startSeconds: Double(now) / run.ticksPerSecond, powerWatts: power))
      }
      now = index < changes.count ? changes[index].ticks : run.iterationTicks
    }
    (self.stretches, peakPowerWatts) = (stretches, highest)
  }

  /// Some of a pipeline's ranks.
  public struct Part {
    let includes: (_ instruction: Int) -> Bool
    /// Watts that these ranks draw while they wait, as ``IterationProblem/waitingPowerWatts`` counts devices.
    let waitingPowerWatts: Double

    public init(waitingPowerWatts: Double, includes: @escaping (_ instruction: Int) -> Bool) {
      self.includes = includes
      self.waitingPowerWatts = waitingPowerWatts
    }
  }
}

extension IterationRun {
  /// The changes of setting that take energy and time: after which instruction each is, when, and at which power beyond
  /// the blocking power.
  fileprivate func switchTicks(
    _ problem: IterationProblem
  ) -> [(after: Int, start: Int64, end: Int64, watts: Double)] {
    guard let switching = problem.switching, !switching.isFree else { return [] }
    var changes: [(after: Int, start: Int64, end: Int64, watts: Double)] = []
    for (rank, order) in switching.ranks.enumerated() {
      func change(after instruction: Int, _ seconds: Double) {
        let (start, ticks) = (endTicks[instruction], problem.ticks(seconds))
        if ticks > 0 { changes.append((instruction, start, start + ticks, order.cost.energyJoules / seconds)) }
      }
      for (earlier, later) in zip(order.instructions, order.instructions.dropFirst()) where switchesBefore[later] {
        change(after: earlier, latencySeconds(before: later))
      }
      if switchesAtEnd[rank], let last = order.instructions.last {
        change(after: last, latencySeconds(atEndOf: rank))
      }
    }
    return changes
  }
}
