/// Checks pieces of the lower-bound curve one after the other, using the measurements and none of the tracer's state.
///
/// **Primal side.** Event times p give instruction i, from event u to event v, the time a_i = p_v - p_u. The two hull
/// points around a_i, mixed, last d_i <= a_i and cost h_i. Any such mix is a schedule, so no trust in the hull is
/// needed.
///
/// **Dual side.** A flow f >= 0 of value F that is conserved at each event is a sum of paths from source to sink. The
/// instructions of a path follow each other (checked once, at the start, against the dependencies), so in *every*
/// schedule that lasts T they take at most T together: sum f_i t_i <= F T. Hence every choice j of measured options
/// costs
///
///     sum c_ij >= sum (c_ij + f_i t_ij) - F T >= sum min_j (c_ij + f_i t_ij) - F T,
///
/// and mixes of options, being averages, cannot cost less either. This bound needs no optimality of the flow.
///
/// **Equality.** Conservation gives F T = sum f_a (p_head - p_tail) over all arcs, so cost less bound is
///
///     sum_i (h_i - min_j (c_ij + f_i (t_ij - d_i))) + sum_a f_a (length of a - d_a),       d_a = a dependency's lag.
///
/// A dependency's lag is a time like any other: an arc of that length, which the flow pays for too. No term is negative
/// but for rounding, and nothing cancels: the check is as sharp at a price of 10^15 W as at 1 W. When the sum is 0 at
/// both ends of a piece, the piece is optimal at both and, the bound being straight, in between.
///
/// **Tolerance.** Joules are sums and products of a few doubles: 2^-49 of the largest effective energy of each table. A
/// rounded time is half a tick off, which f_i watts turn into joules: one tick times f_i. The reported energy is a sum
/// over all pieces so far, with as many roundings. Flow and dependencies are integers and have no tolerance.
///
/// **Cost.** O(m + q) for each piece: m arcs, and q measurements summed over the instructions.
///
/// Reference: weak duality of Fulkerson's network (10.1287/mnsc.7.2.167).
struct CurveChecker {
  let events: EventNetwork
  let graph: InstructionGraph
  let tables: [MeasuredTable]
  let tableOfInstruction: [Int]
  let ticksPerSecond: Double
  let unitsPerWatt: Double
  let waitingPowerWatts: Double
  /// Ticks of the fastest iteration and of the slowest that is of any use.
  private let range: ClosedRange<Int64>
  private let problem: IterationProblem
  /// Ticks of each dependency's arc.
  private let arcLags: [Int64]
  private var found = CurveCertificate()
  /// Where the last piece ended, and its price.
  private var last: (fastTicks: Int64, price: FlowNetwork.Units)?

  init(_ problem: IterationProblem, scaled: ScaledProblem) {
    let tables = problem.tables.map { MeasuredTable($0, ticksPerSecond: scaled.ticksPerSecond) }
    events = EventNetwork(problem.graph)
    graph = problem.graph
    self.problem = problem
    arcLags = Self.arcLags(events, problem)
    self.tables = tables
    tableOfInstruction = problem.tableOfInstruction
    ticksPerSecond = scaled.ticksPerSecond
    unitsPerWatt = scaled.unitsPerWatt
    waitingPowerWatts = problem.waitingPowerWatts
    let fastest = Self.longestPath(problem) { tables[$0].points[0].rounded }
    let slowest = Self.longestPath(problem) { tables[$0].points[tables[$0].points.count - 1].rounded }
    range = fastest...slowest
    if let event = Self.eventWithoutDependency(events, graph) { fail(.flowWithoutDependency(event: event)) }
  }

  /// What was found in the pieces so far; it holds only when they cover the whole curve.
  var certificate: CurveCertificate {
    var certificate = found
    let missing = (last?.fastTicks ?? range.upperBound) - range.lowerBound
    if certificate.failure == nil, missing != 0 {
      certificate.failure = .rangeNotCovered(seconds: seconds(missing))
    }
    return certificate
  }

  /// Checks the next piece; pieces come slowest first.
  mutating func check(_ piece: CurvePiece) {
    found.pieceCount += 1
    let slowTicks = piece.slowTimes[events.sink] - piece.slowTimes[EventNetwork.source]
    let gap = slowTicks - (last?.fastTicks ?? range.upperBound)
    if gap != 0 { fail(.piecesApart(seconds: seconds(gap))) }
    if let last, piece.price <= last.price { fail(.priceNotRising(watts: watts(piece.price - last.price))) }
    last = (piece.fastTimes[events.sink] - piece.fastTimes[EventNetwork.source], piece.price)
    checkFlow(piece)
    for (times, joules) in [
      (piece.slowTimes, piece.slowEffectiveJoules), (piece.fastTimes, piece.fastEffectiveJoules),
    ] {
      checkOrder(times)
      checkCost(times, flows: piece.flows, reportedJoules: joules)
    }
  }

  /// Checks of a piece only that its flow is conserved and its event times can be kept.
  mutating func checkFeasibility(_ piece: CurvePiece) {
    found.pieceCount += 1
    checkFlow(piece)
    checkOrder(piece.fastTimes)
    for instruction in 0..<graph.count {
      let available = piece.fastTimes[events.heads[instruction]] - piece.fastTimes[events.tails[instruction]]
      let least = tables[tableOfInstruction[instruction]].points[0].rounded
      if available < least {
        fail(.durationOutOfRange(instruction: instruction, seconds: violate(by: least - available)))
      }
    }
  }

  /// Goes on with what was found in an earlier walk of the same bracket, which had other units.
  mutating func takeOver(_ earlier: CurveChecker) { found = earlier.found }

  /// What was found in pieces whose lines and schedules bracket `curve`.
  func certificate(ofBracketed curve: LowerBoundCurve) -> CurveCertificate {
    var certificate = found
    certificate.largestRelativeGap = curve.bracketFraction
    for point in curve.upperPoints where certificate.failure == nil {
      let below = curve.energyJoules(at: max(point.iterationTimeSeconds, curve.minimumTimeSeconds)) ?? .infinity
      if point.energyJoules < below * (1 - 1e-9) {
        certificate.failure = .belowBracket(seconds: point.iterationTimeSeconds, joules: point.energyJoules)
      }
    }
    return certificate
  }

  private mutating func checkFlow(_ piece: CurvePiece) {
    var surplus = [FlowNetwork.Units](repeating: 0, count: events.nodeCount)
    surplus[EventNetwork.source] = piece.price
    surplus[events.sink] = -piece.price
    for (arc, flow) in piece.flows.enumerated() {
      if flow < 0 { fail(.negativeFlow(arc: arc, watts: watts(flow))) }
      surplus[events.tails[arc]] -= flow
      surplus[events.heads[arc]] += flow
    }
    for (event, units) in surplus.enumerated() where units != 0 {
      found.largestFlowImbalanceWatts = max(found.largestFlowImbalanceWatts, abs(watts(units)))
      fail(.flowImbalance(event: event, watts: watts(units)))
    }
  }

  private mutating func checkOrder(_ times: [Int64]) {
    for instruction in 0..<graph.count {
      let end = times[events.heads[instruction]]
      for (after, lag) in zip(graph.successors(of: instruction), graph.lagsSeconds(after: instruction)) {
        let lateness = end + problem.lagTicks(lag) - times[events.tails[after]]
        if lateness > 0 { fail(.dependencyViolated(before: instruction, after: after, seconds: violate(by: lateness))) }
      }
      let outside = max(times[EventNetwork.source] - times[events.tails[instruction]], end - times[events.sink])
      if outside > 0 { fail(.outsideIteration(instruction: instruction, seconds: violate(by: outside))) }
    }
  }

  private mutating func checkCost(_ times: [Int64], flows: [FlowNetwork.Units], reportedJoules: Double) {
    var cost = 0.0
    var drawn = waitingPowerWatts * seconds(times[events.sink] - times[EventNetwork.source])
    var gap = 0.0
    var allowed = 0.0
    var rounding = 0.0
    for (arc, flow) in flows.enumerated() {
      let available = times[events.heads[arc]] - times[events.tails[arc]]
      // Joules per tick, so that times stay in ticks, where differences are exact.
      let flow = watts(flow) / ticksPerSecond
      guard arc < events.instructionCount else {
        gap += flow * Double(available - arcLags[arc - events.instructionCount])
        continue
      }
      let table = tables[tableOfInstruction[arc]]
      if available < table.points[0].rounded {
        let short = violate(by: table.points[0].rounded - available)
        fail(.durationOutOfRange(instruction: arc, seconds: short))
      }
      let mix = table.mix(lasting: available)
      found.largestTimeViolationSeconds = max(found.largestTimeViolationSeconds, mix.roundingTicks / ticksPerSecond)
      cost += mix.joules
      drawn += mix.drawnJoules
      gap += table.excess(of: mix, joulesPerTick: flow)
      gap += flow * (Double(available - mix.wholeTicks) - mix.roundingTicks)
      allowed += flow + table.roundingJoules
      rounding += table.roundingJoules
    }
    found.largestRelativeGap = max(found.largestRelativeGap, abs(gap) / drawn)
    if !(abs(gap) <= allowed) { fail(.dualityGap(joules: gap, allowedJoules: allowed)) }
    let mismatch = reportedJoules - cost
    let allowedMismatch = allowed + Double(found.pieceCount + graph.count) * rounding
    if !(abs(mismatch) <= allowedMismatch) {
      fail(.energyMismatch(joules: mismatch, allowedJoules: allowedMismatch))
    }
  }

  private mutating func fail(_ failure: CurveCertificate.Failure) {
    if found.failure == nil { found.failure = failure }
  }

  /// Records a violation and returns it in seconds.
  private mutating func violate(by ticks: Int64) -> Double {
    found.largestTimeViolationSeconds = max(found.largestTimeViolationSeconds, seconds(ticks))
    return seconds(ticks)
  }

  private func seconds(_ ticks: Int64) -> Double { Double(ticks) / ticksPerSecond }
  private func watts(_ units: FlowNetwork.Units) -> Double { Double(units) / unitsPerWatt }
}
