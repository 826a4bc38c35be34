/// The problem as the search for plans with switches walks it: places as in ``PlanSpace``, but all options of each table, the
/// rank and neighbours of each place, and what a change costs.
///
/// Dominated options count too: one that is a little worse than another may spare two changes.
final class SwitchingSpace {
  let base: PlanSpace
  let count: Int
  /// For each place its rank, and the places before and after it on the rank; -1 where there is none.
  let ranks: [Int]
  let before: [Int]
  let after: [Int]
  /// For each rank its places in their order.
  let chains: [[Int]]
  /// For each rank ticks and joules of a change.
  let latencies: [Int64]
  let switchJoules: [Double]
  /// `optionStart[p]..<optionEnd[p]` are the options of place p: the first is the fastest.
  let optionStart: [Int]
  let optionEnd: [Int]
  /// Ticks, effective joules and setting of each option.
  let ticks: [Int64]
  let joules: [Double]
  let settings: [Int32]
  /// For each place whose rank goes on where its row begins in `twins`, less the number of its first option.
  private let twinStart: [Int]
  /// For each option the option of the next place on the rank with the same setting; -1 where there is none.
  private let twins: [Int32]
  /// For each table its options by setting.
  private let bySetting: [[(setting: Int32, option: Int32)]]
  private let tables: [Int]

  init(_ problem: IterationProblem, _ switching: Switching, base: PlanSpace) {
    self.base = base
    count = base.count
    var place = [Int](repeating: 0, count: count)
    for (index, instruction) in base.instructions.enumerated() { place[instruction] = index }
    chains = switching.ranks.map { $0.instructions.map { place[$0] } }
    var (ranks, before, after) = (
      [Int](repeating: 0, count: count), [Int](repeating: -1, count: count), [Int](repeating: -1, count: count)
    )
    for (rank, chain) in chains.enumerated() {
      for place in chain { ranks[place] = rank }
      for (earlier, later) in zip(chain, chain.dropFirst()) { (after[earlier], before[later]) = (later, earlier) }
    }
    (self.ranks, self.before, self.after) = (ranks, before, after)
    latencies = problem.latencyTicks
    switchJoules = switching.ranks.map(\.cost.energyJoules)

    var (ticks, joules, settings, first) = ([Int64](), [Double](), [Int32](), [0])
    var bySetting: [[(setting: Int32, option: Int32)]] = []
    for (table, ofMeasurement) in zip(problem.tables, switching.settings) {
      var sorted: [(setting: Int32, option: Int32)] = []
      for index in table.options {
        let measurement = table.measurements[index]
        sorted.append((Int32(ofMeasurement[index]), Int32(ticks.count)))
        ticks.append(problem.ticks(measurement.timeSeconds))
        joules.append(measurement.energyJoules - table.blockingPowerWatts * measurement.timeSeconds)
        settings.append(Int32(ofMeasurement[index]))
      }
      bySetting.append(sorted.sorted { ($0.setting, $0.option) < ($1.setting, $1.option) })
      first.append(ticks.count)
    }
    let tables = base.instructions.map { problem.tableOfInstruction[$0] }
    optionStart = tables.map { first[$0] }
    optionEnd = tables.map { first[$0 + 1] }
    (self.ticks, self.joules, self.settings, self.bySetting, self.tables) = (ticks, joules, settings, bySetting, tables)
    (twinStart, twins) = Self.twins(tables, after: after, first: first, settings: settings, bySetting: bySetting)
  }

  /// The ticks that must pass between the end of a predecessor and the begin of `place`.
  ///
  /// - Parameter dependency: an index into ``PlanSpace/predecessors``.
  @inline(__always)
  func lag(_ dependency: Int, before place: Int, _ options: UnsafeMutableBufferPointer<Int32>) -> Int64 {
    let earlier = Int(base.predecessors[dependency])
    return lag(base.predecessorLags[dependency], earlier, place, options)
  }

  /// The ticks between two places next to each other whose dependency has a lag, a change of setting included.
  @inline(__always)
  func lag(_ lag: Int64, _ earlier: Int, _ later: Int, _ options: UnsafeMutableBufferPointer<Int32>) -> Int64 {
    before[later] == earlier && settings[Int(options[earlier])] != settings[Int(options[later])]
      ? max(lag, latencies[ranks[later]]) : lag
  }

  /// What follows from the options of a plan.
  struct Outcome {
    var ticks: Int64
    /// Effective joules of one device per rank, changes included, waiting not.
    var joules: Double
    var switchCount: Int
  }

  /// The option of the next place on the rank with the same setting, or -1.
  @inline(__always)
  func twin(of option: Int, at place: Int) -> Int { Int(twins[twinStart[place] + option]) }

  /// The option of a place with a setting, or -1; O(log options).
  func option(of place: Int, setting: Int32) -> Int32 {
    let list = bySetting[tables[place]]
    let index = list.partitionIndex { $0.setting >= setting }
    return index < list.count && list[index].setting == setting ? list[index].option : -1
  }

  /// Whether the rank changes its setting before `place`.
  @inline(__always)
  func switches(before place: Int, _ options: [Int32]) -> Bool {
    let earlier = before[place]
    return earlier >= 0 && settings[Int(options[earlier])] != settings[Int(options[place])]
  }

  /// Whether a rank changes its setting after its last place.
  func switchesAtEnd(_ rank: Int, _ options: [Int32]) -> Bool {
    guard let first = chains[rank].first, let last = chains[rank].last else { return false }
    return settings[Int(options[first])] != settings[Int(options[last])]
  }

  /// When each place ends; O(instructions + dependencies).
  private func ends(_ options: [Int32]) -> [Int64] {
    var ends = [Int64](repeating: 0, count: count)
    for place in 0..<count {
      var start: Int64 = 0
      for (earlier, lag) in zip(base.predecessors(of: place), base.predecessorLags(of: place)) {
        start = max(start, ends[Int(earlier)] + lag)
      }
      if switches(before: place, options) { start = max(start, ends[before[place]] + latencies[ranks[place]]) }
      ends[place] = start + ticks[Int(options[place])]
    }
    return ends
  }

  /// When each place begins; O(instructions + dependencies).
  func starts(_ options: [Int32]) -> [Int64] { zip(ends(options), options).map { $0 - ticks[Int($1)] } }

  /// Time, energy and changes of a plan; O(instructions + dependencies).
  func outcome(_ options: [Int32]) -> Outcome {
    let ends = ends(options)
    var outcome = Outcome(ticks: ends.max() ?? 0, joules: 0, switchCount: 0)
    for place in 0..<count {
      outcome.joules += joules[Int(options[place])]
      if switches(before: place, options) {
        outcome.joules += switchJoules[ranks[place]]
        outcome.switchCount += 1
      }
    }
    for rank in chains.indices where switchesAtEnd(rank, options) {
      outcome.ticks = max(outcome.ticks, ends[chains[rank].last!] + latencies[rank])
      outcome.joules += switchJoules[rank]
      outcome.switchCount += 1
    }
    return outcome
  }

  /// A plan of the space without switches as one of this space.
  func options(of draft: DraftPlan) -> [Int32] {
    (0..<count).map { Int32(optionStart[$0]) + draft.options[$0] - base.optionStart[$0] }
  }

  /// A plan as each instruction's position among its table's options.
  func choices(of options: [Int32]) -> [UInt16] {
    var choices = [UInt16](repeating: 0, count: count)
    for place in 0..<count { choices[base.instructions[place]] = UInt16(Int(options[place]) - optionStart[place]) }
    return choices
  }

  /// One row for each pair of tables that follow each other on a rank.
  private static func twins(
    _ tables: [Int], after: [Int], first: [Int], settings: [Int32],
    bySetting: [[(setting: Int32, option: Int32)]]
  ) -> (start: [Int], twins: [Int32]) {
    struct Pair: Hashable { let earlier, later: Int }
    var (rows, start, twins) = ([Pair: Int](), [Int](repeating: 0, count: tables.count), [Int32]())
    for place in tables.indices where after[place] >= 0 {
      let pair = Pair(earlier: tables[place], later: tables[after[place]])
      let range = first[pair.earlier]..<first[pair.earlier + 1]
      if rows[pair] == nil {
        rows[pair] = twins.count - range.lowerBound
        let list = bySetting[pair.later]
        for option in range {
          let index = list.partitionIndex { $0.setting >= settings[option] }
          let isTwin = index < list.count && list[index].setting == settings[option]
          twins.append(isTwin ? list[index].option : -1)
        }
      }
      start[place] = rows[pair]!
    }
    return (start, twins)
  }
}
