internal import Basics

/// Lowers the energy of a plan with switches without letting the iteration exceed a deadline.
///
/// **Moves.** A *run* is a stretch of a rank at one setting; a *track* is the same among the rank's instructions of one table
/// only, since where changes are cheap a rank alternates between two settings. A move gives a whole run or track another setting,
/// extends one into its neighbour by 1, 2, 4, ... instructions, or changes a single instruction. Each is weighed with the
/// changes of setting that it brings and spares, and with exact longest paths.
///
/// **Exact and cheap.** A move changes times only from its first to its last place in topological order and behind
/// them. So the ends within that range are computed anew, and every dependency that leads out of it is held against the
/// longest path behind, which is as it was.
///
/// **Why it stops.** Energy falls with each move by at least ``LocalSearch/leastGain``, and a third sweep over all places gains
/// next to nothing.
final class RunSearch {
  private let space: SwitchingSpace
  private let base: PlanSpace
  private var deadline: Int64 = 0
  // Behind pointers, which spares the hot loops the run-time checks for exclusive access.
  private let options: UnsafeMutableBufferPointer<Int32>
  private let ends: UnsafeMutableBufferPointer<Int64>
  /// Longest path behind each place to the iteration's end, changes included, in ticks.
  private let tails: UnsafeMutableBufferPointer<Int64>
  private let trialEnds: UnsafeMutableBufferPointer<Int64>
  /// For each position of the rank in hand the option proposed.
  private let proposal: UnsafeMutableBufferPointer<Int32>
  private let saved: UnsafeMutableBufferPointer<Int32>
  /// For each place the places of its table before and after it on the rank; -1 where there is none.
  private let trackBefore: [Int]
  private let trackAfter: [Int]
  /// For each place its position on its rank.
  private let positions: [Int]

  init(_ space: SwitchingSpace) {
    (self.space, base) = (space, space.base)
    let longest = space.chains.map(\.count).max() ?? 0
    options = .allocate(capacity: space.count)
    options.initialize(repeating: 0)
    (ends, tails, trialEnds) = (
      .allocate(capacity: space.count), .allocate(capacity: space.count), .allocate(capacity: space.count)
    )
    for buffer in [ends, tails, trialEnds] { buffer.initialize(repeating: 0) }
    (proposal, saved) = (.allocate(capacity: longest), .allocate(capacity: longest))
    for buffer in [proposal, saved] { buffer.initialize(repeating: 0) }
    var (trackBefore, trackAfter, positions) = (
      [Int](repeating: -1, count: space.count), [Int](repeating: -1, count: space.count),
      [Int](repeating: 0, count: space.count)
    )
    for chain in space.chains {
      var latest: [Int: Int] = [:]
      for (position, place) in chain.enumerated() {
        positions[place] = position
        if let earlier = latest[space.optionStart[place]] {
          trackBefore[place] = earlier
          trackAfter[earlier] = place
        }
        latest[space.optionStart[place]] = place
      }
    }
    (self.trackBefore, self.trackAfter, self.positions) = (trackBefore, trackAfter, positions)
  }

  deinit {
    for buffer in [options, proposal, saved] { buffer.deallocate() }
    for buffer in [ends, tails, trialEnds] { buffer.deallocate() }
  }

  private static let mostSweeps = 2

  /// Improves `plan` as long as moves help.
  ///
  /// - Parameter deadline: ticks that the iteration keeps to, as it must to begin with.
  /// - Throws: ``FrontierError/cancelled``.
  func improved(
    _ plan: [Int32], deadline: Int64, _ progress: ProgressHandle
  ) throws(FrontierError) -> SwitchingDraft {
    self.deadline = deadline
    for place in plan.indices { options[place] = plan[place] }
    settle()
    var hasChanged = true
    var sweeps = 0
    while hasChanged && sweeps < Self.mostSweeps {
      sweeps += 1
      hasChanged = false
      for rank in space.chains.indices {
        var position = 0
        while position < space.chains[rank].count {
          try progress.check()
          while moveSomething(rank, position) { hasChanged = true }
          position += 1
        }
      }
    }
    return SwitchingDraft(Array(options), in: space)
  }

  /// Computes all times anew.
  private func settle() {
    for place in 0..<space.count { ends[place] = end(of: place) }
    for place in (0..<space.count).reversed() {
      var tail = wrap(after: place)
      for dependency in leaving(place) { tail = max(tail, self.tail(place, dependency)) }
      tails[place] = tail
    }
  }

  @inline(__always)
  private func end(of place: Int) -> Int64 {
    var start: Int64 = 0
    for dependency in entering(place) {
      start = max(start, ends[Int(base.predecessors[dependency])] + space.lag(dependency, before: place, options))
    }
    return start + space.ticks[Int(options[place])]
  }

  /// The dependencies before and behind a place, as indices into the base's lists.
  @inline(__always)
  private func entering(_ place: Int) -> Range<Int> {
    Int(base.predecessorStart[place])..<Int(base.predecessorStart[place + 1])
  }

  @inline(__always)
  private func leaving(_ place: Int) -> Range<Int> {
    Int(base.successorStart[place])..<Int(base.successorStart[place + 1])
  }

  /// The longest path that begins where `place` ends and goes by way of one of its successors.
  @inline(__always)
  private func tail(_ place: Int, _ dependency: Int) -> Int64 {
    let later = Int(base.successors[dependency])
    return space.lag(base.successorLags[dependency], place, later, options) + space.ticks[Int(options[later])]
      + tails[later]
  }

  @inline(__always)
  private func wrap(after place: Int) -> Int64 {
    let rank = space.ranks[place]
    return space.after[place] < 0 && switchesAtEnd(rank) ? space.latencies[rank] : 0
  }

  @inline(__always)
  private func switchesAtEnd(_ rank: Int) -> Bool { setting(rank, 0) != setting(rank, space.chains[rank].count - 1) }

  @inline(__always)
  private func setting(_ rank: Int, _ position: Int) -> Int32 {
    space.settings[Int(options[space.chains[rank][position]])]
  }

  /// Makes one move around a position of a rank; false when none lowers the energy.
  private func moveSomething(_ rank: Int, _ position: Int) -> Bool {
    let chain = space.chains[rank]
    let place = chain[position]
    let own = options[place]
    let before = trackBefore[place]
    if changeOne(rank, position) { return true }
    if position == 0 || setting(rank, position - 1) != setting(rank, position) {
      var end = position
      while end + 1 < chain.count && setting(rank, end + 1) == setting(rank, position) { end += 1 }
      if end > position && changeRun(rank, position...end) { return true }
      if position > 0 {
        if extend(rank, setting(rank, position - 1), from: position, by: 1) { return true }
        if extend(rank, setting(rank, position), from: position - 1, by: -1) { return true }
      }
    }
    if before < 0 || options[before] != own {
      if changeTrack(rank, place) { return true }
      if before >= 0 {
        if extendTrack(rank, options[before], from: place, next: trackAfter) { return true }
        if extendTrack(rank, own, from: before, next: trackBefore) { return true }
      }
    }
    return false
  }

  /// Gives one instruction the option that saves most and fits.
  private func changeOne(_ rank: Int, _ position: Int) -> Bool {
    let place = space.chains[rank][position]
    return tryBest(rank, position...position, of: place) { option in
      self.proposal[position] = option
      return true
    }
  }

  /// Gives a run the setting that saves most and fits.
  private func changeRun(_ rank: Int, _ run: ClosedRange<Int>) -> Bool {
    let chain = space.chains[rank]
    return tryBest(rank, run, of: chain[run.lowerBound]) { option in
      let setting = self.space.settings[Int(option)]
      for position in run {
        let choice = self.space.option(of: chain[position], setting: setting)
        if choice < 0 { return false }
        self.proposal[position] = choice
      }
      return true
    }
  }

  /// Gives a track that begins at `place` the option that saves most and fits.
  private func changeTrack(_ rank: Int, _ place: Int) -> Bool {
    let own = options[place]
    var last = place
    while trackAfter[last] >= 0 && options[trackAfter[last]] == own { last = trackAfter[last] }
    if last == place { return false }
    let chain = space.chains[rank]
    let range = positions[place]...positions[last]
    let table = space.optionStart[place]
    return tryBest(rank, range, of: place) { option in
      for position in range {
        let other = chain[position]
        self.proposal[position] = self.space.optionStart[other] == table ? option : self.options[other]
      }
      return true
    }
  }

  /// Carries a setting on over its neighbours, from a position forwards or backwards, as far as it saves most.
  private func extend(_ rank: Int, _ setting: Int32, from start: Int, by direction: Int) -> Bool {
    let chain = space.chains[rank]
    var length = 1
    while true {
      let far = start + direction * (length - 1)
      if far < 0 || far >= chain.count { return false }
      let range = min(start, far)...max(start, far)
      for position in range {
        let choice = space.option(of: chain[position], setting: setting)
        if choice < 0 { return false }
        proposal[position] = choice
      }
      if apply(rank, range) { return true }
      length *= 2
    }
  }

  /// Carries an option on over the instructions of its table.
  private func extendTrack(_ rank: Int, _ option: Int32, from start: Int, next: [Int]) -> Bool {
    let chain = space.chains[rank]
    let table = space.optionStart[start]
    var (far, length, target) = (start, 1, 1)
    while true {
      while length < target && next[far] >= 0 {
        far = next[far]
        length += 1
      }
      let range = min(positions[start], positions[far])...max(positions[start], positions[far])
      for position in range {
        let other = chain[position]
        proposal[position] = space.optionStart[other] == table ? option : options[other]
      }
      if apply(rank, range) { return true }
      if length < target || next[far] < 0 { return false }
      target *= 2
    }
  }

  /// Tries the options of `place`, those that save most first; `propose` writes what each means.
  private func tryBest(
    _ rank: Int, _ range: ClosedRange<Int>, of place: Int, _ propose: (Int32) -> Bool
  ) -> Bool {
    var gains: [(gain: Double, option: Int32)] = []
    for option in space.optionStart[place]..<space.optionEnd[place] where Int32(option) != options[place] {
      guard propose(Int32(option)) else { continue }
      let gain = gain(rank, range)
      if gain >= LocalSearch.leastGain { gains.append((gain, Int32(option))) }
    }
    gains.sort { ($0.gain, $1.option) > ($1.gain, $0.option) }
    for (_, option) in gains where propose(option) {
      if apply(rank, range) { return true }
    }
    return false
  }

  /// Joules that the proposal saves within a range of a rank.
  private func gain(_ rank: Int, _ range: ClosedRange<Int>) -> Double {
    let chain = space.chains[rank]
    var saved = 0.0
    var switches = 0
    func isNew(_ position: Int) -> Bool { range.contains(position) }
    func new(_ position: Int) -> Int32 {
      space.settings[Int(isNew(position) ? proposal[position] : options[chain[position]])]
    }
    func old(_ position: Int) -> Int32 { space.settings[Int(options[chain[position]])] }
    for position in range {
      saved += space.joules[Int(options[chain[position]])] - space.joules[Int(proposal[position])]
    }
    let last = chain.count - 1
    for position in max(1, range.lowerBound)...max(1, min(last, range.upperBound + 1)) where position <= last {
      if old(position - 1) != old(position) { switches -= 1 }
      if new(position - 1) != new(position) { switches += 1 }
    }
    if range.lowerBound == 0 || range.upperBound == last {
      if old(0) != old(last) { switches -= 1 }
      if new(0) != new(last) { switches += 1 }
    }
    return saved - Double(switches) * space.switchJoules[rank]
  }

  /// Makes the proposed move if it saves energy and fits.
  private func apply(_ rank: Int, _ range: ClosedRange<Int>) -> Bool {
    guard gain(rank, range) >= LocalSearch.leastGain else { return false }
    let chain = space.chains[rank]
    let wrapped = switchesAtEnd(rank)
    for position in range {
      saved[position] = options[chain[position]]
      options[chain[position]] = proposal[position]
    }
    var last = min(range.upperBound + 1, chain.count - 1)
    if !wrapped && switchesAtEnd(rank) { last = chain.count - 1 }
    if chainFits(rank, range.lowerBound...last), fits(chain[range.lowerBound]...chain[last]) {
      settle()
      return true
    }
    for position in range { options[chain[position]] = saved[position] }
    return false
  }

  /// Whether the rank alone leaves the deadline within reach, which is soon told and mostly not so: paths by way of other ranks
  /// count only before and behind the range.
  private func chainFits(_ rank: Int, _ range: ClosedRange<Int>) -> Bool {
    let chain = space.chains[rank]
    let (first, last) = (chain[range.lowerBound], chain[range.upperBound])
    var end: Int64 = 0
    for position in range {
      let place = chain[position]
      var start: Int64 = 0
      for dependency in entering(place) {
        let earlier = Int(base.predecessors[dependency])
        if earlier < first {
          start = max(start, ends[earlier] + space.lag(dependency, before: place, options))
        } else if earlier == space.before[place] {
          start = max(start, end + space.lag(dependency, before: place, options))
        }
      }
      end = start + space.ticks[Int(options[place])]
      for dependency in leaving(place) where Int(base.successors[dependency]) > last {
        if end + tail(place, dependency) > deadline { return false }
      }
    }
    return end + wrap(after: last) <= deadline
  }

  /// Whether the iteration keeps the deadline when nothing has changed outside a range of places.
  private func fits(_ range: ClosedRange<Int>) -> Bool {
    for place in range {
      var start: Int64 = 0
      for dependency in entering(place) {
        let earlier = Int(base.predecessors[dependency])
        let end = earlier >= range.lowerBound ? trialEnds[earlier] : ends[earlier]
        start = max(start, end + space.lag(dependency, before: place, options))
      }
      let end = start + space.ticks[Int(options[place])]
      trialEnds[place] = end
      if end <= ends[place] && end + wrap(after: place) <= deadline { continue }
      if end + wrap(after: place) > deadline { return false }
      for dependency in leaving(place) where Int(base.successors[dependency]) > range.upperBound {
        if end + tail(place, dependency) > deadline { return false }
      }
    }
    return true
  }
}
