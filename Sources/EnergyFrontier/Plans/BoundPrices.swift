/// The loss of a plan against the lower bound, split over its instructions and waits.
///
/// **Notation.** The bound's flow at the price of a deadline D puts a price g_i on the time of each instruction i and a
/// price g_bi on the time of each dependency from b to i; at every instruction the prices of what enters, its own and
/// the prices of what leaves are equal in sum. Instruction i runs with an option of time t and effective energy e.
///
/// **Identity.** For every plan that ends by D
///
///     energy - L(D) = sum_i (e_i + g_i t_i - m_i) + sum_bi g_bi (start_i - end_b - lag_bi) + sum_last g_i (D - end_i)
///
/// where m_i is the least e + g_i t of any option. (Add up the right side: by conservation all times cancel but D times
/// the flow, and the m_i are what the flow's dual objective is made of.) No term is negative. So a plan is near the
/// bound exactly if it takes options of little *reduced cost* and wastes no time that has a price. The terms of a
/// partial plan are the least loss that it can end with.
struct BoundPrices: Sendable {
  /// Joules per tick of each position's time.
  let positions: [Double]
  /// Joules per tick of each dependency's time, in the order of ``PlanSpace/predecessors``.
  let dependencies: [Double]
  /// The start and end of each position in the guiding schedule, in ticks; at first the bound's own schedule.
  var starts: [Int64]
  var ends: [Int64]

  init(positions: [Double], dependencies: [Double], starts: [Int64], ends: [Int64]) {
    self.positions = positions
    self.dependencies = dependencies
    self.starts = starts
    self.ends = ends
  }

  /// The same prices with the guiding schedule stretched from one deadline to another.
  func stretched(from old: Int64, to new: Int64) -> BoundPrices {
    let scale = Double(new) / Double(max(1, old))
    var stretched = self
    stretched.starts = starts.map { Int64((Double($0) * scale).rounded()) }
    stretched.ends = ends.map { Int64((Double($0) * scale).rounded()) }
    return stretched
  }

  /// The prices at a deadline within a segment.
  init(
    _ segment: CurveTracer.Segment, lasting deadline: Int64, space: PlanSpace, scaled: ScaledProblem
  ) {
    let network = segment.flow.network
    let joulesPerTick = 1 / (scaled.unitsPerWatt * scaled.ticksPerSecond)
    positions = space.instructions.map { FlowNetwork.double(network.flow(on: $0)) * joulesPerTick }
    dependencies = space.arcs.map { FlowNetwork.double(network.flow(on: $0)) * joulesPerTick }
    let times = segment.eventTimes(lasting: deadline)
    let events = segment.flow.events
    starts = space.instructions.map { times[events.tails[$0]] - times[EventNetwork.source] }
    ends = space.instructions.map { times[events.heads[$0]] - times[EventNetwork.source] }
  }
}
