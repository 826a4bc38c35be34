/// What changing a device's setting, usually its clock, costs each time.
public struct SwitchCost: Sendable, Equatable {
  /// Seconds from the end of one instruction until the next may begin at another setting; where ``SwitchLatencies``
  /// are given, what differs beside their knobs takes this.
  public let latencySeconds: Double
  /// Joules that a change takes beyond the blocking power, which the device draws meanwhile as in any other wait.
  public let energyJoules: Double

  public init(latencySeconds: Double, energyJoules: Double) {
    self.latencySeconds = latencySeconds
    self.energyJoules = energyJoules
  }

  /// Settings change at once and for nothing.
  public static let free = SwitchCost(latencySeconds: 0, energyJoules: 0)
}

/// In which order each device runs its instructions, at which settings they can run, and what a change of setting
/// costs.
///
/// **Within an iteration** a device changes its setting right after an instruction whose successor on the device has
/// another. The successor begins at the earliest when the latency is over; if it waits for another device as long
/// anyway, the latency costs no time.
///
/// **Between iterations** a device whose last instruction has another setting than its first one changes it right after
/// the last, and the iteration ends when every device is set for the next one. So iterations of one plan follow each
/// other without a gap, each as long as reported.
///
/// **Energy.** During the latency the device waits and draws its blocking power, which the iteration's waiting power
/// counts already; the energy of a change comes on top, once for each device behind the rank.
public struct Switching: Sendable, Equatable {
  /// One device of the pipeline.
  public struct Rank: Sendable, Equatable {
    /// Its instructions, in their order.
    public let instructions: [Int]
    public let cost: SwitchCost
    /// How often it may change its setting in an iteration, the change back to the first setting included; nil where
    /// it may as often as it likes. One change cannot be alone, so 1 is as good as 0.
    public let mostSwitches: Int?

    public init(instructions: [Int], cost: SwitchCost, mostSwitches: Int? = nil) {
      self.instructions = instructions
      self.cost = cost
      self.mostSwitches = mostSwitches
    }
  }

  public let ranks: [Rank]
  /// What changes take where that depends on the settings; nil where each takes its rank's ``SwitchCost``.
  public let latencies: SwitchLatencies?
  /// For each table and each of its measurements a number of the setting it was made at; equal settings, equal numbers.
  public let settings: [[Int]]
  /// For each instruction its rank.
  let rankOfInstruction: [Int]
  /// For each instruction the one before it on its rank; nil for the first.
  let before: [Int?]

  /// - Parameter latencies: of the settings that `settings` numbers.
  /// - Throws: ``FrontierError/invalidSwitchCost(rank:value:)`` for a cost that is negative or beyond
  ///   ``Measurement/acceptedRange``; ``FrontierError/unorderedRank(before:after:)`` when the graph lets an instruction
  ///   run before the one listed before it: there must be a dependency from each to the next.
  public init(
    ranks: [Rank], settings: [[Int]], latencies: SwitchLatencies? = nil, graph: InstructionGraph
  ) throws(FrontierError) {
    if let latencies { precondition(settings.joined().allSatisfy { 0..<latencies.settingCount ~= $0 }) }
    var rankOfInstruction = [Int](repeating: -1, count: graph.count)
    var before = [Int?](repeating: nil, count: graph.count)
    for (index, rank) in ranks.enumerated() {
      for value in [rank.cost.latencySeconds, rank.cost.energyJoules] {
        guard value >= 0, value <= Measurement.acceptedRange.upperBound else {
          throw .invalidSwitchCost(rank: index, value: value)
        }
      }
      for (place, instruction) in rank.instructions.enumerated() {
        rankOfInstruction[instruction] = index
        guard place > 0 else { continue }
        let earlier = rank.instructions[place - 1]
        guard graph.predecessors(of: instruction).contains(earlier) else {
          throw .unorderedRank(before: earlier, after: instruction)
        }
        before[instruction] = earlier
      }
    }
    precondition(!rankOfInstruction.contains(-1), "each instruction runs on a rank")
    self.ranks = ranks
    self.settings = settings
    self.latencies = latencies
    self.rankOfInstruction = rankOfInstruction
    self.before = before
  }

  /// Whether no change costs anything.
  public var isFree: Bool { ranks.allSatisfy { $0.cost == .free } && latencies?.isFree ?? true }

  /// Whether a rank may not change as often as it likes.
  public var isRestricted: Bool { ranks.contains { $0.mostSwitches != nil } }

  /// Whether plans must be made with changes in mind.
  public var affectsPlans: Bool { !isFree || isRestricted }

  /// Seconds that a rank needs from one setting to another; 0 where they are equal. O(knobs).
  func latencySeconds(_ rank: Int, from: Int, to: Int) -> Double {
    if from == to { return 0 }
    let cost = ranks[rank].cost.latencySeconds
    return latencies?.seconds(from: from, to: to, other: cost) ?? cost
  }

  /// Where changes take time: for each instruction before which one is the instruction it follows and the seconds, and
  /// the seconds after the last instruction of each rank that changes back. O(instructions).
  public func latenciesSeconds(in run: IterationRun) -> (before: [Int: (Int, Double)], after: [Int: Double]) {
    var (before, after): ([Int: (Int, Double)], [Int: Double]) = ([:], [:])
    for (index, rank) in ranks.enumerated() {
      for (earlier, later) in zip(rank.instructions, rank.instructions.dropFirst()) where run.switchesBefore[later] {
        before[later] = (earlier, run.latencySeconds(before: later))
      }
      if run.switchesAtEnd[index], let last = rank.instructions.last {
        after[last] = run.latencySeconds(atEndOf: index)
      }
    }
    return (before, after)
  }

  /// Joules that the changes of an iteration take, of one device for each rank.
  func energyJoules(of run: IterationRun) -> Double {
    var counts = run.switchesAtEnd.map { $0 ? 1 : 0 }
    for (instruction, isSwitching) in run.switchesBefore.enumerated() where isSwitching {
      counts[rankOfInstruction[instruction]] += 1
    }
    return zip(ranks, counts).reduce(0) { $0 + Double($1.1) * $1.0.cost.energyJoules }
  }

  /// No sum of latencies in an iteration is longer than this.
  var longestLatencySeconds: Double {
    ranks.reduce(0) {
      let longest = latencies?.longestSeconds(other: $1.cost.latencySeconds) ?? $1.cost.latencySeconds
      return $0 + Double($1.instructions.count) * longest
    }
  }
}
