internal import JSON
internal import ModelSelection
internal import Sessions

/// A search that a replay drives: it gives out trials and is told what recorded curves show.
protocol ReplayedSearch {
  /// The search by numbers; a candidate's number is that of its curve.
  var engine: Search { get }
  /// The next trial, nil when there is none any more.
  mutating func nextAssignment(elapsedSeconds: Double?) throws(CommandFailure) -> Assignment?
  /// Tells what a trial came to; `spent` is its own share of the costs.
  mutating func take(
    _ evaluation: RecordedCurves.Evaluation, spent: (cost: Double, energyJoules: Double?), elapsedSeconds: Double?,
    of assignment: Assignment
  ) throws(CommandFailure)
}

/// Answers a search's trials from recorded curves, one after the other.
///
/// A trial that resumes pays only for the data it adds, as with a checkpoint. Curves were recorded at certain fractions only:
/// a trial goes on to the next of them, and pays for it. Where costs are seconds, they are also the time that passes.
struct CurveReplay {
  struct Decision {
    let assignment: Assignment
    let evaluation: RecordedCurves.Evaluation
    let cost: Double
  }

  let curves: RecordedCurves
  private(set) var search: any ReplayedSearch
  private(set) var decisions: [Decision] = []

  init(_ curves: RecordedCurves, _ search: any ReplayedSearch) {
    (self.curves, self.search) = (curves, search)
  }

  mutating func run() throws(CommandFailure) {
    var elapsed = 0.0
    var told: Double? { curves.costsAreSeconds ? elapsed : nil }
    while let work = try search.nextAssignment(elapsedSeconds: told) {
      let curve = curves.curves[work.candidate]
      let begun = work.fromFraction > 0 ? curve.evaluation(at: work.fromFraction) : nil
      let evaluation = curve.evaluation(at: work.toFraction)
      let cost = max(0, evaluation.cost - (begun?.cost ?? 0))
      elapsed += cost
      try search.take(
        evaluation, spent: (cost, evaluation.energyJoules.map { max(0, $0 - (begun?.energyJoules ?? 0)) }),
        elapsedSeconds: told, of: work)
      decisions.append(Decision(assignment: work, evaluation: evaluation, cost: cost))
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
    _ evaluation: RecordedCurves.Evaluation, spent: (cost: Double, energyJoules: Double?), elapsedSeconds: Double?,
    of assignment: Assignment
  ) throws(CommandFailure) {
    do throws(SelectionError) {
      _ = try record(
        Report(
          step: 0, dataFraction: evaluation.fraction, error: evaluation.value, gpuSeconds: spent.cost,
          joules: spent.energyJoules, hasCheckpoint: true),
        of: assignment.trial)
    } catch {
      throw CommandFailure(status: .badInput, message: "expected curves that can be replayed, found \(error)")
    }
    if let elapsedSeconds { tell(elapsedSeconds: elapsedSeconds) }
  }
}

extension ModelSearch: ReplayedSearch {
  mutating func nextAssignment(elapsedSeconds: Double?) throws(CommandFailure) -> Assignment? {
    do throws(Refusal) {
      let request = TrialRequest(worker: nil, gpus: nil, memoryBytes: nil, elapsedSeconds: elapsedSeconds)
      guard case .trial(let trial, _) = try next(request) else { return nil }
      return try? engine.trial(trial.number - 1).assignment
    } catch {
      throw CommandFailure(error)
    }
  }

  mutating func take(
    _ evaluation: RecordedCurves.Evaluation, spent: (cost: Double, energyJoules: Double?), elapsedSeconds: Double?,
    of assignment: Assignment
  ) throws(CommandFailure) {
    do throws(Refusal) {
      _ = try report(
        TrialReport(
          trial: assignment.trial + 1, step: 0, dataFraction: evaluation.fraction, score: evaluation.value,
          gpuSeconds: spent.cost, energyJoules: spent.energyJoules, elapsedSeconds: elapsedSeconds,
          checkpoint: .bool(true)))
    } catch {
      throw CommandFailure(error)
    }
  }
}

extension CommandFailure {
  /// A request that a session would refuse, in a file.
  init(_ refusal: Refusal, path: String? = nil) {
    self.init(status: .badInput, message: (path.map { "\($0): " } ?? "") + refusal.message)
  }
}
