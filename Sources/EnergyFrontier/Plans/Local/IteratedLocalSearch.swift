internal import Basics

/// Improves a plan at its deadline by many small disturbances, each followed by a local search.
///
/// **Idea.** A plan that no star move improves is mostly still some neighbouring instructions away from a better one.
/// Each iteration speeds up a few connected instructions, gives one of them a random option that fits, and lets
/// ``LocalSearch`` distribute the slack again. If the energy has not risen the result is kept, otherwise it is undone.
/// Only the surroundings change, so an iteration costs microseconds however long the pipeline is, and improvements in
/// different parts of the iteration add up, which they do not in searches that start over.
///
/// **Determinism.** All choices come from a stream of random numbers with a given seed, so the same input gives the
/// same plan.
///
/// **Complexity.** For each iteration that of the star moves around at most ``mostDisturbed`` positions.
///
/// Reference: Lourenco, Martin & Stuetzle 2003, Iterated Local Search, 10.1007/0-306-48056-5_11.
struct IteratedLocalSearch {
  private let space: PlanSpace
  private let search: LocalSearch
  /// The most positions that an iteration speeds up. Twice as many take twice as long for little on measured profiles.
  private static let mostDisturbed = 8
  /// One area in this many consists of positions anywhere instead of connected ones: slack freed at one end of a long
  /// path can pay for an improvement at the other.
  private static let scatteredAreaPeriod = 4
  private static let mostScattered = 4
  /// The most options by which a disturbance moves a position.
  private static let mostSteps = 4
  /// Sums of the same energies in another order differ by less.
  private static let roundingJoules = 1e-10

  /// - Parameter search: is used for the local searches; its plan is replaced.
  init(_ search: LocalSearch) {
    self.search = search
    space = search.space
  }

  /// The best plan found in `iterations` disturbances; the given one where none helps.
  ///
  /// - Parameters:
  ///   - plan: keeps the deadline, and no star move improves it.
  ///   - deadline: ticks that the longest path keeps to.
  /// - Throws: ``FrontierError/cancelled``.
  func improved(
    _ plan: DraftPlan, deadline: Int64, iterations: Int, seed: UInt64, _ progress: ProgressHandle
  ) throws(FrontierError) -> DraftPlan {
    var random = SplitMix64(seed: seed)
    let paths = search.paths
    paths.load(plan.options, deadline: deadline)
    paths.changed.removeAll()
    paths.commit()
    var area: [Int] = []
    for iteration in 0..<iterations {
      if iteration % 16 == 0 { try progress.check() }
      let (mark, before) = (paths.mark, paths.effectiveJoules)
      choose(1 + random.index(below: Self.mostDisturbed), into: &area, &random)
      disturb(area, &random)
      search.descend(from: random.index(below: space.count))
      // Plans of equal energy are accepted, because they lead to different neighbours.
      if paths.effectiveJoules - before <= Self.roundingJoules {
        paths.commit()
      } else {
        paths.rollBack(to: mark)
        paths.changed.removeAll()
      }
    }
    let found = DraftPlan(Array(paths.options), in: space)
    return found.effectiveJoules < plan.effectiveJoules ? found : plan
  }

  /// Chooses up to `count` positions: connected ones around a random one, or now and then any.
  private func choose(_ count: Int, into area: inout [Int], _ random: inout SplitMix64) {
    area.removeAll(keepingCapacity: true)
    area.append(random.index(below: space.count))
    if random.index(below: Self.scatteredAreaPeriod) == 0 {
      while area.count < min(count, Self.mostScattered) { area.append(random.index(below: space.count)) }
      return
    }
    var next = 0
    while next < area.count && area.count < count {
      let position = area[next]
      next += 1
      let bits = random.next()
      func add(_ neighbours: UnsafeMutableBufferPointer<Int32>.SubSequence, _ shift: UInt64) {
        for (index, neighbour) in neighbours.enumerated() where area.count < count && !area.contains(Int(neighbour)) {
          // One neighbour in four is left out, so that areas differ.
          if bits >> ((shift + 2 * UInt64(index)) & 63) & 3 != 0 { area.append(Int(neighbour)) }
        }
      }
      if bits & 1 == 0 {
        add(space.predecessors(of: position), 1)
        add(space.successors(of: position), 33)
      } else {
        add(space.successors(of: position), 1)
        add(space.predecessors(of: position), 33)
      }
    }
  }

  /// Speeds up the positions of an area, then gives one of them a random option that fits.
  private func disturb(_ area: [Int], _ random: inout SplitMix64) {
    let paths = search.paths
    for position in area {
      let (first, now) = (space.optionStart[position], paths.options[position])
      if now > first { paths.set(position, to: max(first, now - 1 - Int32(random.index(below: Self.mostSteps)))) }
    }
    let chosen = area[random.index(below: area.count)]
    paths.settle(from: chosen, through: chosen)
    let room = paths.deadline - paths.heads[chosen] - paths.tails[chosen]
    if let slowest = space.slowestOption(of: chosen, within: room) {
      let count = min(Self.mostSteps, Int(slowest - space.optionStart[chosen]) + 1)
      paths.set(chosen, to: slowest - Int32(random.index(below: count)))
    }
  }
}
