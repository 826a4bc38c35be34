/// An iteration's time under a correction, and how it changes with each part of the correction.
///
/// The time is the longest path, hence convex and piecewise linear in all sizes but that of blocking: its slope is what
/// the longest path holds of each.
public struct MachineModel: Sendable {
  let problem: IterationProblem
  /// The instructions of each rank, in their order.
  let ranks: [[Int]]
  let rankOfInstruction: [Int]
  private let free: Network
  /// Nil where senders that wait would lock each other out.
  private let blocking: Network?

  /// - Parameter ranks: the instructions of each rank, in the order that the dependencies fix.
  /// - Complexity: O(instructions + dependencies).
  public init(_ problem: IterationProblem, ranks: [[Int]]) {
    self.problem = problem
    self.ranks = ranks
    var rankOfInstruction = [Int](repeating: 0, count: problem.graph.count)
    for (rank, instructions) in ranks.enumerated() {
      for instruction in instructions { rankOfInstruction[instruction] = rank }
    }
    self.rankOfInstruction = rankOfInstruction
    free = Network(problem.graph, extra: [], rankOfInstruction)
    let waits = Self.blockedDependencies(problem.graph, ranks, rankOfInstruction)
    blocking = waits.isEmpty ? nil : Network(blocking: problem.graph, waits, rankOfInstruction)
  }

  /// Whether blocking transfers can be told from free ones.
  var canBlock: Bool { blocking != nil }

  /// After sending the output of an instruction, a rank begins its next one when the receiver has ended what it runs
  /// before the instruction that needs that output.
  static func blockedDependencies(
    _ graph: InstructionGraph, _ ranks: [[Int]], _ rankOfInstruction: [Int]
  ) -> [InstructionGraph.Dependency] {
    var (before, after) = ([Int: Int](), [Int: Int]())
    for rank in ranks {
      for (earlier, later) in zip(rank, rank.dropFirst()) { (before[later], after[earlier]) = (earlier, later) }
    }
    var waits: [InstructionGraph.Dependency] = []
    for sender in 0..<graph.count {
      guard let next = after[sender] else { continue }
      for receiver in graph.successors(of: sender) where rankOfInstruction[receiver] != rankOfInstruction[sender] {
        guard let busy = before[receiver], busy != sender, !graph.predecessors(of: next).contains(busy) else {
          continue
        }
        waits.append(.init(before: busy, after: next))
      }
    }
    return waits
  }

  /// The graph of a corrected problem.
  ///
  /// The overhead of an iteration is a lag behind its first instruction, or before its last; where neither is unique it
  /// is left out.
  ///
  /// - Complexity: O(instructions + dependencies).
  public func graph(_ correction: ModelCorrection) throws(FrontierError) -> InstructionGraph {
    let graph = problem.graph
    let end = Self.overheadEnd(graph)
    var edges: [InstructionGraph.Dependency] = []
    for after in 0..<graph.count {
      for (before, lag) in zip(graph.predecessors(of: after), graph.lagsSeconds(before: after)) {
        let transfer = rankOfInstruction[before] != rankOfInstruction[after] ? correction.transferSeconds : 0
        let overhead = before == end || after == end ? correction.iterationOverheadSeconds : 0
        edges.append(.init(before: before, after: after, lagSeconds: lag + transfer + overhead))
      }
    }
    if correction.blocksTransfers { edges += Self.blockedDependencies(graph, ranks, rankOfInstruction) }
    return try InstructionGraph(count: graph.count, lagged: edges)
  }

  /// The one instruction that all others follow, or that follows all others, through whose dependencies every longest
  /// path goes once.
  static func overheadEnd(_ graph: InstructionGraph) -> Int? {
    if graph.count < 2 { return nil }
    let first = (0..<graph.count).filter { graph.predecessors(of: $0).isEmpty }
    if first.count == 1 { return first[0] }
    let last = (0..<graph.count).filter { graph.successors(of: $0).isEmpty }
    return last.count == 1 ? last[0] : nil
  }

  /// A graph with what of it is a transfer.
  private struct Network: Sendable {
    let graph: InstructionGraph
    /// By instruction, for each of its predecessors.
    let isTransfer: [[Bool]]

    init(_ graph: InstructionGraph, extra: Set<Int>, _ rankOfInstruction: [Int]) {
      self.graph = graph
      isTransfer = (0..<graph.count).map { after in
        graph.predecessors(of: after).map { before in
          rankOfInstruction[before] != rankOfInstruction[after] && !extra.contains(before * graph.count + after)
        }
      }
    }

    init?(blocking graph: InstructionGraph, _ waits: [InstructionGraph.Dependency], _ rankOfInstruction: [Int]) {
      let edges = (0..<graph.count).flatMap { after in
        zip(graph.predecessors(of: after), graph.lagsSeconds(before: after)).map {
          InstructionGraph.Dependency(before: $0, after: after, lagSeconds: $1)
        }
      }
      guard let whole = try? InstructionGraph(count: graph.count, lagged: edges + waits) else { return nil }
      self.init(whole, extra: Set(waits.map { $0.before * graph.count + $0.after }), rankOfInstruction)
    }
  }
}

extension MachineModel {
  /// What an iteration does when each instruction runs with the measurement given, an index into its table.
  ///
  /// O(instructions + dependencies).
  public func outcome(_ measurements: [Int], _ correction: ModelCorrection) -> IterationOutcome {
    let run = run(measurements)
    let seconds = iterationTime(of: run, correction).seconds
    return IterationOutcome(
      iterationTimeSeconds: seconds, energyJoules: energyJoules(of: run, lasting: seconds, correction))
  }

  /// One plan as the model runs it.
  struct Run {
    let seconds: [Double]
    /// Where a change of setting takes time: the instruction before and the latency.
    let switchBefore: [Int: (Int, Double)]
    let switchAfter: [Int: Double]
    /// For each rank the measured seconds of its instructions.
    let busySeconds: [Double]
    /// Joules without what all ranks' devices have in common: of all instructions, and blocking power times their time.
    let instructionJoules: Double
    let blockingJoules: Double
    let switchJoules: Double
  }

  /// What the longest path holds of each part of a correction.
  struct Slopes {
    var transfers = 0.0
    var instructions = 0.0
    /// Measured seconds on each rank.
    var seconds: [Double]
  }

  func run(_ measurements: [Int]) -> Run {
    var seconds = [Double](repeating: 0, count: problem.graph.count)
    var busy = [Double](repeating: 0, count: ranks.count)
    var (joules, blocking) = (0.0, 0.0)
    let tables = problem.tables.map(\.measurements)
    let (powers, devices) = (problem.tables.map(\.blockingPowerWatts), problem.tables.map { Double($0.deviceCount) })
    for (instruction, table) in problem.tableOfInstruction.enumerated() {
      let measurement = tables[table][measurements[instruction]]
      seconds[instruction] = measurement.timeSeconds
      busy[rankOfInstruction[instruction]] += measurement.timeSeconds
      joules += devices[table] * measurement.energyJoules
      blocking += devices[table] * powers[table] * measurement.timeSeconds
    }
    var (before, after): ([Int: (Int, Double)], [Int: Double]) = ([:], [:])
    var switchJoules = 0.0
    if let switching = problem.switching, !switching.isFree {
      let run = IterationRun(problem, measurements: measurements)
      switchJoules = switching.energyJoules(of: run)
      (before, after) = switching.latenciesSeconds(in: run)
    }
    return Run(
      seconds: seconds, switchBefore: before, switchAfter: after, busySeconds: busy, instructionJoules: joules,
      blockingJoules: blocking, switchJoules: switchJoules)
  }

  /// The iteration time of a run, and what its longest path holds. O(instructions + dependencies).
  func iterationTime(of run: Run, _ correction: ModelCorrection) -> (seconds: Double, slopes: Slopes) {
    let network = (correction.blocksTransfers ? blocking : nil) ?? free
    let graph = network.graph
    var finish = [Double](repeating: 0, count: graph.count)
    // For each instruction what it waited for, and whether that was a transfer.
    var cause = [(before: Int, isTransfer: Bool)](repeating: (-1, false), count: graph.count)
    var (last, latest) = (-1, 0.0)
    for instruction in graph.topologicalOrder {
      var start = 0.0
      func wait(_ before: Int, _ until: Double, isTransfer: Bool) {
        if until > start { (start, cause[instruction]) = (until, (before, isTransfer)) }
      }
      var position = 0
      for (before, lag) in zip(graph.predecessors(of: instruction), graph.lagsSeconds(before: instruction)) {
        let isTransfer = network.isTransfer[instruction][position]
        wait(before, finish[before] + lag + (isTransfer ? correction.transferSeconds : 0), isTransfer: isTransfer)
        position += 1
      }
      if let (before, latency) = run.switchBefore[instruction] {
        wait(before, finish[before] + latency, isTransfer: false)
      }
      let factor = correction.rankFactors[rankOfInstruction[instruction]]
      finish[instruction] = start + factor * run.seconds[instruction] + correction.instructionOverheadSeconds
      let end = finish[instruction] + (run.switchAfter[instruction] ?? 0)
      if end > latest { (last, latest) = (instruction, end) }
    }
    var slopes = Slopes(seconds: Array(repeating: 0, count: ranks.count))
    var instruction = last
    while instruction >= 0 {
      slopes.instructions += 1
      slopes.seconds[rankOfInstruction[instruction]] += run.seconds[instruction]
      if cause[instruction].isTransfer { slopes.transfers += 1 }
      instruction = cause[instruction].before
    }
    return (latest + correction.iterationOverheadSeconds, slopes)
  }

  /// Seconds that each rank works in a run, waiting left out.
  func busySeconds(of run: Run, _ correction: ModelCorrection) -> [Double] {
    ranks.indices.map {
      correction.rankFactors[$0] * run.busySeconds[$0]
        + correction.instructionOverheadSeconds * Double(ranks[$0].count)
    }
  }

  /// Joules of all devices in an iteration of the given time; the time that instructions take beyond what was measured
  /// is drawn at the blocking power.
  func energyJoules(of run: Run, lasting seconds: Double, _ correction: ModelCorrection) -> Double {
    Double(problem.deviceMultiplicity)
      * (correction.energyFactor * run.instructionJoules + run.switchJoules + correction.waitingFactor
        * (problem.waitingPowerWatts * seconds - run.blockingJoules)) + correction.energyOffsetJoules
  }
}
