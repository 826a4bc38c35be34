/// The residual network of the parametric flow: what flows on each arc, and which way each arc can still give.
///
/// An instruction's arc is a stack of parallel pieces, longest first. With hull times t_0 < ... < t_k and slopes
/// s_1 > ... > s_k > 0 (s_0 unbounded, s_{k+1} = 0) the flow f on it lies in one interval s_{j+1} <= f < s_j, and then
///
///     forwards it may take s_j - f more, at length t_j;
///     backwards it may give up f - s_{j+1} at length t_j, or, when that is nothing, the piece above at length t_{j+1}.
///
/// So one residual arc each way is enough, and `length` of each is kept up to date as the flow changes.
/// A dependency is the same thing with the single point t_0 = its lag.
///
/// The arrays are unsafe buffers because the shortest-path search reads them about ten thousand times for each
/// breakpoint; they are reached only from this folder, and bounds are checked in debug builds.
final class FlowNetwork {
  /// Prices and flows, in multiples of a power of two of a watt.
  typealias Units = Int128

  /// More than any sum of flows or capacities.
  static let unbounded: Units = 1 << 124
  /// The length of a residual arc that does not exist: shorter than any path.
  static let absent: Int64 = -(1 << 61)

  let nodeCount: Int
  let arcCount: Int
  /// `firstArc[v]..<firstArc[v + 1]` are the residual arcs that leave node v.
  let firstArc: UnsafeMutableBufferPointer<Int32>
  let residuals: UnsafeMutableBufferPointer<Residual>
  private let states: UnsafeMutableBufferPointer<State>

  /// What flows on an arc, and the j of the header that follows from it.
  private struct State {
    var flow: Units
    var piece: Int32
  }

  /// One direction of one arc.
  struct Residual {
    /// Ticks gained towards the sink; ``FlowNetwork/absent`` where nothing can flow. Negative backwards.
    var length: Int64
    let head: Int32
    /// Twice the arc's number, plus one backwards.
    let label: Int32
  }

  private let firstPoint: [Int32]
  private let times: [Int64]
  private let slopes: [Units]
  /// Where each arc's two residuals stand in `residuals`, at twice its number and the place after.
  private let places: [Int32]

  init(_ events: EventNetwork, problem: IterationProblem, scaled: ScaledProblem) {
    nodeCount = events.nodeCount
    arcCount = events.tails.count

    // All hulls in a row, each closed by the slope 0; then one for each distinct lag of a dependency.
    var times: [Int64] = []
    var slopes: [Units] = []
    var firstPointOfTable: [Int32] = []
    for table in scaled.tables {
      firstPointOfTable.append(Int32(times.count))
      times += table.hull.map { table.ticks[$0] } + [0]
      slopes += table.slopes + [0]
    }
    var pointOfLag: [Int64: Int32] = [:]
    var firstPoint = problem.tableOfInstruction.map { firstPointOfTable[$0] }
    for lag in events.lagsSeconds {
      let ticks = problem.lagTicks(lag)
      if pointOfLag[ticks] == nil {
        pointOfLag[ticks] = Int32(times.count)
        times += [ticks, 0]
        slopes += [Self.unbounded, 0]
      }
      firstPoint.append(pointOfLag[ticks] ?? 0)
    }
    self.times = times
    self.slopes = slopes
    self.firstPoint = firstPoint
    states = .allocate(capacity: arcCount)
    for arc in 0..<arcCount {
      let points = arc < events.instructionCount ? scaled.tables[problem.tableOfInstruction[arc]].hull.count : 1
      states.initializeElement(at: arc, to: State(flow: 0, piece: Int32(points - 1)))
    }

    var degree = [Int32](repeating: 0, count: nodeCount)
    for arc in 0..<arcCount {
      degree[events.tails[arc]] += 1
      degree[events.heads[arc]] += 1
    }
    firstArc = .allocate(capacity: nodeCount + 1)
    firstArc.initialize(repeating: 0)
    for node in 0..<nodeCount { firstArc[node + 1] = firstArc[node] + degree[node] }
    residuals = .allocate(capacity: 2 * arcCount)
    residuals.initialize(repeating: Residual(length: Self.absent, head: 0, label: 0))
    var places = [Int32](repeating: 0, count: 2 * arcCount)
    var next = Array(firstArc)
    for arc in 0..<arcCount {
      for (side, (from, to)) in [
        (events.tails[arc], events.heads[arc]), (events.heads[arc], events.tails[arc]),
      ].enumerated() {
        places[2 * arc + side] = next[from]
        residuals[Int(next[from])] = Residual(
          length: Self.absent, head: Int32(to), label: Int32(2 * arc + side))
        next[from] += 1
      }
    }
    self.places = places
    // A slope may round to nothing; skip such pieces from the start.
    for arc in 0..<arcCount { settle(arc) }
  }

  deinit {
    firstArc.deallocate()
    residuals.deallocate()
    states.deallocate()
  }

  /// Like `Double(units)` but for the last digit, without its generic code, which dominated the walk's profile.
  static func double(_ units: Units) -> Double {
    Double(Int64(truncatingIfNeeded: units >> 64)) * 0x1p64 + Double(UInt64(truncatingIfNeeded: units))
  }

  /// What flows on `arc`.
  func flow(on arc: Int) -> Units { states[arc].flow }

  /// Places in `residuals` of the arcs that leave `node`.
  @inline(__always)
  func arcs(leaving node: Int) -> Range<Int> { Int(firstArc[node])..<Int(firstArc[node + 1]) }

  /// How much more can flow along the residual arc `label`; at least 1 where the arc is present.
  func capacity(_ label: Int32) -> Units {
    let arc = Int(label >> 1)
    let flow = states[arc].flow
    let point = Int(firstPoint[arc] + states[arc].piece)
    if label & 1 == 0 { return point == firstPoint[arc] ? Self.unbounded : slopes[point] - flow }
    if flow > slopes[point + 1] { return flow - slopes[point + 1] }
    let above = upperPoint(after: point)
    return slopes[above] - slopes[above + 1]
  }

  /// Sends `amount` along the residual arc `label`; `amount` is at most its capacity.
  func push(_ amount: Units, along label: Int32) {
    let arc = Int(label >> 1)
    states[arc].flow += label & 1 == 0 ? amount : -amount
    settle(arc)
  }

  /// The node at which the residual arc `label` begins.
  func tail(_ label: Int32) -> Int { Int(residuals[Int(places[Int(label ^ 1)])].head) }

  /// The ticks of the residual arc `label`.
  func length(_ label: Int32) -> Int64 { residuals[Int(places[Int(label)])].length }

  /// Finds the interval that holds the arc's flow and sets both residual lengths.
  private func settle(_ arc: Int) {
    let base = Int(firstPoint[arc])
    var point = base + Int(states[arc].piece)
    let flow = states[arc].flow
    while point > base && flow >= slopes[point] { point -= 1 }
    while flow < slopes[point + 1] { point += 1 }
    states[arc].piece = Int32(point - base)
    residuals[Int(places[2 * arc])].length = times[point]
    residuals[Int(places[2 * arc + 1])].length =
      flow == 0 ? Self.absent : -times[flow > slopes[point + 1] ? point : upperPoint(after: point)]
  }

  /// The next point whose piece is not empty.
  private func upperPoint(after point: Int) -> Int {
    var above = point + 1
    while slopes[above] == slopes[above + 1] { above += 1 }
    return above
  }
}
