internal import Basics

/// Lowers the energy of a plan without letting any path exceed the deadline.
///
/// **Problem.** Each instruction runs with one of its options; the longest path must not exceed the deadline; the sum of
/// effective energies is to be small. To find the least is NP-hard (the discrete time-cost tradeoff problem).
///
/// **Idea.** A *star move* gives one place another option and then lets each of its successors (or each of its
/// predecessors) take its slowest option that still fits. One instruction speeds up so that its neighbours may slow down, or
/// the other way round; the plain use of slack is the case in which the others do not change. All options of the centre
/// are tried, the best star of both directions is taken if energy falls, and undone when its arms turn out to be on one
/// path and do not fit together.
///
/// **Why it stops.** Energy falls with each move by at least ``leastGain``, and there are finitely many plans. Only places
/// whose option or room changed are looked at again.
///
/// **Complexity.** O(options x neighbours) for each star, and the places that ``Timetable`` updates for each move.
///
/// References: De, Dunne, Ghosh & Wells 1995 (10.1016/0377-2217(94)00187-H) on the problem.
final class LocalSearch {
  let space: PlanSpace
  let timetable: Timetable
  /// Joules below which a gain is taken for rounding error.
  static let leastGain = 1e-9

  /// How many options slower than now a star's centre may become in one move. More found nothing on real profiles, and takes time.
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
    timetable = Timetable(space)
    var most = 0
    for place in 0..<space.count {
      most = max(most, space.predecessors(of: place).count, space.successors(of: place).count)
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
    timetable.load(options, deadline: deadline)
    var steps = 0
    var from = 0
    while true {
      // In sweeps, so that waves of new times gather behind the sweep and are worked off together.
      guard let place = timetable.changed.popFirst(from: from) else {
        if from == 0 { break }
        from = 0
        continue
      }
      from = place
      repeat {
        // Looking at a star costs its neighbours times their own, and a graph may be dense.
        steps += 1 + space.predecessors(of: place).count + space.successors(of: place).count
        if steps >= 1024 {
          steps = 0
          try progress.check()
        }
      } while moveStar(at: place)
      timetable.commit()
    }
    timetable.settleAll()
    return DraftPlan(timetable)
  }

  /// Makes the best star move around `place`; false when none lowers the energy.
  private func moveStar(at place: Int) -> Bool {
    let predecessors = space.predecessors(of: place)
    let successors = space.successors(of: place)
    let first = Int(predecessors.first ?? Int32(place))
    let last = Int(successors.last ?? Int32(place))
    timetable.settle(from: first, through: last)
    let forward = bestStar(at: place, ahead: true)
    let backward = bestStar(at: place, ahead: false)
    let star = forward.gain >= backward.gain ? forward : backward
    if star.gain < Self.leastGain { return false }

    let mark = timetable.mark
    var gain = space.joules[Int(timetable.options[place])] - space.joules[Int(star.option)]
    timetable.set(place, to: star.option)
    for neighbour in star.ahead ? successors : predecessors {
      let neighbour = Int(neighbour)
      timetable.settle(from: first, through: last)
      let room = timetable.deadline - timetable.heads[neighbour] - timetable.tails[neighbour]
      guard let option = space.slowestOption(of: neighbour, within: room) else {
        gain = -.infinity
        break
      }
      gain += space.joules[Int(timetable.options[neighbour])] - space.joules[Int(option)]
      timetable.set(neighbour, to: option)
    }
    timetable.settle(from: first, through: last)
    let path = timetable.heads[place] + timetable.durations[place] + timetable.tails[place]
    if gain >= Self.leastGain && path <= timetable.deadline { return true }
    timetable.rollBack(to: mark)
    return false
  }

  /// The star of greatest gain around `place`, as far as can be told without moving anything.
  ///
  /// Towards the successors the near side is the heads and the far side the tails; towards the predecessors they change
  /// places.
  private func bestStar(at place: Int, ahead: Bool) -> Star {
    let neighbours = ahead ? space.successors(of: place) : space.predecessors(of: place)
    let firstLag = Int(ahead ? space.successorStart[place] : space.predecessorStart[place])
    let neighbourLags = ahead ? space.successorLags : space.predecessorLags
    // What stands beside the centre next to its neighbours.
    let besideStart = ahead ? space.predecessorStart : space.successorStart
    let besides = ahead ? space.predecessors : space.successors
    let besideLags = ahead ? space.predecessorLags : space.successorLags
    let near = ahead ? timetable.heads : timetable.tails
    let far = ahead ? timetable.tails : timetable.heads
    let options = timetable.options
    let deadline = timetable.deadline
    // What the neighbours would gain if the centre took no time, and the latest end that leaves each its fastest option.
    var mostOfNeighbours = 0.0
    var latestEnd = deadline
    for (index, neighbour) in neighbours.enumerated() {
      let neighbour = Int(neighbour)
      let lag = neighbourLags[firstLag + index]
      lags[index] = lag
      var other: Int64 = 0
      for number in Int(besideStart[neighbour])..<Int(besideStart[neighbour + 1]) where besides[number] != place {
        let beside = Int(besides[number])
        other = max(other, near[beside] + timetable.durations[beside] + besideLags[number])
      }
      others[index] = other
      let slowest = space.slowestOption(of: neighbour, within: deadline - far[neighbour] - other)
      mostOfNeighbours += space.joules[Int(options[neighbour])] - space.joules[Int(slowest ?? options[neighbour])]
      latestEnd = min(latestEnd, deadline - far[neighbour] - lag - space.ticks[Int(space.optionStart[neighbour])])
      arms[index] = space.optionStart[neighbour]
    }

    let joules = space.joules[Int(options[place])]
    var best = Star(gain: 0, option: options[place], ahead: ahead)
    // From slow to fast: the room of the neighbours grows, so each arm's option only moves up.
    let slowest = space.slowestOption(of: place, within: latestEnd - near[place]) ?? space.optionStart[place]
    var option = min(slowest, options[place] + Self.mostStepsSlower)
    while option >= space.optionStart[place] {
      var gain = joules - space.joules[Int(option)]
      if gain + mostOfNeighbours <= best.gain { break }
      let end = near[place] + space.ticks[Int(option)]
      for (index, neighbour) in neighbours.enumerated() {
        let neighbour = Int(neighbour)
        let room = deadline - far[neighbour] - max(others[index], end + lags[index])
        var arm = arms[index]
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
