/// A plan with the times that follow from it, kept exact while options change one at a time.
///
/// **Notation.** For each position p: `head[p]`, the longest path that ends where p begins; `tail[p]`, the longest path
/// that begins where p ends. The longest path through p is head + duration + tail, so p may become as slow as `deadline
/// - head - tail` and no path is longer than the deadline. Heads and tails include the lags next to p.
///
/// **Lazy update.** A new duration of p changes heads only after p and tails only before it. Two sets hold such stale
/// positions. They are recomputed in topological order, heads upwards and tails downwards, each once; propagation stops
/// where a value stays the same. Before a range of positions is read, only that range is settled: heads up to its end,
/// tails from its beginning. A sweep over the positions thus handles each propagation in a single later pass, and a
/// change costs its surroundings instead of the whole iteration.
///
/// **Undo.** Every change goes to an ``UndoLog``; ``rollBack(to:)`` returns to an earlier point of it. Times that it
/// restores count as stale. This may recompute a value needlessly, but rollback need not track which values were up to
/// date.
final class IncrementalLongestPaths {
  let space: PlanSpace
  /// Ticks that no path may exceed.
  private(set) var deadline: Int64 = 0
  /// Option of each position, as an index into the space's `ticks` and `joules`.
  let options: UnsafeMutableBufferPointer<Int32>
  let durations: UnsafeMutableBufferPointer<Int64>
  let heads: UnsafeMutableBufferPointer<Int64>
  let tails: UnsafeMutableBufferPointer<Int64>
  /// Positions that became faster or slower, or got more slack, since they were last removed from here.
  let changed: PositionBitSet

  /// See ``effectiveJoules``.
  private let joulesSum: UnsafeMutablePointer<Double>
  private let staleHeads: PositionBitSet
  private let staleTails: PositionBitSet
  private let undoLog = UndoLog()

  init(_ space: PlanSpace) {
    self.space = space
    options = .allocate(capacity: space.count)
    durations = .allocate(capacity: space.count)
    heads = .allocate(capacity: space.count)
    tails = .allocate(capacity: space.count)
    options.initialize(repeating: 0)
    for buffer in [durations, heads, tails] { buffer.initialize(repeating: 0) }
    changed = PositionBitSet(count: space.count)
    joulesSum = .allocate(capacity: 1)
    joulesSum.initialize(to: 0)
    staleHeads = PositionBitSet(count: space.count)
    staleTails = PositionBitSet(count: space.count)
  }

  deinit {
    options.deallocate()
    for buffer in [durations, heads, tails] { buffer.deallocate() }
    for set in [changed, staleHeads, staleTails] { set.deallocate() }
    undoLog.deallocate()
    joulesSum.deallocate()
  }

  /// Replaces all options, recomputes all times and marks every position as changed; O(instructions + dependencies).
  func load(_ newOptions: [Int32], deadline: Int64) {
    self.deadline = deadline
    joulesSum.pointee = space.joules(of: newOptions)
    undoLog.removeAll()
    staleHeads.removeAll()
    staleTails.removeAll()
    for position in 0..<space.count {
      options[position] = newOptions[position]
      durations[position] = space.ticks[Int(newOptions[position])]
      heads[position] = head(of: position)
      changed.insert(position)
    }
    for position in (0..<space.count).reversed() { tails[position] = tail(of: position) }
  }

  /// When each position begins and ends if it takes the middle of its room, in ticks and with all times exact;
  /// stretched from the deadline loaded to another.
  func middleTimes(stretchedTo other: Int64) -> (starts: [Int64], ends: [Int64]) {
    // Where times are too far apart for ticks, an iteration may last 0 ticks: then there is nothing to stretch.
    let scale = deadline > 0 ? Double(other) / Double(deadline) : 1
    func stretched(_ ticks: Int64) -> Int64 { Int64((Double(ticks) * scale).rounded()) }
    let starts = (0..<space.count).map { heads[$0] + (deadline - tails[$0] - durations[$0] - heads[$0]) / 2 }
    return (starts.map(stretched), starts.indices.map { stretched(starts[$0] + durations[$0]) })
  }

  /// Lets `position` run with `option`; the times follow when they are settled.
  func set(_ position: Int, to option: Int32) {
    if option == options[position] { return }
    undoLog.append(.option, position, Int64(options[position]))
    joulesSum.pointee += space.joules[Int(option)] - space.joules[Int(options[position])]
    options[position] = option
    durations[position] = space.ticks[Int(option)]
    note(position)
    for after in space.successors(of: position) { staleHeads.insert(Int(after)) }
    for before in space.predecessors(of: position) { staleTails.insert(Int(before)) }
  }

  /// Makes the heads of all positions through `last` and the tails of all positions from `first` exact.
  @inline(__always)
  func settle(from first: Int, through last: Int) {
    while let position = staleHeads.popFirst(through: last) { updateHead(position) }
    while let position = staleTails.popLast(from: first) { updateTail(position) }
  }

  /// Makes all times exact.
  func settleAll() { settle(from: 0, through: space.count - 1) }

  private func note(_ position: Int) {
    if changed.insert(position) { undoLog.append(.noted, position, 0) }
  }

  private func updateHead(_ position: Int) {
    let (old, new) = (heads[position], head(of: position))
    if new == old { return }
    undoLog.append(.head, position, old)
    heads[position] = new
    if new < old { note(position) }
    for after in space.successors(of: position) { staleHeads.insert(Int(after)) }
  }

  private func updateTail(_ position: Int) {
    let (old, new) = (tails[position], tail(of: position))
    if new == old { return }
    undoLog.append(.tail, position, old)
    tails[position] = new
    if new < old { note(position) }
    for before in space.predecessors(of: position) { staleTails.insert(Int(before)) }
  }

  @inline(__always)
  private func head(of position: Int) -> Int64 {
    var latest: Int64 = 0
    for index in Int(space.predecessorStart[position])..<Int(space.predecessorStart[position + 1]) {
      let before = Int(space.predecessors[index])
      latest = max(latest, heads[before] + durations[before] + space.predecessorLags[index])
    }
    return latest
  }

  @inline(__always)
  private func tail(of position: Int) -> Int64 {
    var longest: Int64 = 0
    for index in Int(space.successorStart[position])..<Int(space.successorStart[position + 1]) {
      let after = Int(space.successors[index])
      longest = max(longest, tails[after] + durations[after] + space.successorLags[index])
    }
    return longest
  }

  /// The sum of the options' effective joules, up to the rounding of the changes since ``load(_:deadline:)``.
  var effectiveJoules: Double { joulesSum.pointee }

  /// A point of the undo log to return to.
  var mark: Int { undoLog.count }

  /// Forgets how to undo what was done so far.
  func commit() { undoLog.removeAll() }

  /// Undoes everything after `mark`.
  func rollBack(to mark: Int) {
    while undoLog.count > mark {
      let change = undoLog.removeLast()
      let position = Int(change.position)
      switch change.kind {
      case .option:
        joulesSum.pointee += space.joules[Int(change.old)] - space.joules[Int(options[position])]
        options[position] = Int32(change.old)
        durations[position] = space.ticks[Int(change.old)]
      case .head:
        heads[position] = change.old
        staleHeads.insert(position)
      case .tail:
        tails[position] = change.old
        staleTails.insert(position)
      case .noted: changed.remove(position)
      }
    }
  }
}
