/// What precedes what in one training iteration: a directed acyclic graph over instructions numbered from 0.
///
/// A dependency may have a *lag*: its successor begins only that long after its predecessor has ended, as when the
/// result of one is sent to the other. No device is busy meanwhile.
///
/// Stored as two compressed adjacency lists; attributes of the instructions live outside, in parallel arrays.
public struct InstructionGraph: Sendable, Equatable {
  /// That one instruction must end, and a lag pass, before another begins.
  public struct Dependency: Sendable, Equatable {
    public let before: Int
    public let after: Int
    /// Seconds between the end of the one and the begin of the other, at least; not negative, at most
    /// ``Measurement/acceptedRange``'s upper bound.
    public let lagSeconds: Double

    public init(before: Int, after: Int, lagSeconds: Double = 0) {
      self.before = before
      self.after = after
      self.lagSeconds = lagSeconds
    }
  }

  /// Number of instructions.
  public let count: Int
  /// Instructions in an order in which every dependency points forward; ties by number, so it is reproducible.
  public let topologicalOrder: [Int]
  private let predecessorStart: [Int]
  private let predecessorList: [Int]
  private let successorStart: [Int]
  private let successorList: [Int]
  /// Parallel to the lists.
  private let predecessorLags: [Double]
  private let successorLags: [Double]

  /// Builds a graph without lags; see ``init(count:lagged:)``.
  public init(count: Int, dependencies: [(before: Int, after: Int)]) throws(FrontierError) {
    try self.init(count: count, lagged: dependencies.map { Dependency(before: $0.before, after: $0.after) })
  }

  /// Builds the graph in O(instructions + dependencies log successors); of a repeated dependency the longest lag
  /// counts.
  ///
  /// - Throws: ``FrontierError`` when a dependency is out of range, a lag is negative or not finite, or the
  ///   dependencies form a cycle.
  public init(count: Int, lagged dependencies: [Dependency]) throws(FrontierError) {
    guard count > 0 else { throw .noInstructions }
    for (index, dependency) in dependencies.enumerated() {
      for end in [dependency.before, dependency.after] where !(0..<count).contains(end) {
        throw .dependencyOutOfRange(dependency: index, instruction: end, count: count)
      }
      guard dependency.lagSeconds >= 0, dependency.lagSeconds <= Measurement.acceptedRange.upperBound else {
        throw .invalidLag(dependency: index, seconds: dependency.lagSeconds)
      }
    }
    let unique = Self.withoutRepeats(count: count, dependencies)
    self.count = count
    (successorStart, successorList, successorLags) = Self.compress(
      unique.map { ($0.before, $0.after, $0.lagSeconds) }, count: count)
    (predecessorStart, predecessorList, predecessorLags) = Self.compress(
      unique.map { ($0.after, $0.before, $0.lagSeconds) }, count: count)
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

  /// Whether any dependency has a lag. O(dependencies).
  public var hasLags: Bool { predecessorLags.contains { $0 > 0 } }

  /// Seconds that must pass between the end of each predecessor and the begin of `instruction`, in the order of
  /// ``predecessors(of:)``.
  public func lagsSeconds(before instruction: Int) -> ArraySlice<Double> {
    predecessorLags[predecessorStart[instruction]..<predecessorStart[instruction + 1]]
  }

  /// Seconds that must pass between the end of `instruction` and the begin of each successor, in the order of
  /// ``successors(of:)``.
  public func lagsSeconds(after instruction: Int) -> ArraySlice<Double> {
    successorLags[successorStart[instruction]..<successorStart[instruction + 1]]
  }

  /// The lags of all dependencies, added up.
  var lagSumSeconds: Double { predecessorLags.reduce(0, +) }

  /// Number of distinct dependencies.
  public var dependencyCount: Int { successorList.count }

  /// By rising predecessor, then successor, each pair once with its longest lag.
  private static func withoutRepeats(count: Int, _ dependencies: [Dependency]) -> [Dependency] {
    // Counted into place by predecessor; most instructions have few successors to be sorted among themselves.
    var start = [Int](repeating: 0, count: count + 1)
    for dependency in dependencies { start[dependency.before + 1] += 1 }
    for index in 0..<count { start[index + 1] += start[index] }
    var next = start
    var sorted = dependencies
    for dependency in dependencies {
      sorted[next[dependency.before]] = dependency
      next[dependency.before] += 1
    }
    var unique: [Dependency] = []
    unique.reserveCapacity(sorted.count)
    for before in 0..<count where start[before] < start[before + 1] {
      let range = start[before]..<start[before + 1]
      // The longest lag comes first and is the one that stays.
      if range.count > 1 { sorted[range].sort { ($0.after, -$0.lagSeconds) < ($1.after, -$1.lagSeconds) } }
      for dependency in sorted[range] {
        if let last = unique.last, last.before == before, last.after == dependency.after { continue }
        unique.append(dependency)
      }
    }
    return unique
  }

  private static func compress(
    _ pairs: [(Int, Int, Double)], count: Int
  ) -> (start: [Int], list: [Int], lags: [Double]) {
    var start = [Int](repeating: 0, count: count + 1)
    for (from, _, _) in pairs { start[from + 1] += 1 }
    for index in 0..<count { start[index + 1] += start[index] }
    var next = start
    var list = [Int](repeating: 0, count: pairs.count)
    var lags = [Double](repeating: 0, count: pairs.count)
    for (from, to, lag) in pairs {
      list[next[from]] = to
      lags[next[from]] = lag
      next[from] += 1
    }
    return (start, list, lags)
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
