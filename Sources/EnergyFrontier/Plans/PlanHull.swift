/// The corners of the lower convex hull of plans in ticks and effective joules, fastest first; O(plans log plans).
struct PlanHull {
  let corners: [DraftPlan]

  init(_ drafts: [DraftPlan]) {
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
    corners = hull
  }
}
