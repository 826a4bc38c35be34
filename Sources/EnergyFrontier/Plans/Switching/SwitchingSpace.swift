internal import Basics

/// The problem in the form that the search for plans with changes of setting uses: positions as in ``PlanSpace``, but
/// all options of each table, the rank and neighbours of each position, and the cost of a change.
///
/// Dominated options are included: one that is a little worse than another may save two changes.
final class SwitchingSpace: Sendable {
  let base: PlanSpace
  let count: Int
  /// For each position its rank, and the positions before and after it on the rank; -1 where there is none.
  let ranks: [Int]
  let before: [Int]
  let after: [Int]
  /// For each rank its positions in their order.
  let chains: [[Int]]
  /// For each rank ticks of a change, of the longest where that depends on the settings, and joules.
  let latencies: [Int64]
  let switchJoules: [Double]
  /// Ticks of a change between two settings; nil where each takes its rank's `latencies`.
  let pairLatencies: SwitchLatencyTicks?
  /// For each rank how often it may change in an iteration, the change back included.
  let mostSwitches: [Int]
  /// Whether that is less than as often as it likes, on any rank.
  let isRestricted: Bool
  /// `optionStart[p]..<optionEnd[p]` are the options of position p: the first is the fastest.
  let optionStart: [Int]
  let optionEnd: [Int]
  /// Ticks, effective joules and setting of each option.
  let ticks: [Int64]
  let joules: [Double]
  let settings: [Int32]
  /// For each position whose rank goes on where its row begins in `sameSetting`, less the number of its first option.
  private let sameSettingStart: [Int]
  /// For each option the option of the next position on the rank with the same setting; -1 where there is none.
  private let sameSetting: [Int32]
  /// For each table its options by setting.
  private let bySetting: [[(setting: Int32, option: Int32)]]
  private let tables: [Int]

  init(_ problem: IterationProblem, _ switching: Switching, base: PlanSpace) {
    self.base = base
    count = base.count
    var position = [Int](repeating: 0, count: count)
    for (index, instruction) in base.instructions.enumerated() { position[instruction] = index }
    chains = switching.ranks.map { $0.instructions.map { position[$0] } }
    var (ranks, before, after) = (
      [Int](repeating: 0, count: count), [Int](repeating: -1, count: count), [Int](repeating: -1, count: count)
    )
    for (rank, chain) in chains.enumerated() {
      for position in chain { ranks[position] = rank }
      for (earlier, later) in zip(chain, chain.dropFirst()) { (after[earlier], before[later]) = (later, earlier) }
    }
    (self.ranks, self.before, self.after) = (ranks, before, after)
    pairLatencies = SwitchLatencyTicks(problem, switching)
    latencies = pairLatencies?.longest ?? switching.ranks.map { problem.ticks($0.cost.latencySeconds) }
    switchJoules = switching.ranks.map(\.cost.energyJoules)
    // One change cannot be alone.
    mostSwitches = switching.ranks.map { $0.mostSwitches == 1 ? 0 : $0.mostSwitches ?? .max }
    isRestricted = switching.isRestricted

    var (ticks, joules, settings, first) = ([Int64](), [Double](), [Int32](), [0])
    var bySetting: [[(setting: Int32, option: Int32)]] = []
    for (table, ofMeasurement) in zip(problem.tables, switching.settings) {
      var sorted: [(setting: Int32, option: Int32)] = []
      for index in table.options {
        let measurement = table.measurements[index]
        sorted.append((Int32(ofMeasurement[index]), Int32(ticks.count)))
        ticks.append(problem.ticks(measurement.timeSeconds))
        joules.append(table.effectiveJoules(measurement))
        settings.append(Int32(ofMeasurement[index]))
      }
      bySetting.append(sorted.sorted { ($0.setting, $0.option) < ($1.setting, $1.option) })
      first.append(ticks.count)
    }
    let tables = base.instructions.map { problem.tableOfInstruction[$0] }
    optionStart = tables.map { first[$0] }
    optionEnd = tables.map { first[$0 + 1] }
    (self.ticks, self.joules, self.settings, self.bySetting, self.tables) = (ticks, joules, settings, bySetting, tables)
    (sameSettingStart, sameSetting) = Self.sameSettingRows(
      tables, after: after, first: first, settings: settings, bySetting: bySetting)
  }

  /// Ticks of a change of a rank between two settings that differ.
  @inline(__always)
  func latency(_ rank: Int, from: Int32, to: Int32) -> Int64 {
    guard let pairLatencies else { return latencies[rank] }
    return pairLatencies(rank, from, to)
  }

  /// The ticks between the end of `earlier` and the start of `later`, which depends on it with a lag; a change of
  /// setting between the two runs beside the lag.
  @inline(__always)
  func lag(_ lag: Int64, _ earlier: Int, _ later: Int, _ options: UnsafeMutableBufferPointer<Int32>) -> Int64 {
    if before[later] != earlier { return lag }
    let (from, to) = (settings[Int(options[earlier])], settings[Int(options[later])])
    return from == to ? lag : max(lag, latency(ranks[later], from: from, to: to))
  }

  /// The option of the next position on the rank with the same setting, or -1.
  @inline(__always)
  func optionAtSameSetting(as option: Int, at position: Int) -> Int {
    Int(sameSetting[sameSettingStart[position] + option])
  }

  /// The option of a position with a setting, or -1; O(log options).
  func option(of position: Int, setting: Int32) -> Int32 {
    let list = bySetting[tables[position]]
    let index = list.partitioningIndex { $0.setting >= setting }
    return index < list.count && list[index].setting == setting ? list[index].option : -1
  }

  /// Whether the rank changes its setting before `position`.
  @inline(__always)
  func switches(before position: Int, _ options: [Int32]) -> Bool {
    let earlier = before[position]
    return earlier >= 0 && settings[Int(options[earlier])] != settings[Int(options[position])]
  }

  /// Whether a rank changes its setting after its last position.
  func switchesAtEnd(_ rank: Int, _ options: [Int32]) -> Bool {
    guard let first = chains[rank].first, let last = chains[rank].last else { return false }
    return settings[Int(options[first])] != settings[Int(options[last])]
  }

  /// Changes of a rank in an iteration, that at its end included. O(positions of the rank).
  func switchCount(_ rank: Int, _ options: [Int32]) -> Int {
    chains[rank].count { switches(before: $0, options) } + (switchesAtEnd(rank, options) ? 1 : 0)
  }

  /// Whether no rank changes more often than it may. O(positions).
  func allows(_ options: [Int32]) -> Bool {
    !isRestricted || chains.indices.allSatisfy { switchCount($0, options) <= mostSwitches[$0] }
  }

  /// Ticks of the change before `position`; 0 where there is none.
  func latency(before position: Int, _ options: [Int32]) -> Int64 {
    guard switches(before: position, options) else { return 0 }
    return latency(
      ranks[position], from: settings[Int(options[before[position]])], to: settings[Int(options[position])])
  }

  /// Ticks of a rank's change after its last position; 0 where there is none.
  func latencyAtEnd(_ rank: Int, _ options: [Int32]) -> Int64 {
    guard switchesAtEnd(rank, options), let first = chains[rank].first, let last = chains[rank].last else { return 0 }
    return latency(rank, from: settings[Int(options[last])], to: settings[Int(options[first])])
  }

  /// When each position ends, and the last of these ends, in ticks; O(instructions + dependencies).
  func ends(_ options: [Int32]) -> (ends: [Int64], last: Int64) {
    var ends = [Int64](repeating: 0, count: count)
    let last = ends.withUnsafeMutableBufferPointer { ends in
      base.propagate(into: ends, duration: { ticks[Int(options[$0])] }) { dependency, position in
        let (earlier, lag) = (Int(base.predecessors[dependency]), base.predecessorLags[dependency])
        return earlier == before[position] ? max(lag, latency(before: position, options)) : lag
      }
    }
    return (ends, last)
  }

  /// When each position begins; O(instructions + dependencies).
  func starts(_ options: [Int32]) -> [Int64] { zip(ends(options).ends, options).map { $0 - ticks[Int($1)] } }

  /// Iteration time of a plan in ticks and effective joules of one device per rank; changes of setting included,
  /// waiting not.
  ///
  /// - Complexity: O(instructions + dependencies).
  func outcome(_ options: [Int32]) -> (ticks: Int64, joules: Double) {
    let (ends, last) = ends(options)
    var ticks = last
    var joules = 0.0
    for position in 0..<count {
      joules += self.joules[Int(options[position])]
      if switches(before: position, options) { joules += switchJoules[ranks[position]] }
    }
    for rank in chains.indices where switchesAtEnd(rank, options) {
      ticks = max(ticks, ends[chains[rank].last!] + latencyAtEnd(rank, options))
      joules += switchJoules[rank]
    }
    return (ticks, joules)
  }

  /// A plan of the space without switches as one of this space.
  func options(of draft: DraftPlan) -> [Int32] {
    (0..<count).map { Int32(optionStart[$0]) + draft.options[$0] - base.optionStart[$0] }
  }

  /// A plan as each instruction's position among its table's options.
  func choices(of options: [Int32]) -> [UInt16] {
    var choices = [UInt16](repeating: 0, count: count)
    for position in 0..<count {
      choices[base.instructions[position]] = UInt16(Int(options[position]) - optionStart[position])
    }
    return choices
  }

  /// One row for each pair of tables that follow each other on a rank.
  private static func sameSettingRows(
    _ tables: [Int], after: [Int], first: [Int], settings: [Int32],
    bySetting: [[(setting: Int32, option: Int32)]]
  ) -> (start: [Int], sameSetting: [Int32]) {
    struct Pair: Hashable { let earlier, later: Int }
    var (rows, start, sameSetting) = ([Pair: Int](), [Int](repeating: 0, count: tables.count), [Int32]())
    for position in tables.indices where after[position] >= 0 {
      let pair = Pair(earlier: tables[position], later: tables[after[position]])
      let range = first[pair.earlier]..<first[pair.earlier + 1]
      if rows[pair] == nil {
        rows[pair] = sameSetting.count - range.lowerBound
        let list = bySetting[pair.later]
        for option in range {
          let index = list.partitioningIndex { $0.setting >= settings[option] }
          let exists = index < list.count && list[index].setting == settings[option]
          sameSetting.append(exists ? list[index].option : -1)
        }
      }
      start[position] = rows[pair]!
    }
    return (start, sameSetting)
  }
}
