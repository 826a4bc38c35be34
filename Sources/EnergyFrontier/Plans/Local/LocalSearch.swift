internal import Basics

/// Lowers the energy of a plan while every path keeps the deadline.
///
/// **Problem.** Each instruction runs with one of its options; the longest path must not exceed the deadline; the sum
/// of effective energies is to be small. To find the least is NP-hard (the discrete time-cost tradeoff problem).
///
/// **Idea.** A *star move* gives one position another option and then lets each of its successors (or each of its
/// predecessors) take its slowest option that still fits. One instruction speeds up so that its neighbours may slow
/// down, or the other way round; the plain use of slack is the case in which the others do not change. All options of
/// the centre are tried, the best star of both directions is taken if energy falls, and undone when its arms turn out
/// to be on one path and do not fit together.
///
/// **Why it stops.** Energy falls with each move by at least ``leastGain``, and there are finitely many plans. Only
/// positions whose option or room changed are looked at again.
///
/// **Complexity.** O(options x neighbours) for each star, and the positions that ``IncrementalLongestPaths`` updates
/// for each move.
///
/// References: De, Dunne, Ghosh & Wells 1995 (10.1016/0377-2217(94)00187-H) on the problem.
final class LocalSearch {
  let space: PlanSpace
  let paths: IncrementalLongestPaths
  /// Joules below which a gain is taken for rounding error.
  static let leastGain = 1e-9

  /// How many options slower than now a star's centre may become in one move. More found nothing on real profiles, and
  /// takes time.
  private static let mostStepsSlower: Int32 = 5

  /// Where each neighbour of a star's centre would begin or end if it hung on its other neighbours alone.
  private let others: UnsafeMutableBufferPointer<Int64>
  /// The lag between the centre and each neighbour.
  private let lags: UnsafeMutableBufferPointer<Int64>
  /// For each neighbour the option it would take.
  private let arms: UnsafeMutableBufferPointer<Int32>

  private struct Star {
    var gain: Double
    var option: Int32
    let ahead: Bool
  }

  init(_ space: PlanSpace) {
    self.space = space
    paths = IncrementalLongestPaths(space)
    var most = 0
    for position in 0..<space.count {
      most = max(most, space.predecessors(of: position).count, space.successors(of: position).count)
    }
    others = .allocate(capacity: most)
    arms = .allocate(capacity: most)
    lags = .allocate(capacity: most)
    lags.initialize(repeating: 0)
    others.initialize(repeating: 0)
    arms.initialize(repeating: 0)
  }

  deinit {
    others.deallocate()
    arms.deallocate()
    lags.deallocate()
  }

  /// Improves `options` until no star move helps.
  ///
  /// - Parameter deadline: ticks that the longest path keeps to, as it must to begin with.
  /// - Throws: ``FrontierError/cancelled``.
  func improved(_ options: [Int32], deadline: Int64, _ progress: ProgressHandle) throws(FrontierError) -> DraftPlan {
    try progress.check()
    paths.load(options, deadline: deadline)
    var steps = 0
    var from = 0
    while true {
      // In sweeps, so that waves of new times gather behind the sweep and are worked off together.
      guard let position = paths.changed.popFirst(from: from) else {
        if from == 0 { break }
        from = 0
        continue
      }
      from = position
      repeat {
        // Looking at a star costs its neighbours times their own, and a graph may be dense.
        steps += 1 + space.predecessors(of: position).count + space.successors(of: position).count
        if steps >= 1024 {
          steps = 0
          try progress.check()
        }
      } while moveStar(at: position)
      paths.commit()
    }
    paths.settleAll()
    return DraftPlan(Array(paths.options), in: space)
  }

  /// Makes star moves around the changed positions until none helps, in sweeps that begin at `start`. Changes stay in
  /// the undo log.
  func descend(from start: Int) {
    var from = start
    while true {
      guard let position = paths.changed.popFirst(from: from) else {
        if from == 0 { return }
        from = 0
        continue
      }
      from = position
      while moveStar(at: position) {}
    }
  }

  /// Makes the best star move around `position`; false when none lowers the energy.
  private func moveStar(at position: Int) -> Bool {
    let predecessors = space.predecessors(of: position)
    let successors = space.successors(of: position)
    let first = Int(predecessors.first ?? Int32(position))
    let last = Int(successors.last ?? Int32(position))
    paths.settle(from: first, through: last)
    let forward = bestStar(at: position, ahead: true)
    let backward = bestStar(at: position, ahead: false)
    let star = forward.gain >= backward.gain ? forward : backward
    if star.gain < Self.leastGain { return false }

    let mark = paths.mark
    var gain = space.joules[Int(paths.options[position])] - space.joules[Int(star.option)]
    paths.set(position, to: star.option)
    for neighbour in star.ahead ? successors : predecessors {
      let neighbour = Int(neighbour)
      paths.settle(from: first, through: last)
      let room = paths.deadline - paths.heads[neighbour] - paths.tails[neighbour]
      guard let option = space.slowestOption(of: neighbour, within: room) else {
        gain = -.infinity
        break
      }
      gain += space.joules[Int(paths.options[neighbour])] - space.joules[Int(option)]
      paths.set(neighbour, to: option)
    }
    paths.settle(from: first, through: last)
    let path = paths.heads[position] + paths.durations[position] + paths.tails[position]
    if gain >= Self.leastGain && path <= paths.deadline { return true }
    paths.rollBack(to: mark)
    return false
  }

  /// The star of greatest gain around `position`, estimated without moving anything.
  ///
  /// Towards the successors the near side is the heads and the far side the tails; towards the predecessors they change
  /// positions.
  private func bestStar(at position: Int, ahead: Bool) -> Star {
    let neighbours = ahead ? space.successors(of: position) : space.predecessors(of: position)
    let firstLag = Int(ahead ? space.successorStart[position] : space.predecessorStart[position])
    let neighbourLags = ahead ? space.successorLags : space.predecessorLags
    // The other predecessors of the neighbours, beside the centre.
    let besideStart = ahead ? space.predecessorStart : space.successorStart
    let besides = ahead ? space.predecessors : space.successors
    let besideLags = ahead ? space.predecessorLags : space.successorLags
    let near = ahead ? paths.heads : paths.tails
    let far = ahead ? paths.tails : paths.heads
    let options = paths.options
    let deadline = paths.deadline
    // What the neighbours would gain if the centre took its fastest option, and the latest end that leaves each its
    // fastest option.
    let earliestEnd = near[position] + space.ticks[Int(space.optionStart[position])]
    var mostOfNeighbours = 0.0
    var latestEnd = deadline
    for (index, neighbour) in neighbours.enumerated() {
      let neighbour = Int(neighbour)
      let lag = neighbourLags[firstLag + index]
      lags[index] = lag
      var other: Int64 = 0
      for number in Int(besideStart[neighbour])..<Int(besideStart[neighbour + 1]) where besides[number] != position {
        let beside = Int(besides[number])
        other = max(other, near[beside] + paths.durations[beside] + besideLags[number])
      }
      others[index] = other
      let slowest = space.slowestOption(
        of: neighbour, within: deadline - far[neighbour] - max(other, earliestEnd + lag))
      mostOfNeighbours += space.joules[Int(options[neighbour])] - space.joules[Int(slowest ?? options[neighbour])]
      latestEnd = min(latestEnd, deadline - far[neighbour] - lag - space.ticks[Int(space.optionStart[neighbour])])
      // Near the option that it would take beside the slowest one of the centre.
      arms[index] = options[neighbour]
    }

    let joules = space.joules[Int(options[position])]
    var best = Star(gain: 0, option: options[position], ahead: ahead)
    // From slow to fast: the room of the neighbours grows, so each arm's option only moves up.
    let slowest = space.slowestOption(of: position, within: latestEnd - near[position]) ?? space.optionStart[position]
    var option = min(slowest, options[position] + Self.mostStepsSlower)
    while option >= space.optionStart[position] {
      var gain = joules - space.joules[Int(option)]
      if gain + mostOfNeighbours <= best.gain { break }
      let end = near[position] + space.ticks[Int(option)]
      for (index, neighbour) in neighbours.enumerated() {
        let neighbour = Int(neighbour)
        let room = deadline - far[neighbour] - max(others[index], end + lags[index])
        var arm = arms[index]
        while arm > space.optionStart[neighbour] && space.ticks[Int(arm)] > room { arm -= 1 }
        while arm + 1 < space.optionEnd[neighbour] && space.ticks[Int(arm) + 1] <= room { arm += 1 }
        arms[index] = arm
        gain += space.joules[Int(options[neighbour])] - space.joules[Int(arm)]
      }
      if gain > best.gain {
        best.gain = gain
        best.option = option
      }
      option -= 1
    }
    return best
  }
}
