/// How long an iteration lasts for one set of times after another, without allocating; see ``IterationRun``.
struct LongestPath {
  private let order: [Int32]
  private let predecessorStart: [Int32]
  private let predecessors: [Int32]
  private let lagsSeconds: [Double]
  /// Seconds from the end of each instruction until its device is set for the next iteration.
  private var afterSeconds: [Double]
  private var finish: [Double]

  init(_ problem: IterationProblem, _ run: IterationRun) {
    let graph = problem.graph
    order = graph.topologicalOrder.map(Int32.init)
    var (start, list, lags): ([Int32], [Int32], [Double]) = ([0], [], [])
    for instruction in graph.topologicalOrder {
      list += graph.predecessors(of: instruction).map(Int32.init)
      lags += graph.lagsSeconds(before: instruction)
      if let switching = problem.switching, run.switchesBefore[instruction], let before = switching.before[instruction]
      {
        list.append(Int32(before))
        lags.append(run.latencySeconds(before: instruction))
      }
      start.append(Int32(list.count))
    }
    predecessorStart = start
    predecessors = list
    lagsSeconds = lags
    finish = Array(repeating: 0, count: graph.count)
    afterSeconds = finish
    for (index, rank) in (problem.switching?.ranks ?? []).enumerated() where run.switchesAtEnd[index] {
      afterSeconds[rank.instructions.last!] = run.latencySeconds(atEndOf: index)
    }
  }

  mutating func seconds(_ seconds: [Double]) -> Double {
    var longest = 0.0
    for (place, instruction) in order.enumerated() {
      var start = 0.0
      for edge in Int(predecessorStart[place])..<Int(predecessorStart[place + 1]) {
        start = max(start, finish[Int(predecessors[edge])] + lagsSeconds[edge])
      }
      let end = start + seconds[Int(instruction)]
      finish[Int(instruction)] = end
      longest = max(longest, end + afterSeconds[Int(instruction)])
    }
    return longest
  }
}
