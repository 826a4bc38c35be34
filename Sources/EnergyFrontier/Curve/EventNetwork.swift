/// The activity-on-arc form of an instruction graph: events are nodes, instructions are arcs, a dependency is an arc as
/// long as its lag, which is mostly 0.
///
/// Every instruction begins at an event and ends at one. Two events that a lone dependency without lag joins are one:
/// when an instruction has a single predecessor, or a predecessor has no other successor, nothing is lost by letting
/// the one's end be the other's beginning, because an instruction's arc may be longer than the instruction. On 1F1B
/// this merges a third of the events away.
struct EventNetwork: Sendable {
  /// The event before everything else is node 0.
  static let source = 0
  /// The event after everything else.
  let sink: Int
  let nodeCount: Int
  /// Arc `i` below the number of instructions is instruction `i`; the others are dependencies.
  let tails: [Int]
  let heads: [Int]
  let instructionCount: Int
  /// Seconds of each dependency's arc: arc `instructionCount + d` has lag `lagsSeconds[d]`.
  let lagsSeconds: [Double]

  /// Whether the arc of a dependency is left out because its two events are one; ``PlanSpace`` numbers the arcs by the
  /// same rule.
  static func merges(_ graph: InstructionGraph, before: Int, after: Int, lagSeconds: Double) -> Bool {
    lagSeconds == 0 && (graph.predecessors(of: after).count == 1 || graph.successors(of: before).count == 1)
  }

  init(_ graph: InstructionGraph) {
    let count = graph.count
    // Before merging: source 0, sink 1, then the beginning and the end of each instruction.
    var merged = DisjointSets(count: 2 + 2 * count)
    func beginning(_ instruction: Int) -> Int { 2 + 2 * instruction }
    func end(_ instruction: Int) -> Int { 3 + 2 * instruction }
    var kept: [InstructionGraph.Dependency] = []
    for instruction in 0..<count {
      let predecessors = graph.predecessors(of: instruction)
      if predecessors.isEmpty { merged.join(beginning(instruction), 0) }
      if graph.successors(of: instruction).isEmpty { merged.join(end(instruction), 1) }
      for (before, lag) in zip(predecessors, graph.lagsSeconds(before: instruction)) {
        if Self.merges(graph, before: before, after: instruction, lagSeconds: lag) {
          merged.join(beginning(instruction), end(before))
        } else {
          kept.append(.init(before: before, after: instruction, lagSeconds: lag))
        }
      }
    }
    // Number the events that are left in the order in which they can happen, which keeps neighbours close in memory.
    var number = [Int](repeating: -1, count: 2 + 2 * count)
    number[merged.root(of: 0)] = 0
    var next = 1
    for instruction in graph.topologicalOrder {
      for event in [beginning(instruction), end(instruction)] where number[merged.root(of: event)] < 0 {
        number[merged.root(of: event)] = next
        next += 1
      }
    }
    nodeCount = next
    sink = number[merged.root(of: 1)]
    instructionCount = count
    lagsSeconds = kept.map(\.lagSeconds)
    tails =
      (0..<count).map { number[merged.root(of: beginning($0))] } + kept.map { number[merged.root(of: end($0.before))] }
    heads =
      (0..<count).map { number[merged.root(of: end($0))] } + kept.map { number[merged.root(of: beginning($0.after))] }
  }

  /// The earliest time of each event in ticks when each instruction lasts as long as given.
  ///
  /// - Complexity: O(instructions + dependencies).
  func earliestTimes(_ problem: IterationProblem, durations: (Int) -> Int64) -> [Int64] {
    let earliest = EarliestTimes(problem, durations: durations)
    var times = [Int64](repeating: 0, count: nodeCount)
    for instruction in 0..<instructionCount {
      times[tails[instruction]] = max(times[tails[instruction]], earliest.starts[instruction])
      times[heads[instruction]] = max(times[heads[instruction]], earliest.ends[instruction])
    }
    return times
  }
}

/// Union by path halving; small enough here that no ranks are kept.
private struct DisjointSets {
  private var parent: [Int]

  init(count: Int) { parent = Array(0..<count) }

  mutating func root(of element: Int) -> Int {
    var element = element
    while parent[element] != element {
      parent[element] = parent[parent[element]]
      element = parent[element]
    }
    return element
  }

  mutating func join(_ a: Int, _ b: Int) { parent[root(of: a)] = root(of: b) }
}
