/// Gathers plans while the curve is traced, and from the gathered ones makes better ones.
///
/// 1. For each deadline the bound's own mix of options is rounded and improved (``LocalSearch``).
/// 2. The outcomes' lower convex hull shows which plans are good for their time. Each deadline between two of them gets a
///    splice of the two (``Splicer``), improved again. New corners of the hull serve the next pass.
struct PlanSearch {
  let space: PlanSpace
  private let search: LocalSearch
  private var deadlines: [Int64] = []
  private var drafts: [DraftPlan] = []

  init(_ space: PlanSpace) {
    self.space = space
    search = LocalSearch(space)
  }

  /// Adds a plan for a deadline, from a rounded one that keeps it.
  mutating func add(_ rounded: [Int32], deadline: Int64, _ checkpoint: Checkpoint) throws(FrontierError) {
    deadlines.append(deadline)
    drafts.append(try search.improved(rounded, deadline: deadline, checkpoint))
  }

  /// Splices neighbours on the hull for all deadlines in between.
  ///
  /// - Parameter report: takes the done share of this pass.
  mutating func spliceNeighbours(
    _ checkpoint: Checkpoint, report: (Double) -> Void
  ) throws(FrontierError) {
    let hull = Self.lowerHull(drafts)
    let rising = deadlines.sorted()
    var corner = 0
    var splicer: Splicer?
    for (index, deadline) in rising.enumerated() {
      while corner + 1 < hull.count && hull[corner + 1].ticks <= deadline {
        corner += 1
        splicer = nil
      }
      if hull[corner].ticks < deadline, corner + 1 < hull.count {
        let pair = splicer ?? Splicer(space, fast: hull[corner], slow: hull[corner + 1], scratch: search.timetable)
        splicer = pair
        drafts.append(try search.improved(pair.splice(deadline: deadline), deadline: deadline, checkpoint))
      }
      report(Double(index + 1) / Double(rising.count))
    }
  }

  /// The drafts that no other dominates, fastest first, by time and by energy including `waitingJoulesPerTick`.
  func paretoDrafts(waitingJoulesPerTick: Double) -> [DraftPlan] {
    let keyed = drafts.map { ($0, $0.effectiveJoules + waitingJoulesPerTick * Double($0.ticks)) }
    var pareto: [(DraftPlan, Double)] = []
    for (draft, joules) in keyed.sorted(by: { ($0.0.ticks, $0.1) < ($1.0.ticks, $1.1) })
    where pareto.isEmpty || joules < pareto[pareto.count - 1].1 {
      pareto.append((draft, joules))
    }
    return pareto.map(\.0)
  }

  /// The corners of the drafts' lower convex hull in ticks and effective joules, fastest first.
  private static func lowerHull(_ drafts: [DraftPlan]) -> [DraftPlan] {
    var hull: [DraftPlan] = []
    for draft in drafts.sorted(by: { ($0.ticks, $0.effectiveJoules) < ($1.ticks, $1.effectiveJoules) }) {
      if let last = hull.last, last.effectiveJoules <= draft.effectiveJoules { continue }
      while hull.count >= 2 {
        let (a, b) = (hull[hull.count - 2], hull[hull.count - 1])
        let chord = (draft.effectiveJoules - a.effectiveJoules) * Double(b.ticks - a.ticks)
        if (b.effectiveJoules - a.effectiveJoules) * Double(draft.ticks - a.ticks) < chord { break }
        hull.removeLast()
      }
      hull.append(draft)
    }
    return hull
  }
}
