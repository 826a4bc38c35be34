internal import JSON
package import ModelSelection

/// The accepted requests of a search, in order. Replayed, they make an equal search.
///
/// Reports are by far the most numerous entries, so they are kept small.
package struct SearchLog: Sendable {
  package enum Entry: Sendable {
    indirect case submitted(PoolSubmission, SelectionSettings?)
    indirect case attached(PoolRepresentation)
    /// Clusters were found and adopted.
    indirect case clustered(ComparisonSettings)
    case registered([GPU])
    case retired([String])
    /// The request that a trial was assigned for.
    case asked(trial: TrialID)
    /// A request that got no trial but reported the time. It is kept though a later one follows (`isKept`) when it
    /// ended silent trials, or offered more memory than any before.
    case emptyRequest(TrialRequest, isKept: Bool)
    /// The place of a report.
    case reported(Int)
    case failed(TrialFailure)
    case directed(CandidateName, CandidateDirective)
    indirect case revised(SearchRevision)
    indirect case evidence(PoolEvidence)
  }

  package private(set) var entries: [Entry] = []
  /// Counts everything that was ever appended.
  package private(set) var changeCount = 0
  private var reports: [StoredReport] = []
  private var checkpoints: [Int: JSON] = [:]
  /// Few reports say how long their trial's start took.
  private var starts: [Int: Double] = [:]
  /// The places of last reports.
  private var lasts: Set<Int> = []
  /// Of each report where the task has several metrics; else empty.
  private var scores: [MetricScores] = []

  package init() {}

  package mutating func append(_ entry: Entry) {
    // A client that asks once a second for hours leaves one entry.
    if case .emptyRequest = entry, case .emptyRequest(_, isKept: false) = entries.last { entries.removeLast() }
    entries.append(entry)
    changeCount += 1
  }

  package mutating func append(_ report: TrialReport) {
    entries.append(.reported(reports.count))
    changeCount += 1
    if let checkpoint = report.checkpoint { checkpoints[reports.count] = checkpoint }
    if let start = report.startSeconds { starts[reports.count] = start }
    if report.isLast { lasts.insert(reports.count) }
    if let own = report.scores { scores.append(own) }
    reports.append(StoredReport(report))
  }

  /// The number of reports.
  package var reportCount: Int { reports.count }

  /// The report at a place that an entry names.
  package func report(at place: Int) -> TrialReport {
    reports[place].report(
      checkpoint: checkpoints[place], startSeconds: starts[place], isLast: lasts.contains(place),
      scores: scores.isEmpty ? nil : scores[place])
  }
}

/// A report in 64 bytes; a number that was not given is one that no report has.
private struct StoredReport: Sendable {
  private let trial: Int32
  private let step: Int
  private let dataFraction: Double
  private let score: Double
  /// A standard error; a number of examples is below 0.
  private let noise: Double
  private let gpuSeconds: Double
  private let energyJoules: Double
  private let elapsedSeconds: Double

  init(_ report: TrialReport) {
    trial = Int32(report.trial.number)
    step = report.step
    dataFraction = report.dataFraction
    score = report.score
    noise =
      switch report.noise {
      case nil: .nan
      case .standardError(let error): error
      case .exampleCount(let count): -Double(count)
      }
    gpuSeconds = report.gpuSeconds ?? .nan
    energyJoules = report.energyJoules ?? .nan
    elapsedSeconds = report.elapsedSeconds ?? .nan
  }

  func report(checkpoint: JSON?, startSeconds: Double?, isLast: Bool, scores: MetricScores?) -> TrialReport {
    func given(_ number: Double) -> Double? { number.isNaN ? nil : number }
    return TrialReport(
      trial: TrialID(Int(trial)), step: step, dataFraction: dataFraction, score: score,
      noise: given(noise).map { $0 < 0 ? .exampleCount(Int(-$0)) : .standardError($0) }, gpuSeconds: given(gpuSeconds),
      startSeconds: startSeconds, energyJoules: given(energyJoules), elapsedSeconds: given(elapsedSeconds),
      checkpoint: checkpoint, isLast: isLast, scores: scores)
  }
}
