import EnergyFrontier

/// The lower bound by a linear program over every measurement: no hull, no filter, no flow, no events.
///
/// Variables: for each instruction a share of each measurement and a start time. The shares of an instruction sum to 1;
/// it ends, and the lag passes, before its successors start, and it ends before T.
struct LowerBoundOracle {
  let problem: IterationProblem

  init(_ problem: IterationProblem) { self.problem = problem }

  /// Joules of all devices at iteration time T, waiting included; nil when no schedule lasts at most T.
  func energyJoules(at iterationTimeSeconds: Double) -> Double? {
    let count = problem.graph.count
    var costs: [Double] = []
    var shares: [[(variable: Int, seconds: Double)]] = []
    for instruction in 0..<count {
      let table = problem.table(of: instruction)
      var own: [(variable: Int, seconds: Double)] = []
      for measurement in table.measurements {
        own.append((costs.count, measurement.timeSeconds))
        costs.append(measurement.energyJoules - table.blockingPowerWatts * measurement.timeSeconds)
      }
      shares.append(own)
    }
    let firstStart = costs.count
    costs += [Double](repeating: 0, count: count)
    // Near 1 the solver's tolerances mean something.
    let largest = costs.map(abs).max() ?? 0
    let costScale = largest > 0 ? largest : 1
    var program = SimplexSolver(minimizing: costs.map { $0 / costScale })
    for instruction in 0..<count {
      program.addEquality(shares[instruction].map { ($0.variable, 1) }, equals: 1)
      let lasting = shares[instruction].map { ($0.variable, $0.seconds / iterationTimeSeconds) }
      program.addRow(lasting + [(firstStart + instruction, 1)], atMost: 1)
      let graph = problem.graph
      for (after, lag) in zip(graph.successors(of: instruction), graph.lagsSeconds(after: instruction)) {
        program.addRow(
          lasting + [(firstStart + instruction, 1), (firstStart + after, -1)], atMost: -lag / iterationTimeSeconds)
      }
    }
    guard let effective = program.solve() else { return nil }
    return Double(problem.deviceMultiplicity)
      * (effective * costScale + problem.waitingPowerWatts * iterationTimeSeconds)
  }

  /// The longest path when each instruction takes its shortest measured time.
  var minimumTimeSeconds: Double {
    longestPath { table in table.measurements.map(\.timeSeconds).min()! }
  }

  /// The longest path when each instruction takes the time of its least effective energy.
  var maximumTimeSeconds: Double {
    longestPath { table in
      table.measurements.min {
        ($0.energyJoules - table.blockingPowerWatts * $0.timeSeconds, $0.timeSeconds)
          < ($1.energyJoules - table.blockingPowerWatts * $1.timeSeconds, $1.timeSeconds)
      }!.timeSeconds
    }
  }

  private func longestPath(_ seconds: (OptionTable) -> Double) -> Double {
    var finish: [Int: Double] = [:]
    func finishing(_ instruction: Int) -> Double {
      if let known = finish[instruction] { return known }
      let lags = problem.graph.lagsSeconds(before: instruction)
      let start = zip(problem.graph.predecessors(of: instruction), lags).map { finishing($0) + $1 }.max() ?? 0
      let end = start + seconds(problem.table(of: instruction))
      finish[instruction] = end
      return end
    }
    return (0..<problem.graph.count).map(finishing).max()!
  }
}
