/// The arrays that rounding and local search walk: the problem in ticks, with adjacency in flat lists.
struct PlanSpace: Sendable {
  let scaled: ScaledProblem
  let count: Int
  let order: [Int32]
  let table: [Int32]
  let predecessorStart: [Int32]
  let predecessors: [Int32]
  let successorStart: [Int32]
  let successors: [Int32]

  init(_ problem: IterationProblem, scaled: ScaledProblem) {
    let graph = problem.graph
    self.scaled = scaled
    count = graph.count
    order = graph.topologicalOrder.map(Int32.init)
    table = problem.tableOfInstruction.map(Int32.init)
    (predecessorStart, predecessors) = Self.flatten(graph.count, graph.predecessors(of:))
    (successorStart, successors) = Self.flatten(graph.count, graph.successors(of:))
  }

  private static func flatten(_ count: Int, _ neighbours: (Int) -> ArraySlice<Int>) -> (start: [Int32], list: [Int32]) {
    var start: [Int32] = [0]
    var list: [Int32] = []
    for instruction in 0..<count {
      list += neighbours(instruction).map(Int32.init)
      start.append(Int32(list.count))
    }
    return (start, list)
  }
}
