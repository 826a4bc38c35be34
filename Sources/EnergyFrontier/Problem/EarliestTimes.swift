/// When each instruction begins and ends at the earliest, in ticks: the longest paths from the iteration's start.
///
/// The solver's one forward pass over the instruction graph; plan searches have
/// ``PlanSpace/propagate(into:duration:lag:)``, which numbers instructions by position. ``CurveChecker`` keeps its own
/// on purpose: a check that shares code with what it checks would share its defects.
struct EarliestTimes {
  private(set) var starts: [Int64]
  private(set) var ends: [Int64]
  /// The longest path.
  private(set) var last: Int64 = 0

  /// - Parameters:
  ///   - durations: the ticks that each instruction takes.
  ///   - notBefore: a start that an instruction must await besides its dependencies, given the ends computed so far.
  /// - Complexity: O(instructions + dependencies).
  init(
    _ problem: IterationProblem, durations: (Int) -> Int64,
    notBefore: (_ instruction: Int, _ ends: [Int64]) -> Int64 = { _, _ in 0 }
  ) {
    let graph = problem.graph
    starts = [Int64](repeating: 0, count: graph.count)
    ends = starts
    for instruction in graph.topologicalOrder {
      var start = notBefore(instruction, ends)
      for (before, lag) in zip(graph.predecessors(of: instruction), graph.lagsSeconds(before: instruction)) {
        start = max(start, ends[before] + problem.lagTicks(lag))
      }
      starts[instruction] = start
      ends[instruction] = start + durations(instruction)
      last = max(last, ends[instruction])
    }
  }
}

extension IterationProblem {
  /// The longest path in ticks when the instructions of a table last as long as given; O(instructions + dependencies).
  func longestPathTicks(ofTable ticks: (Int) -> Int64) -> Int64 {
    let ofTable = tables.indices.map(ticks)
    return EarliestTimes(self, durations: { ofTable[tableOfInstruction[$0]] }).last
  }

  /// Ticks of the fastest iteration.
  var fastestTicks: Int64 { longestPathTicks { ticks(tables[$0].timeSeconds(at: 0)) } }
}
