/// The problem in the form that plan searches use: times in ticks, and instructions numbered by their *position* in the
/// topological order, so that every dependency leads from a lower position to a higher one.
///
/// The lists are unsafe buffers because local search reads them about a hundred thousand times for each plan. Only this
/// folder reads them, and bounds are checked in debug builds.
final class PlanSpace: @unchecked Sendable {
  let count: Int
  /// Joules that one tick of the iteration costs beside effective energy: the waiting power of one device per rank.
  let waitingJoulesPerTick: Double
  /// The instruction at each position.
  let instructions: [Int]
  /// `predecessors[predecessorStart[p]..<predecessorStart[p + 1]]` are the positions that must end before p begins.
  let predecessorStart: UnsafeMutableBufferPointer<Int32>
  let predecessors: UnsafeMutableBufferPointer<Int32>
  /// For each predecessor the ticks that must pass between its end and the begin of the position.
  let predecessorLags: UnsafeMutableBufferPointer<Int64>
  /// For each predecessor the arc of the ``EventNetwork`` whose flow is the price of that dependency's time.
  let arcs: [Int]
  let successorStart: UnsafeMutableBufferPointer<Int32>
  let successors: UnsafeMutableBufferPointer<Int32>
  /// For each successor the ticks that must pass between the end of the position and its begin.
  let successorLags: UnsafeMutableBufferPointer<Int64>
  /// `optionStart[p]..<optionEnd[p]` are the options of position p in `ticks` and `joules`, fastest first.
  let optionStart: UnsafeMutableBufferPointer<Int32>
  let optionEnd: UnsafeMutableBufferPointer<Int32>
  /// Ticks of each option, rising within a table.
  let ticks: UnsafeMutableBufferPointer<Int64>
  /// Effective joules of each option, falling within a table.
  let joules: UnsafeMutableBufferPointer<Double>

  init(_ problem: IterationProblem, scaled: ScaledProblem) {
    let graph = problem.graph
    count = graph.count
    waitingJoulesPerTick = problem.waitingPowerWatts / scaled.ticksPerSecond
    instructions = graph.topologicalOrder
    var position = [Int](repeating: 0, count: count)
    for (index, instruction) in instructions.enumerated() { position[instruction] = index }
    let before = instructions.map {
      zip(graph.predecessors(of: $0), graph.lagsSeconds(before: $0)).map { (position[$0], problem.lagTicks($1)) }
        .sorted { $0.0 < $1.0 }
    }
    let after = instructions.map {
      zip(graph.successors(of: $0), graph.lagsSeconds(after: $0)).map { (position[$0], problem.lagTicks($1)) }
        .sorted { $0.0 < $1.0 }
    }
    (predecessorStart, predecessors, predecessorLags) = Self.flatten(before)
    (successorStart, successors, successorLags) = Self.flatten(after)

    arcs = Self.arcs(of: graph, in: instructions)

    var firstOption: [Int] = [0]
    for table in scaled.tables { firstOption.append(firstOption.last! + table.ticks.count) }
    let tables = instructions.map { problem.tableOfInstruction[$0] }
    optionStart = Self.copy(tables.map { Int32(firstOption[$0]) })
    optionEnd = Self.copy(tables.map { Int32(firstOption[$0 + 1]) })
    ticks = Self.copy(scaled.tables.flatMap(\.ticks))
    joules = Self.copy(scaled.tables.flatMap(\.energies))
  }

  /// The same problem backwards in time: position p becomes position `count - 1 - p`.
  init(reversing space: PlanSpace) {
    let (count, backwards) = (space.count, (0..<space.count).reversed())
    self.count = count
    waitingJoulesPerTick = space.waitingJoulesPerTick
    instructions = space.instructions.reversed()
    let before = backwards.map {
      zip(space.successors(of: $0), space.successorLags(of: $0)).reversed().map { (count - 1 - Int($0), $1) }
    }
    let after = backwards.map {
      zip(space.predecessors(of: $0), space.predecessorLags(of: $0)).reversed().map { (count - 1 - Int($0), $1) }
    }
    (predecessorStart, predecessors, predecessorLags) = Self.flatten(before)
    (successorStart, successors, successorLags) = Self.flatten(after)
    arcs = space.reversedDependencies.map { space.arcs[$0] }
    optionStart = Self.copy(backwards.map { space.optionStart[$0] })
    optionEnd = Self.copy(backwards.map { space.optionEnd[$0] })
    ticks = Self.copy(Array(space.ticks))
    joules = Self.copy(Array(space.joules))
  }

  /// For each entry of the reversed space's `predecessors` the entry here that is the same dependency.
  var reversedDependencies: [Int] {
    (0..<count).reversed().flatMap { position in
      successors(of: position).reversed().map { predecessors(of: Int($0)).firstIndex(of: Int32(position))! }
    }
  }

  deinit {
    predecessorStart.deallocate()
    predecessors.deallocate()
    predecessorLags.deallocate()
    successorStart.deallocate()
    successors.deallocate()
    successorLags.deallocate()
    optionStart.deallocate()
    optionEnd.deallocate()
    ticks.deallocate()
    joules.deallocate()
  }

  /// The dependencies of `position` on its predecessors, as indices into `predecessors` and `predecessorLags`.
  @inline(__always)
  func dependencies(before position: Int) -> Range<Int> {
    Int(predecessorStart[position])..<Int(predecessorStart[position + 1])
  }

  /// The dependencies of its successors on `position`, as indices into `successors` and `successorLags`.
  @inline(__always)
  func dependencies(after position: Int) -> Range<Int> {
    Int(successorStart[position])..<Int(successorStart[position + 1])
  }

  /// The predecessors of `position`.
  @inline(__always)
  func predecessors(of position: Int) -> UnsafeMutableBufferPointer<Int32>.SubSequence {
    predecessors[dependencies(before: position)]
  }

  /// The successors of `position`.
  @inline(__always)
  func successors(of position: Int) -> UnsafeMutableBufferPointer<Int32>.SubSequence {
    successors[dependencies(after: position)]
  }

  /// The lags before `position`, in the order of its predecessors.
  @inline(__always)
  func predecessorLags(of position: Int) -> UnsafeMutableBufferPointer<Int64>.SubSequence {
    predecessorLags[dependencies(before: position)]
  }

  /// The lags after `position`, in the order of its successors.
  @inline(__always)
  func successorLags(of position: Int) -> UnsafeMutableBufferPointer<Int64>.SubSequence {
    successorLags[dependencies(after: position)]
  }

  /// The slowest option of `position` that lasts at most `available` ticks; nil when even the fastest lasts longer.
  ///
  /// - Complexity: O(log options).
  @inline(__always)
  func slowestOption(of position: Int, within available: Int64) -> Int32? {
    var low = optionStart[position]
    var high = optionEnd[position]
    while low < high {
      let middle = (low + high) >> 1
      if ticks[Int(middle)] > available { high = middle } else { low = middle + 1 }
    }
    return low == optionStart[position] ? nil : low - 1
  }

  /// A plan as each instruction's position in its table's efficient options.
  func choices(of options: [Int32]) -> [UInt16] {
    var choices = [UInt16](repeating: 0, count: count)
    for position in 0..<count { choices[instructions[position]] = UInt16(options[position] - optionStart[position]) }
    return choices
  }

  /// Effective joules of a plan, summed in the order of the positions.
  func joules(of options: [Int32]) -> Double { options.reduce(0) { $0 + joules[Int($1)] } }

  /// The longest path of a plan in ticks; O(instructions + dependencies).
  func longestPath(_ options: [Int32]) -> Int64 {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: count) { ends in
      propagate(
        into: ends, duration: { ticks[Int(options[$0])] }, lag: { dependency, _ in predecessorLags[dependency] })
    }
  }

  /// Computes the earliest end of each position and returns the latest of them, in ticks.
  ///
  /// - Parameter lag: the ticks between a predecessor, given as an index into `predecessors`, and the position.
  /// - Complexity: O(instructions + dependencies).
  @inline(__always)
  func propagate(
    into ends: UnsafeMutableBufferPointer<Int64>, duration: (Int) -> Int64,
    lag: (_ dependency: Int, _ position: Int) -> Int64
  ) -> Int64 {
    var longest: Int64 = 0
    for position in 0..<count {
      var start: Int64 = 0
      for dependency in dependencies(before: position) {
        start = max(start, ends[Int(predecessors[dependency])] + lag(dependency, position))
      }
      ends[position] = start + duration(position)
      longest = max(longest, ends[position])
    }
    return longest
  }

  /// Where ``EventNetwork`` merged two events, what flows along the dependency is what flows through the instruction on
  /// the side where it is alone.
  private static func arcs(of graph: InstructionGraph, in order: [Int]) -> [Int] {
    var position = [Int](repeating: 0, count: graph.count)
    for (index, instruction) in order.enumerated() { position[instruction] = index }
    var arcs = [[Int]](repeating: [], count: graph.count)
    var nextArc = graph.count
    for instruction in 0..<graph.count {
      var found: [(position: Int, arc: Int)] = []
      let predecessors = graph.predecessors(of: instruction)
      for (before, lag) in zip(predecessors, graph.lagsSeconds(before: instruction)) {
        let arc: Int
        if EventNetwork.merges(graph, before: before, after: instruction, lagSeconds: lag) {
          arc = predecessors.count == 1 ? instruction : before
        } else {
          arc = nextArc
          nextArc += 1
        }
        found.append((position[before], arc))
      }
      arcs[instruction] = found.sorted { $0.position < $1.position }.map(\.arc)
    }
    return order.flatMap { arcs[$0] }
  }

  private static func flatten(
    _ neighbours: [[(position: Int, lag: Int64)]]
  ) -> (
    start: UnsafeMutableBufferPointer<Int32>, positions: UnsafeMutableBufferPointer<Int32>,
    lags: UnsafeMutableBufferPointer<Int64>
  ) {
    var start: [Int32] = [0]
    for list in neighbours { start.append(start.last! + Int32(list.count)) }
    return (
      copy(start), copy(neighbours.flatMap { $0.map { Int32($0.position) } }),
      copy(neighbours.flatMap { $0.map(\.lag) })
    )
  }

  private static func copy<Element>(_ array: [Element]) -> UnsafeMutableBufferPointer<Element> {
    let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: array.count)
    _ = buffer.initialize(from: array)
    return buffer
  }
}
