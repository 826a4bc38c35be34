/// The problem as rounding and local search walk it: in ticks, instructions numbered by their place in the topological
/// order, so every dependency leads from a lower place to a higher one.
///
/// The lists are unsafe buffers because local search reads them some hundred thousand times for each plan; they are read
/// only from this folder, and bounds are checked in debug builds.
final class PlanSpace {
  let count: Int
  /// The instruction at each place.
  let instructions: [Int]
  /// `predecessors[predecessorStart[p]..<predecessorStart[p + 1]]` are the places that must end before p begins.
  let predecessorStart: UnsafeMutableBufferPointer<Int32>
  let predecessors: UnsafeMutableBufferPointer<Int32>
  /// For each predecessor the ticks that must pass between its end and the begin of the place.
  let predecessorLags: UnsafeMutableBufferPointer<Int64>
  /// For each predecessor the arc of the ``EventNetwork`` whose flow is the price of that dependency's time.
  let arcs: [Int]
  let successorStart: UnsafeMutableBufferPointer<Int32>
  let successors: UnsafeMutableBufferPointer<Int32>
  /// For each successor the ticks that must pass between the end of the place and its begin.
  let successorLags: UnsafeMutableBufferPointer<Int64>
  /// `optionStart[p]..<optionEnd[p]` are the options of place p in `ticks` and `joules`, fastest first.
  let optionStart: UnsafeMutableBufferPointer<Int32>
  let optionEnd: UnsafeMutableBufferPointer<Int32>
  /// Ticks of each option, rising within a table.
  let ticks: UnsafeMutableBufferPointer<Int64>
  /// Effective joules of each option, falling within a table.
  let joules: UnsafeMutableBufferPointer<Double>

  init(_ problem: IterationProblem, scaled: ScaledProblem) {
    let graph = problem.graph
    count = graph.count
    instructions = graph.topologicalOrder
    var place = [Int](repeating: 0, count: count)
    for (index, instruction) in instructions.enumerated() { place[instruction] = index }
    let before = instructions.map {
      zip(graph.predecessors(of: $0), graph.lagsSeconds(before: $0)).map { (place[$0], problem.lagTicks($1)) }
        .sorted { $0.0 < $1.0 }
    }
    let after = instructions.map {
      zip(graph.successors(of: $0), graph.lagsSeconds(after: $0)).map { (place[$0], problem.lagTicks($1)) }
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

  /// The same problem backwards in time: place p becomes place `count - 1 - p`.
  init(reversing space: PlanSpace) {
    let (count, backwards) = (space.count, (0..<space.count).reversed())
    self.count = count
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
    (0..<count).reversed().flatMap { place in
      successors(of: place).reversed().map { predecessors(of: Int($0)).firstIndex(of: Int32(place))! }
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

  /// The places before `place`.
  @inline(__always)
  func predecessors(of place: Int) -> UnsafeMutableBufferPointer<Int32>.SubSequence {
    predecessors[Int(predecessorStart[place])..<Int(predecessorStart[place + 1])]
  }

  /// The places after `place`.
  @inline(__always)
  func successors(of place: Int) -> UnsafeMutableBufferPointer<Int32>.SubSequence {
    successors[Int(successorStart[place])..<Int(successorStart[place + 1])]
  }

  /// The lags before `place`, in the order of its predecessors.
  @inline(__always)
  func predecessorLags(of place: Int) -> UnsafeMutableBufferPointer<Int64>.SubSequence {
    predecessorLags[Int(predecessorStart[place])..<Int(predecessorStart[place + 1])]
  }

  /// The lags after `place`, in the order of its successors.
  @inline(__always)
  func successorLags(of place: Int) -> UnsafeMutableBufferPointer<Int64>.SubSequence {
    successorLags[Int(successorStart[place])..<Int(successorStart[place + 1])]
  }

  /// The slowest option of `place` that lasts at most `available` ticks; nil when even the fastest lasts longer.
  ///
  /// - Complexity: O(log options).
  @inline(__always)
  func slowestOption(of place: Int, within available: Int64) -> Int32? {
    var low = optionStart[place]
    var high = optionEnd[place]
    while low < high {
      let middle = (low + high) >> 1
      if ticks[Int(middle)] > available { high = middle } else { low = middle + 1 }
    }
    return low == optionStart[place] ? nil : low - 1
  }

  /// A plan as each instruction's position in its table's efficient options.
  func choices(of options: [Int32]) -> [UInt16] {
    var choices = [UInt16](repeating: 0, count: count)
    for place in 0..<count { choices[instructions[place]] = UInt16(options[place] - optionStart[place]) }
    return choices
  }

  /// Effective joules of a plan, summed in the order of the places.
  func joules(of options: [Int32]) -> Double { options.reduce(0) { $0 + joules[Int($1)] } }

  /// The longest path of a plan in ticks; O(instructions + dependencies).
  func longestPath(_ options: [Int32]) -> Int64 {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: count) { ends in
      var longest: Int64 = 0
      for place in 0..<count {
        var start: Int64 = 0
        for index in Int(predecessorStart[place])..<Int(predecessorStart[place + 1]) {
          start = max(start, ends[Int(predecessors[index])] + predecessorLags[index])
        }
        ends[place] = start + ticks[Int(options[place])]
        longest = max(longest, ends[place])
      }
      return longest
    }
  }

  /// Where ``EventNetwork`` merged two events, what flows along the dependency is what flows through the instruction on the
  /// side where it is alone.
  private static func arcs(of graph: InstructionGraph, in order: [Int]) -> [Int] {
    var place = [Int](repeating: 0, count: graph.count)
    for (index, instruction) in order.enumerated() { place[instruction] = index }
    var arcs = [[Int]](repeating: [], count: graph.count)
    var nextArc = graph.count
    for instruction in 0..<graph.count {
      var found: [(place: Int, arc: Int)] = []
      let predecessors = graph.predecessors(of: instruction)
      for (before, lag) in zip(predecessors, graph.lagsSeconds(before: instruction)) {
        let arc: Int
        if EventNetwork.merges(graph, before: before, after: instruction, lagSeconds: lag) {
          arc = predecessors.count == 1 ? instruction : before
        } else {
          arc = nextArc
          nextArc += 1
        }
        found.append((place[before], arc))
      }
      arcs[instruction] = found.sorted { $0.place < $1.place }.map(\.arc)
    }
    return order.flatMap { arcs[$0] }
  }

  private static func flatten(
    _ neighbours: [[(place: Int, lag: Int64)]]
  ) -> (
    start: UnsafeMutableBufferPointer<Int32>, places: UnsafeMutableBufferPointer<Int32>,
    lags: UnsafeMutableBufferPointer<Int64>
  ) {
    var start: [Int32] = [0]
    for list in neighbours { start.append(start.last! + Int32(list.count)) }
    return (
      copy(start), copy(neighbours.flatMap { $0.map { Int32($0.place) } }), copy(neighbours.flatMap { $0.map(\.lag) })
    )
  }

  private static func copy<Element>(_ array: [Element]) -> UnsafeMutableBufferPointer<Element> {
    let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: array.count)
    _ = buffer.initialize(from: array)
    return buffer
  }
}
