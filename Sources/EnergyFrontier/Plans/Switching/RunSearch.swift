internal import Basics

/// Lowers the energy of a plan with changes of setting without letting the iteration exceed a deadline.
///
/// **Moves.** A *run* is a maximal sequence of consecutive instructions of a rank at one setting. A *track* is the same
/// among the rank's instructions of one table only, since a rank alternates between two settings where changes are
/// cheap. A move gives a whole run or track another setting, extends one into its neighbour by 1, 2, 4, ...
/// instructions, or changes a single instruction. Where changes are restricted, a move also gives 2, 4, ...
/// instructions another setting, and extends the last run into the first and the first into the last, which adds no
/// change. ``SwitchingTimes`` weighs each move with the changes of setting that it adds and removes, and checks it with
/// exact longest paths.
///
/// **Why it stops.** Each move lowers the energy by at least ``LocalSearch/leastGain``. The number of sweeps is bounded
/// as well, because a third sweep over all positions gains next to nothing.
final class RunSearch {
  private let space: SwitchingSpace
  private let times: SwitchingTimes
  /// Where trial moves are written, by index on the rank.
  private let trial: UnsafeMutableBufferPointer<Int32>
  /// For each position the previous and the next position of its table on the rank; -1 where there is none.
  private let trackBefore: [Int]
  private let trackAfter: [Int]
  /// For each position its index on its rank.
  private let rankIndex: [Int]

  private static let mostSweeps = 2

  init(_ space: SwitchingSpace) {
    self.space = space
    times = SwitchingTimes(space)
    trial = .allocate(capacity: space.chains.map(\.count).max() ?? 0)
    trial.initialize(repeating: 0)
    var (trackBefore, trackAfter, rankIndex) = (
      [Int](repeating: -1, count: space.count), [Int](repeating: -1, count: space.count),
      [Int](repeating: 0, count: space.count)
    )
    for chain in space.chains {
      var latest: [Int: Int] = [:]
      for (index, position) in chain.enumerated() {
        rankIndex[position] = index
        if let earlier = latest[space.optionStart[position]] {
          trackBefore[position] = earlier
          trackAfter[earlier] = position
        }
        latest[space.optionStart[position]] = position
      }
    }
    (self.trackBefore, self.trackAfter, self.rankIndex) = (trackBefore, trackAfter, rankIndex)
  }

  deinit { trial.deallocate() }

  /// Improves `plan` until no move helps or the sweeps are used up.
  ///
  /// - Parameter deadline: ticks that the iteration may last; the given plan keeps to them.
  /// - Throws: ``FrontierError/cancelled``.
  func improved(
    _ plan: [Int32], deadline: Int64, _ progress: ProgressHandle
  ) throws(FrontierError) -> DraftPlan {
    times.load(plan, deadline: deadline)
    var hasChanged = true
    var sweeps = 0
    while hasChanged && sweeps < Self.mostSweeps {
      sweeps += 1
      hasChanged = false
      for rank in space.chains.indices {
        for index in space.chains[rank].indices {
          try progress.check()
          while improve(rank, index) { hasChanged = true }
        }
      }
    }
    return DraftPlan(Array(times.options), in: space)
  }

  /// Makes one move around an instruction of a rank; false when none lowers the energy.
  private func improve(_ rank: Int, _ index: Int) -> Bool {
    let chain = space.chains[rank]
    let position = chain[index]
    let own = times.options[position]
    if changeOne(rank, index) { return true }
    if index == 0 || times.setting(rank, index - 1) != times.setting(rank, index) {
      var end = index
      while end + 1 < chain.count && times.setting(rank, end + 1) == times.setting(rank, index) { end += 1 }
      if end > index && changeRun(rank, index...end) { return true }
      if index > 0 {
        if extendRun(rank, times.setting(rank, index - 1), from: index, by: 1) { return true }
        if extendRun(rank, times.setting(rank, index), from: index - 1, by: -1) { return true }
      }
    }
    if space.isRestricted && improveRestricted(rank, index) { return true }
    let before = trackBefore[position]
    if before < 0 || times.options[before] != own {
      if changeTrack(rank, position) { return true }
      if before >= 0 {
        if extendTrack(rank, times.options[before], from: position, next: trackAfter) { return true }
        if extendTrack(rank, own, from: before, next: trackBefore) { return true }
      }
    }
    return false
  }

  /// The further moves where changes are restricted.
  private func improveRestricted(_ rank: Int, _ index: Int) -> Bool {
    let last = space.chains[rank].count - 1
    if index == 0, last > 0 {
      if times.setting(rank, 0) != times.setting(rank, last) {
        if extendRun(rank, times.setting(rank, last), from: 0, by: 1) { return true }
        if extendRun(rank, times.setting(rank, 0), from: last, by: -1) { return true }
      }
      if changeRun(rank, 0...last) { return true }
    }
    var length = 2
    while index < last, length / 2 <= last - index {
      if changeRun(rank, index...min(last, index + length - 1)) { return true }
      length *= 2
    }
    return false
  }

  /// Gives one instruction the option that saves most and fits.
  private func changeOne(_ rank: Int, _ index: Int) -> Bool {
    let move = TrialMove(rank, index...index, in: trial)
    return makeBest(move) { option in
      move[index] = option
      return true
    }
  }

  /// Gives a run the setting that saves most and fits.
  private func changeRun(_ rank: Int, _ run: ClosedRange<Int>) -> Bool {
    let chain = space.chains[rank]
    let move = TrialMove(rank, run, in: trial)
    return makeBest(move) { option in
      let setting = self.space.settings[Int(option)]
      for index in run {
        let choice = self.space.option(of: chain[index], setting: setting)
        if choice < 0 { return false }
        move[index] = choice
      }
      return true
    }
  }

  /// Gives a track that begins at `position` the option that saves most and fits.
  private func changeTrack(_ rank: Int, _ position: Int) -> Bool {
    let own = times.options[position]
    var last = position
    while trackAfter[last] >= 0 && times.options[trackAfter[last]] == own { last = trackAfter[last] }
    if last == position { return false }
    let move = TrialMove(rank, rankIndex[position]...rankIndex[last], in: trial)
    let table = space.optionStart[position]
    return makeBest(move) { option in
      self.write(option, ofTable: table, to: move)
      return true
    }
  }

  /// Extends a setting over the neighbouring instructions, forwards or backwards from an index on the rank, by the
  /// shortest of the lengths 1, 2, 4, ... that saves energy and fits.
  private func extendRun(_ rank: Int, _ setting: Int32, from start: Int, by direction: Int) -> Bool {
    let chain = space.chains[rank]
    var length = 1
    while true {
      let far = start + direction * (length - 1)
      if far < 0 || far >= chain.count { return false }
      let move = TrialMove(rank, min(start, far)...max(start, far), in: trial)
      for index in move.range {
        let choice = space.option(of: chain[index], setting: setting)
        if choice < 0 { return false }
        move[index] = choice
      }
      if makeIfBetter(move) { return true }
      length *= 2
    }
  }

  /// Extends an option over the next instructions of its table, by the shortest of the lengths that saves energy and
  /// fits.
  private func extendTrack(_ rank: Int, _ option: Int32, from start: Int, next: [Int]) -> Bool {
    var (far, length, target) = (start, 1, 1)
    while true {
      while length < target && next[far] >= 0 {
        far = next[far]
        length += 1
      }
      let (first, last) = (min(rankIndex[start], rankIndex[far]), max(rankIndex[start], rankIndex[far]))
      let move = TrialMove(rank, first...last, in: trial)
      write(option, ofTable: space.optionStart[start], to: move)
      if makeIfBetter(move) { return true }
      if length < target || next[far] < 0 { return false }
      target *= 2
    }
  }

  /// Gives the instructions of one table in a move's range the option, and leaves the others as they are.
  private func write(_ option: Int32, ofTable table: Int, to move: TrialMove) {
    let chain = space.chains[move.rank]
    for index in move.range {
      let position = chain[index]
      move[index] = space.optionStart[position] == table ? option : times.options[position]
    }
  }

  /// Tries the options of a move's first instruction, those that save most first; `write` writes the move that each
  /// means.
  private func makeBest(_ move: TrialMove, write: (Int32) -> Bool) -> Bool {
    let position = space.chains[move.rank][move.range.lowerBound]
    var gains: [(gain: Double, option: Int32)] = []
    for option in space.optionStart[position]..<space.optionEnd[position] where Int32(option) != times.options[position]
    {
      guard write(Int32(option)) else { continue }
      let gain = times.joulesSaved(by: move)
      if gain >= LocalSearch.leastGain { gains.append((gain, Int32(option))) }
    }
    gains.sort { ($0.gain, $1.option) > ($1.gain, $0.option) }
    for (_, option) in gains where write(option) {
      if makeIfBetter(move) { return true }
    }
    return false
  }

  /// Makes a move if it saves energy and fits.
  private func makeIfBetter(_ move: TrialMove) -> Bool {
    times.joulesSaved(by: move) >= LocalSearch.leastGain && times.apply(move)
  }
}
