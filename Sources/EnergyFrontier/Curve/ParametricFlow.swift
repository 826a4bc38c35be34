/// The exact lower-bound curve by one parametric minimum-cost flow, walked from the slowest iteration to the fastest.
///
/// **Problem.** Event times p (p_source = 0, p_sink = T), each instruction i from event u to event v with duration d_i
/// <= p_v - p_u and convex cost c_i(d_i), the lower hull of its options' effective energies; a dependency with a lag is
/// an arc of fixed length. For every T find L(T) = min sum c_i(d_i). This is a linear program in T, so L is convex and
/// piecewise linear.
///
/// **Idea.** The dual is a flow from source to sink with conservation at each event; f_i is the price of instruction
/// i's time and the flow's value F is -dL/dT (Fulkerson 1961, Kelley 1961). Start with no flow and every instruction
/// slowest. Repeat: find the distances in slack from the source; pull the events together by min(distance, sink's
/// distance), so T falls by the sink's distance while L rises by F per tick; then send flow along tight paths, which
/// raises F.
///
/// **Invariant.** Every residual arc has slack >= 0 and every arc that carries flow is tight (complementary slackness),
/// so event times and flow are both optimal for the current T.
///
/// **Why it stops.** Each augmentation saturates a piece or empties one and F rises strictly; F is bounded by the cut
/// of fastest pieces unless an augmenting path is unbounded, which means that no instruction on it can go faster: T =
/// T_min.
///
/// **Complexity.** O(A (m + n log n)) and the paths augmented, for A searches, m arcs and n events; O(m + n) memory. A
/// search stops at the sink and touches only events nearer than it.
///
/// **Numbers.** Times and slopes are integers (``ScaledProblem``): comparisons are exact, degenerate ties (identical
/// stages) included. Event times are kept relative to the sink, so events beyond the search need no update.
///
/// **Departures from the source.** Fulkerson's labelling sends one unit search after another from scratch; here
/// ``SlackSearch`` is Dijkstra's search, after Edmonds & Karp 1972 (10.1145/321694.321699), and blocking flows take all
/// tight paths of a length at once. The flow undone on saturated pieces is what Perseus (SOSP'24) calls slowing other
/// instructions down.
///
/// References: Fulkerson 1961 (10.1287/mnsc.7.2.167), Kelley 1961 (10.1287/opre.9.3.296), Phillips & Dessouky 1977
/// (10.1287/mnsc.24.4.393), Perseus (arXiv 2312.06902).
final class ParametricFlow {
  let events: EventNetwork
  let network: FlowNetwork
  /// Current flow value: what one tick less costs, in units of ``ScaledProblem/unitsPerWatt``, for one device per rank.
  private(set) var price: FlowNetwork.Units = 0

  private let search: SlackSearch

  init(_ problem: IterationProblem, scaled: ScaledProblem, order: SlackSearch.Order) {
    let slowest = { (instruction: Int) -> Int64 in
      let table = scaled.tables[problem.tableOfInstruction[instruction]]
      return table.ticks[table.hull[table.hull.count - 1]]
    }
    events = EventNetwork(problem.graph)
    network = FlowNetwork(events, problem: problem, scaled: scaled)
    let times = events.earliestTimes(problem, durations: slowest)
    search = SlackSearch(network, times: times, sink: events.sink, order: order)
  }

  /// Current iteration time in ticks.
  var iterationTicks: Int64 { search.iterationTicks }

  /// Finds how far the iteration can be shortened at the current price; 0 when the price must rise first.
  func findSlack() -> Int64 { search.run() }

  /// The event times when the iteration is shortened by `shift` ticks, at most the slack found last; only their
  /// differences count.
  func times(shiftedBy shift: Int64) -> [Int64] { search.times(pulledTogetherBy: shift) }

  /// Shortens the iteration by `shift` ticks, at most the slack found last.
  func shorten(by shift: Int64) { search.pullTogether(by: shift) }

  /// Raises the price by a blocking flow over tight arcs; call when the slack found last is 0.
  ///
  /// False when a path is unbounded: the iteration cannot be shortened any more.
  func raisePrice() -> Bool {
    guard let sent = search.sendBlockingFlow() else { return false }
    price += sent
    return true
  }
}
