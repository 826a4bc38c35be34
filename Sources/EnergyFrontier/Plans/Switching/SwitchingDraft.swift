/// A plan under construction, with what its changes of setting cost.
struct SwitchingDraft {
  /// For each place an option of the ``SwitchingSpace``.
  let options: [Int32]
  /// Iteration time in ticks.
  let ticks: Int64
  /// Effective joules of one device per rank, changes included, waiting not.
  let joules: Double
  let switchCount: Int

  init(_ options: [Int32], in space: SwitchingSpace) {
    self.options = options
    let outcome = space.outcome(options)
    (ticks, joules, switchCount) = (outcome.ticks, outcome.joules, outcome.switchCount)
  }

  /// The drafts that no other dominates, fastest first, by time and by energy with waiting.
  static func pareto(_ drafts: [SwitchingDraft], waitingJoulesPerTick: Double) -> [SwitchingDraft] {
    let keyed = drafts.map { (draft: $0, joules: $0.joules + waitingJoulesPerTick * Double($0.ticks)) }
    var pareto: [(draft: SwitchingDraft, joules: Double)] = []
    for entry in keyed.sorted(by: { ($0.draft.ticks, $0.joules) < ($1.draft.ticks, $1.joules) })
    where pareto.isEmpty || entry.joules < pareto[pareto.count - 1].joules {
      pareto.append(entry)
    }
    return pareto.map(\.draft)
  }

  /// The corners of the lower convex hull of drafts in ticks and joules, fastest first.
  static func hull(_ drafts: [SwitchingDraft]) -> [SwitchingDraft] {
    var hull: [SwitchingDraft] = []
    for draft in drafts.sorted(by: { ($0.ticks, $0.joules) < ($1.ticks, $1.joules) }) {
      if let last = hull.last, last.joules <= draft.joules { continue }
      while hull.count >= 2 {
        let (a, b) = (hull[hull.count - 2], hull[hull.count - 1])
        let chord = (draft.joules - a.joules) * Double(b.ticks - a.ticks)
        if (b.joules - a.joules) * Double(draft.ticks - a.ticks) < chord { break }
        hull.removeLast()
      }
      hull.append(draft)
    }
    return hull
  }
}
