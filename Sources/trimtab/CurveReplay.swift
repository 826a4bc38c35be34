internal import ModelSelection

/// Answers a search's trials from recorded curves, one after the other.
///
/// A trial that resumes pays only for the data it adds, as with a checkpoint. Curves were recorded at certain fractions only:
/// a trial goes on to the next of them, and pays for it.
struct CurveReplay {
  struct Decision {
    let assignment: Assignment
    let error: Double
    let fraction: Double
    let cost: Double
    let outcome: String
  }

  let curves: RecordedCurves
  private(set) var search: Search
  private(set) var decisions: [Decision] = []
  let gridCost: Double

  init(_ curves: RecordedCurves, settings: SearchSettings, budgetShare: Double?) throws(SelectionError) {
    var settings = settings
    let pool = try curves.pool()
    let gridCost = pool.candidates.reduce(0) { $0 + $1.costWeight }
    settings.budget.gpuSeconds = budgetShare.map { $0 * gridCost }
    self.gridCost = gridCost
    self.curves = curves
    search = try Search(pool: pool, settings: settings)
  }

  mutating func run() throws(SelectionError) {
    while case .assigned(let work) = search.nextTrial() {
      let begun = work.fromFraction > 0 ? curves.point(of: work.candidate, at: work.fromFraction).cost : 0
      let point = curves.point(of: work.candidate, at: work.toFraction)
      let report = Report(
        step: 0, dataFraction: point.fraction, error: point.error, gpuSeconds: max(0, point.cost - begun),
        hasCheckpoint: true)
      let decision = try search.record(report, of: work.trial)
      decisions.append(
        Decision(
          assignment: work, error: point.error, fraction: point.fraction, cost: max(0, point.cost - begun),
          outcome: "\(decision)"))
    }
  }
}
