internal import JSON
internal import ModelSelection
internal import Sessions

/// A search driven by a replay, which reports to it what recorded curves show.
protocol ReplayedSearch {
  /// The engine's search, in which a candidate has the number of its curve.
  var engine: Search { get }
  /// The next trial; nil at the end of the search.
  mutating func nextAssignment(elapsedSeconds: Double?) throws(CommandFailure) -> Assignment?
  /// Reports the progress of a trial; `spent` is what this trial alone has cost.
  ///
  /// - Returns: whether the trial should continue.
  mutating func take(
    _ evaluation: RecordedCurves.Evaluation, step: Int, spent: (cost: Double, energyJoules: Double?),
    elapsedSeconds: Double?, of assignment: Assignment
  ) throws(CommandFailure) -> Bool
}

/// Runs a search's trials on recorded curves, one after the other.
///
/// A trial that resumes pays only for the data it adds, as with a checkpoint. Curves were recorded at certain fractions
/// only: a trial runs to the next of these and pays for it, and can report those that it passes. Costs in seconds are
/// also the elapsed time.
struct CurveReplay {
  struct Decision {
    let assignment: Assignment
    /// Whether this is the trial's last report.
    let evaluation: RecordedCurves.Evaluation
    let cost: Double
  }

  let curves: RecordedCurves
  let reportsOnTheWay: Bool
  private(set) var search: any ReplayedSearch
  private(set) var decisions: [Decision] = []

  init(_ curves: RecordedCurves, _ search: any ReplayedSearch, reportsOnTheWay: Bool) {
    (self.curves, self.search, self.reportsOnTheWay) = (curves, search, reportsOnTheWay)
  }

  mutating func run() throws(CommandFailure) {
    var elapsed = 0.0
    func told(_ seconds: Double) -> Double? { curves.costsAreSeconds ? seconds : nil }
    while let work = try search.nextAssignment(elapsedSeconds: told(elapsed)) {
      let curve = curves.curves[work.candidate]
      let begun = work.fromFraction > 0 ? curve.evaluation(at: work.fromFraction) : nil
      let end = curve.evaluation(at: work.toFraction)
      let passed = curve.evaluations.filter {
        reportsOnTheWay && $0.fraction > begun?.fraction ?? 0 && $0.fraction < end.fraction
      }
      for (step, evaluation) in (passed + [end]).enumerated() {
        let cost = max(0, evaluation.cost - (begun?.cost ?? 0))
        let goesOn = try search.take(
          evaluation, step: step,
          spent: (cost, evaluation.energyJoules.map { max(0, $0 - (begun?.energyJoules ?? 0)) }),
          elapsedSeconds: told(elapsed + cost), of: work)
        guard !goesOn || step == passed.count else { continue }
        elapsed += cost
        decisions.append(Decision(assignment: work, evaluation: evaluation, cost: cost))
        break
      }
    }
  }
}

extension Search: ReplayedSearch {
  var engine: Search { self }

  mutating func nextAssignment(elapsedSeconds: Double?) -> Assignment? {
    if let elapsedSeconds { tell(elapsedSeconds: elapsedSeconds) }
    guard case .assigned(let work) = nextTrial() else { return nil }
    return work
  }

  mutating func take(
    _ evaluation: RecordedCurves.Evaluation, step: Int, spent: (cost: Double, energyJoules: Double?),
    elapsedSeconds: Double?, of assignment: Assignment
  ) throws(CommandFailure) -> Bool {
    do throws(SelectionError) {
      let decision = try record(
        Report(
          step: step, dataFraction: evaluation.fraction, error: evaluation.value,
          logErrorDeviation: evaluation.standardError.map { $0 / evaluation.value }, gpuSeconds: spent.cost,
          joules: spent.energyJoules, hasCheckpoint: true),
        of: assignment.trial, elapsedSeconds: elapsedSeconds)
      return decision == .proceed
    } catch {
      throw CommandFailure(status: .badInput, message: "expected curves that can be replayed, found \(error)")
    }
  }
}

extension ModelSearch: ReplayedSearch {
  mutating func nextAssignment(elapsedSeconds: Double?) throws(CommandFailure) -> Assignment? {
    do throws(RequestError) {
      let request = TrialRequest(worker: nil, gpus: nil, memoryBytes: nil, elapsedSeconds: elapsedSeconds)
      guard case .trial(let trial, _) = try next(request) else { return nil }
      return try? engine.trial(trial.id).assignment
    } catch {
      throw CommandFailure(error)
    }
  }

  mutating func take(
    _ evaluation: RecordedCurves.Evaluation, step: Int, spent: (cost: Double, energyJoules: Double?),
    elapsedSeconds: Double?, of assignment: Assignment
  ) throws(CommandFailure) -> Bool {
    do throws(RequestError) {
      let decision = try report(
        TrialReport(
          trial: assignment.trial, step: step, dataFraction: evaluation.fraction, score: evaluation.value,
          noise: evaluation.standardError.map { .standardError($0) }, gpuSeconds: spent.cost,
          energyJoules: spent.energyJoules, elapsedSeconds: elapsedSeconds,
          checkpoint: .bool(true)))
      return decision.verdict == .continue
    } catch {
      throw CommandFailure(error)
    }
  }
}

extension CommandFailure {
  /// A request that a session would refuse, in a file.
  init(_ refusal: RequestError, path: String? = nil) {
    self.init(status: .badInput, message: (path.map { "\($0): " } ?? "") + refusal.message)
  }
}
