/// A plan with changes of setting and the exact times that follow from it, for trying moves on one rank.
///
/// **Exact and cheap.** A move changes times only from its first to its last position in topological order and after
/// it. So only the ends within that range are recomputed, and every dependency that leaves the range is compared with
/// the longest path after it, which the move does not change.
final class SwitchingTimes {
  private let space: SwitchingSpace
  private let base: PlanSpace
  /// Ticks that the iteration may last.
  private(set) var deadline: Int64 = 0
  /// The option of each position. Behind pointers, which spares the hot loops the run-time checks for exclusive access.
  let options: UnsafeMutableBufferPointer<Int32>
  private let ends: UnsafeMutableBufferPointer<Int64>
  /// Longest path from the end of each position to the iteration's end, changes of setting included, in ticks.
  private let tails: UnsafeMutableBufferPointer<Int64>
  private let trialEnds: UnsafeMutableBufferPointer<Int64>
  /// The options that a move replaces, by index on its rank.
  private let replaced: UnsafeMutableBufferPointer<Int32>
  /// For each rank its changes, where they are restricted.
  private let switchCounts: UnsafeMutableBufferPointer<Int>

  init(_ space: SwitchingSpace) {
    (self.space, base) = (space, space.base)
    options = .allocate(capacity: space.count)
    options.initialize(repeating: 0)
    (ends, tails, trialEnds) = (
      .allocate(capacity: space.count), .allocate(capacity: space.count), .allocate(capacity: space.count)
    )
    for buffer in [ends, tails, trialEnds] { buffer.initialize(repeating: 0) }
    replaced = .allocate(capacity: space.chains.map(\.count).max() ?? 0)
    replaced.initialize(repeating: 0)
    switchCounts = .allocate(capacity: space.chains.count)
    switchCounts.initialize(repeating: 0)
  }

  deinit {
    for buffer in [options, replaced] { buffer.deallocate() }
    for buffer in [ends, tails, trialEnds] { buffer.deallocate() }
    switchCounts.deallocate()
  }

  /// Takes over a plan that keeps the deadline and changes no more often than it may; O(positions + dependencies).
  func load(_ plan: [Int32], deadline: Int64) {
    self.deadline = deadline
    for position in plan.indices { options[position] = plan[position] }
    if space.isRestricted {
      for rank in space.chains.indices { switchCounts[rank] = space.switchCount(rank, plan) }
    }
    settle()
  }

  /// The setting of the instruction at an index on a rank.
  @inline(__always)
  func setting(_ rank: Int, _ index: Int) -> Int32 { space.settings[Int(options[space.chains[rank][index]])] }

  /// Makes a move if the iteration still keeps the deadline, and the rank changes no more often than it may; false
  /// when it does not.
  func apply(_ move: TrialMove) -> Bool {
    let chain = space.chains[move.rank]
    let added = space.isRestricted ? switchesAdded(by: move) : 0
    if added > 0, switchCounts[move.rank] + added > space.mostSwitches[move.rank] { return false }
    let (changedAtEnd, latencyAtEnd) = (switchesAtEnd(move.rank), latencyAtEnd(after: chain[chain.count - 1]))
    for index in move.range {
      replaced[index] = options[chain[index]]
      options[chain[index]] = move[index]
    }
    var last = min(move.range.upperBound + 1, chain.count - 1)
    if !changedAtEnd && switchesAtEnd(move.rank) || self.latencyAtEnd(after: chain[chain.count - 1]) > latencyAtEnd {
      last = chain.count - 1
    }
    if rankFits(move.rank, move.range.lowerBound...last), fits(chain[move.range.lowerBound]...chain[last]) {
      switchCounts[move.rank] += added
      settle()
      return true
    }
    for index in move.range { options[chain[index]] = replaced[index] }
    return false
  }

  /// Joules that a move saves, the changes of setting it adds and removes included.
  func joulesSaved(by move: TrialMove) -> Double {
    let chain = space.chains[move.rank]
    var saved = 0.0
    for index in move.range { saved += space.joules[Int(options[chain[index]])] - space.joules[Int(move[index])] }
    return saved - Double(switchesAdded(by: move)) * space.switchJoules[move.rank]
  }

  /// Changes of setting that a move adds to its rank, less those that it removes.
  private func switchesAdded(by move: TrialMove) -> Int {
    let range = move.range
    let chain = space.chains[move.rank]
    var switches = 0
    func new(_ index: Int) -> Int32 {
      space.settings[Int(range.contains(index) ? move[index] : options[chain[index]])]
    }
    func old(_ index: Int) -> Int32 { space.settings[Int(options[chain[index]])] }
    let last = chain.count - 1
    for index in max(1, range.lowerBound)...max(1, min(last, range.upperBound + 1)) where index <= last {
      if old(index - 1) != old(index) { switches -= 1 }
      if new(index - 1) != new(index) { switches += 1 }
    }
    if range.lowerBound == 0 || range.upperBound == last {
      if old(0) != old(last) { switches -= 1 }
      if new(0) != new(last) { switches += 1 }
    }
    return switches
  }

  /// Recomputes all times.
  private func settle() {
    for position in 0..<space.count {
      var start: Int64 = 0
      for dependency in base.dependencies(before: position) {
        start = max(start, ends[Int(base.predecessors[dependency])] + lag(dependency, before: position))
      }
      ends[position] = start + space.ticks[Int(options[position])]
    }
    for position in (0..<space.count).reversed() {
      var tail = latencyAtEnd(after: position)
      for dependency in base.dependencies(after: position) { tail = max(tail, self.tail(position, dependency)) }
      tails[position] = tail
    }
  }

  @inline(__always)
  private func lag(_ dependency: Int, before position: Int) -> Int64 {
    space.lag(base.predecessorLags[dependency], Int(base.predecessors[dependency]), position, options)
  }

  /// The longest path that begins where `position` ends and leads through one of its successors.
  @inline(__always)
  private func tail(_ position: Int, _ dependency: Int) -> Int64 {
    let later = Int(base.successors[dependency])
    return space.lag(base.successorLags[dependency], position, later, options) + space.ticks[Int(options[later])]
      + tails[later]
  }

  /// Ticks of the change after a rank's last instruction, back to the setting of its first.
  @inline(__always)
  private func latencyAtEnd(after position: Int) -> Int64 {
    let rank = space.ranks[position]
    guard space.after[position] < 0, switchesAtEnd(rank) else { return 0 }
    return space.latency(rank, from: setting(rank, space.chains[rank].count - 1), to: setting(rank, 0))
  }

  @inline(__always)
  private func switchesAtEnd(_ rank: Int) -> Bool { setting(rank, 0) != setting(rank, space.chains[rank].count - 1) }

  /// Whether the rank alone allows the deadline: a cheap necessary test that rejects most moves. Paths through other
  /// ranks count only before and after the range.
  private func rankFits(_ rank: Int, _ range: ClosedRange<Int>) -> Bool {
    let chain = space.chains[rank]
    let (first, last) = (chain[range.lowerBound], chain[range.upperBound])
    var end: Int64 = 0
    for index in range {
      let position = chain[index]
      var start: Int64 = 0
      for dependency in base.dependencies(before: position) {
        let earlier = Int(base.predecessors[dependency])
        if earlier < first {
          start = max(start, ends[earlier] + lag(dependency, before: position))
        } else if earlier == space.before[position] {
          start = max(start, end + lag(dependency, before: position))
        }
      }
      end = start + space.ticks[Int(options[position])]
      for dependency in base.dependencies(after: position) where Int(base.successors[dependency]) > last {
        if end + tail(position, dependency) > deadline { return false }
      }
    }
    return end + latencyAtEnd(after: last) <= deadline
  }

  /// Whether the iteration keeps the deadline when nothing has changed outside a range of positions.
  private func fits(_ range: ClosedRange<Int>) -> Bool {
    for position in range {
      var start: Int64 = 0
      for dependency in base.dependencies(before: position) {
        let earlier = Int(base.predecessors[dependency])
        let end = earlier >= range.lowerBound ? trialEnds[earlier] : ends[earlier]
        start = max(start, end + lag(dependency, before: position))
      }
      let end = start + space.ticks[Int(options[position])]
      trialEnds[position] = end
      if end + latencyAtEnd(after: position) > deadline { return false }
      if end <= ends[position] { continue }
      for dependency in base.dependencies(after: position)
      where Int(base.successors[dependency]) > range.upperBound {
        if end + tail(position, dependency) > deadline { return false }
      }
    }
    return true
  }
}

/// Other options for consecutive instructions of one rank.
///
/// The options live in a buffer that all trial moves of a search share, so a move is valid until the next one is
/// written.
struct TrialMove {
  let rank: Int
  /// Indices on the rank.
  let range: ClosedRange<Int>
  private let options: UnsafeMutableBufferPointer<Int32>

  init(_ rank: Int, _ range: ClosedRange<Int>, in options: UnsafeMutableBufferPointer<Int32>) {
    (self.rank, self.range, self.options) = (rank, range, options)
  }

  /// The option of the instruction at an index on the rank.
  @inline(__always)
  subscript(index: Int) -> Int32 {
    get { options[index] }
    nonmutating set { options[index] = newValue }
  }
}
