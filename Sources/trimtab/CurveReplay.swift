internal import JSON
internal import ModelSelection
internal import Sessions

/// A search driven by a replay, which reports to it what recorded curves show.
protocol ReplayedSearch {
  /// The engine's search, in which a candidate has the number of its curve.
  var engine: Search { get }
  /// The next trial; nil at the end of the search. One worker asks, which ended the trial `previous` last.
  mutating func nextAssignment(after previous: Assignment?, elapsedSeconds: Double?) throws(CommandFailure)
    -> Assignment?
  /// Reports the progress of a trial; `spent` is what this trial alone has cost, its start included.
  ///
  /// - Returns: whether the trial should continue.
  mutating func take(
    _ evaluation: RecordedCurves.Evaluation, step: Int, spent: Spent, elapsedSeconds: Double?, of assignment: Assignment
  ) throws(CommandFailure) -> Bool
}

/// What a trial has taken.
struct Spent {
  let cost: Double
  /// What of the cost passed before it trained; nil where the search is not told.
  let startCost: Double?
  let energyJoules: Double?
}

/// Runs a search's trials on recorded curves, one after the other.
///
/// A trial that resumes pays only for the data it adds, as with a checkpoint. Curves were recorded at certain fractions
/// only: a trial runs to the next of these and pays for it, and can report those that it passes. Costs in seconds are
/// also the elapsed time. Each trial pays for its start, but for one that goes on where the trial before left off.
struct CurveReplay {
  struct Decision {
    let assignment: Assignment
    /// Whether this is the trial's last report.
    let evaluation: RecordedCurves.Evaluation
    let cost: Double
  }

  let curves: RecordedCurves
  let reportsOnTheWay: Bool
  /// Whether reports say what of their cost was the start's.
  let tellsStarts: Bool
  private(set) var search: any ReplayedSearch
  private(set) var decisions: [Decision] = []

  init(_ curves: RecordedCurves, _ search: any ReplayedSearch, reportsOnTheWay: Bool, tellsStarts: Bool) {
    (self.curves, self.search) = (curves, search)
    (self.reportsOnTheWay, self.tellsStarts) = (reportsOnTheWay, tellsStarts)
  }

  mutating func run() throws(CommandFailure) {
    var elapsed = 0.0
    func told(_ seconds: Double) -> Double? { curves.costsAreSeconds ? seconds : nil }
    var previous: Assignment?
    while let work = try search.nextAssignment(after: previous, elapsedSeconds: told(elapsed)) {
      let curve = curves.curves[work.candidate]
      let isHeld = work.checkpoint != nil && work.checkpoint?.trial == previous?.trial
      let start = isHeld ? 0 : curve.startCost ?? 0
      let begun = work.fromFraction > 0 ? curve.evaluation(at: work.fromFraction) : nil
      let end = curve.evaluation(at: work.toFraction)
      let passed = curve.evaluations.filter {
        reportsOnTheWay && $0.fraction > begun?.fraction ?? 0 && $0.fraction < end.fraction
      }
      for (step, evaluation) in (passed + [end]).enumerated() {
        let cost = start + max(0, evaluation.cost - (begun?.cost ?? 0))
        let goesOn = try search.take(
          evaluation, step: step,
          spent: Spent(
            cost: cost, startCost: tellsStarts && curve.startCost != nil ? start : nil,
            energyJoules: evaluation.energyJoules.map { max(0, $0 - (begun?.energyJoules ?? 0)) }),
          elapsedSeconds: told(elapsed + cost), of: work)
        guard !goesOn || step == passed.count else { continue }
        elapsed += cost
        decisions.append(Decision(assignment: work, evaluation: evaluation, cost: cost))
        break
      }
      previous = work
    }
  }
}

extension Search: ReplayedSearch {
  var engine: Search { self }

  mutating func nextAssignment(after previous: Assignment?, elapsedSeconds: Double?) -> Assignment? {
    if let elapsedSeconds { tell(elapsedSeconds: elapsedSeconds) }
    guard case .assigned(let work) = nextTrial(after: previous?.trial) else { return nil }
    return work
  }

  mutating func take(
    _ evaluation: RecordedCurves.Evaluation, step: Int, spent: Spent, elapsedSeconds: Double?, of assignment: Assignment
  ) throws(CommandFailure) -> Bool {
    do throws(SelectionError) {
      let decision = try record(
        Report(
          step: step, dataFraction: evaluation.fraction, error: evaluation.value,
          logErrorDeviation: evaluation.standardError.map { $0 / evaluation.value }, gpuSeconds: spent.cost,
          startGPUSeconds: spent.startCost, joules: spent.energyJoules, hasCheckpoint: true),
        of: assignment.trial, elapsedSeconds: elapsedSeconds)
      return decision == .proceed
    } catch {
      throw CommandFailure(status: .badInput, message: "expected curves that can be replayed, found \(error)")
    }
  }
}

extension ModelSearch: ReplayedSearch {
  mutating func nextAssignment(
    after previous: Assignment?, elapsedSeconds: Double?
  ) throws(CommandFailure) -> Assignment? {
    do throws(RequestError) {
      let request = TrialRequest(worker: "replay", gpus: nil, memoryBytes: nil, elapsedSeconds: elapsedSeconds)
      guard case .trial(let trial, _) = try next(request) else { return nil }
      return try? engine.trial(trial.id).assignment
    } catch {
      throw CommandFailure(error)
    }
  }

  mutating func take(
    _ evaluation: RecordedCurves.Evaluation, step: Int, spent: Spent, elapsedSeconds: Double?, of assignment: Assignment
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
