/// What the start of a trial takes before it trains, mostly to load a model: GPU-seconds, stated or learned.
///
/// What trials of a candidate reported stands for itself. Of the others, stated starts are scaled by how far reported
/// ones were from theirs, and those that nothing is stated of are taken for the mean reported one.
///
/// **Complexity.** O(1) for each report and question.
struct StartCosts: Sendable {
  private var stated: [Double?]
  private var reported: [(sum: Double, count: Int)]
  private var all = (sum: 0.0, count: 0)
  /// Over the reports of candidates with a stated start above 0: what was reported, and what was stated.
  private var ratio = (reported: 0.0, stated: 0.0)
  /// Whether any start is stated or reported; where none is, starts have no part in any decision.
  private(set) var areKnown: Bool

  init(_ candidates: [Candidate]) {
    stated = candidates.map(\.startGPUSeconds)
    reported = Array(repeating: (0, 0), count: candidates.count)
    areKnown = stated.contains { $0 ?? 0 > 0 }
  }

  mutating func add(_ candidates: [Candidate]) {
    stated += candidates.map(\.startGPUSeconds)
    reported += Array(repeating: (0, 0), count: candidates.count)
    areKnown = areKnown || candidates.contains { $0.startGPUSeconds ?? 0 > 0 }
  }

  /// Takes what the start of one trial took.
  mutating func take(_ gpuSeconds: Double, of candidate: Int) {
    reported[candidate].sum += gpuSeconds
    reported[candidate].count += 1
    all.sum += gpuSeconds
    all.count += 1
    if let stated = stated[candidate], stated > 0 {
      ratio.reported += gpuSeconds
      ratio.stated += stated
    }
    areKnown = areKnown || gpuSeconds > 0
  }

  /// What the next start of the candidate is expected to take: GPU-seconds, 0 where nothing is known.
  func gpuSeconds(of candidate: Int) -> Double {
    let own = reported[candidate]
    if own.count > 0 { return own.sum / Double(own.count) }
    if let stated = stated[candidate] { return ratio.stated > 0 ? stated * (ratio.reported / ratio.stated) : stated }
    return all.count > 0 ? all.sum / Double(all.count) : 0
  }
}
