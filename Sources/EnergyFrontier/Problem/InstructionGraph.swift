/// What precedes what in one training iteration: a directed acyclic graph over instructions numbered from 0.
///
/// Stored as two compressed adjacency lists; attributes of the instructions live outside, in parallel arrays.
public struct InstructionGraph: Sendable, Equatable {
  /// Number of instructions.
  public let count: Int
  /// Instructions in an order in which every dependency points forward; ties by number, so it is reproducible.
  public let topologicalOrder: [Int]
  private let predecessorStart: [Int]
  private let predecessorList: [Int]
  private let successorStart: [Int]
  private let successorList: [Int]

  /// Builds the graph in O(instructions + dependencies); a repeated dependency counts once.
  ///
  /// - Throws: ``FrontierError`` when a dependency is out of range or the dependencies form a cycle.
  public init(count: Int, dependencies: [(before: Int, after: Int)]) throws(FrontierError) {
    guard count > 0 else { throw .noInstructions }
    for (index, dependency) in dependencies.enumerated() {
      for end in [dependency.before, dependency.after] where !(0..<count).contains(end) {
        throw .dependencyOutOfRange(dependency: index, instruction: end, count: count)
      }
    }
    let unique = Self.withoutRepeats(dependencies)
    self.count = count
    (successorStart, successorList) = Self.compress(unique.map { ($0.before, $0.after) }, count: count)
    (predecessorStart, predecessorList) = Self.compress(unique.map { ($0.after, $0.before) }, count: count)
    topologicalOrder = Self.sorted(count: count, start: successorStart, list: successorList)
    if topologicalOrder.count < count { throw .cyclicDependencies(cycle: findCycle()) }
  }

  /// Instructions that must end before `instruction` begins.
  public func predecessors(of instruction: Int) -> ArraySlice<Int> {
    predecessorList[predecessorStart[instruction]..<predecessorStart[instruction + 1]]
  }

  /// Instructions that may begin only after `instruction` has ended.
  public func successors(of instruction: Int) -> ArraySlice<Int> {
    successorList[successorStart[instruction]..<successorStart[instruction + 1]]
  }

  /// Number of distinct dependencies.
  public var dependencyCount: Int { successorList.count }

  private static func withoutRepeats(
    _ dependencies: [(before: Int, after: Int)]
  ) -> [(before: Int, after: Int)] {
    let sorted = dependencies.sorted { ($0.before, $0.after) < ($1.before, $1.after) }
    var unique: [(before: Int, after: Int)] = []
    unique.reserveCapacity(sorted.count)
    for dependency in sorted {
      if let last = unique.last, last == dependency { continue }
      unique.append(dependency)
    }
    return unique
  }

  private static func compress(_ pairs: [(Int, Int)], count: Int) -> (start: [Int], list: [Int]) {
    var start = [Int](repeating: 0, count: count + 1)
    for (from, _) in pairs { start[from + 1] += 1 }
    for index in 0..<count { start[index + 1] += start[index] }
    var next = start
    var list = [Int](repeating: 0, count: pairs.count)
    for (from, to) in pairs {
      list[next[from]] = to
      next[from] += 1
    }
    return (start, list)
  }

  /// Kahn's algorithm; instructions on a cycle, or behind one, are left out.
  private static func sorted(count: Int, start: [Int], list: [Int]) -> [Int] {
    var waiting = [Int](repeating: 0, count: count)
    for after in list { waiting[after] += 1 }
    var order = (0..<count).filter { waiting[$0] == 0 }
    order.reserveCapacity(count)
    var next = 0
    while next < order.count {
      let before = order[next]
      next += 1
      for after in list[start[before]..<start[before + 1]] {
        waiting[after] -= 1
        if waiting[after] == 0 { order.append(after) }
      }
    }
    return order
  }

  /// Walks predecessors among the instructions that could not be sorted until one repeats.
  private func findCycle() -> [Int] {
    let sorted = Set(topologicalOrder)
    guard var instruction = (0..<count).first(where: { !sorted.contains($0) }) else { return [] }
    var seenAt: [Int: Int] = [:]
    var path: [Int] = []
    while seenAt[instruction] == nil {
      seenAt[instruction] = path.count
      path.append(instruction)
      guard let before = predecessors(of: instruction).first(where: { !sorted.contains($0) }) else { return [] }
      instruction = before
    }
    return path[seenAt[instruction]!...].reversed()
  }
}
