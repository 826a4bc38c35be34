package import JSON
internal import ModelSelection

/// What a worker asks for.
package struct TrialRequest: Sendable {
  package let worker: String?
  /// Registered GPUs that it has; nil to be given idle ones.
  package let gpus: [String]?
  /// Memory of each of its GPUs where they are not registered.
  package let memoryBytes: Int?
  package let elapsedSeconds: Double?

  package init(worker: String?, gpus: [String]?, memoryBytes: Int?, elapsedSeconds: Double?) {
    self.worker = worker
    self.gpus = gpus
    self.memoryBytes = memoryBytes
    self.elapsedSeconds = elapsedSeconds
  }
}

/// What a worker gets.
package enum TrialOffer: Sendable {
  case trial(OpenTrial, isRepeated: Bool)
  case none(WaitReason)

  package enum WaitReason: String, Sendable, CaseIterable {
    case noIdleGPU, tooLittleMemory, allAssigned, finished
  }
}

/// A trial as it was given out.
package struct OpenTrial: Sendable {
  /// From 1.
  package let number: Int
  package let candidate: Int
  package let fromFraction: Double
  package let toFraction: Double
  package let resume: Checkpoint?
  package let gpus: [String]
  package let worker: String?
  package let rung: Int
  package let phase: String

  /// Weights that a trial left behind.
  package struct Checkpoint: Sendable {
    package let trial: Int
    package let step: Int
    /// The client's own words; nil where it said none.
    package let checkpoint: JSON?

    package init(trial: Int, step: Int, checkpoint: JSON?) {
      self.trial = trial
      self.step = step
      self.checkpoint = checkpoint
    }
  }
}

/// How a trial ends otherwise than by a decision.
package struct TrialFailure: Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case failed, lost, outOfMemory, paused
  }

  package let trial: Int
  package let kind: Kind
  package let memoryBytes: Int?
  package let message: String?
  package let elapsedSeconds: Double?

  package init(trial: Int, kind: Kind, memoryBytes: Int?, message: String?, elapsedSeconds: Double?) {
    self.trial = trial
    self.kind = kind
    self.memoryBytes = memoryBytes
    self.message = message
    self.elapsedSeconds = elapsedSeconds
  }
}

/// What a trial is told to do after a report.
package struct TrialDecision: Sendable, Hashable {
  package enum Verdict: String, Sendable, CaseIterable {
    case `continue`, pause, stop
  }

  package let trial: Int
  package let step: Int
  package let verdict: Verdict
  package let reason: String
  /// Whether the step had been reported before.
  package let isDuplicate: Bool

  package init(trial: Int, step: Int, verdict: Verdict, reason: String, isDuplicate: Bool) {
    self.trial = trial
    self.step = step
    self.verdict = verdict
    self.reason = reason
    self.isDuplicate = isDuplicate
  }
}

/// What is kept of a trial beside what the engine keeps.
struct TrialRecord: Sendable {
  let request: TrialRequest
  let gpus: [String]
  /// The least memory of its GPUs; `Int.max` where that is not known.
  let memoryBytes: Int
  var isOpen = true
  /// Weights that it left behind, by growing fraction.
  private var marks: [Mark] = []
  /// The report of the greatest step.
  private var latest: Mark?

  private struct Mark: Sendable {
    let step: Int
    let dataFraction: Double
    let checkpoint: JSON?
  }

  init(request: TrialRequest, gpus: [String], memoryBytes: Int) {
    self.request = request
    self.gpus = gpus
    self.memoryBytes = memoryBytes
  }

  var worker: String? { request.worker }

  /// Takes a report; `isKept` says whether its weights are.
  mutating func note(_ report: TrialReport, isKept: Bool) {
    let mark = Mark(step: report.step, dataFraction: report.dataFraction, checkpoint: report.checkpoint)
    if isKept { marks.append(mark) }
    if latest.map({ $0.step < mark.step }) ?? true { latest = mark }
  }

  /// The weights of the latest step are kept.
  mutating func keepLatest() {
    if let latest { marks.append(latest) }
  }

  /// The weights that saw this part of the data.
  func checkpoint(at dataFraction: Double, trial: Int) -> OpenTrial.Checkpoint {
    let mark = marks.last { $0.dataFraction == dataFraction } ?? latest
    return OpenTrial.Checkpoint(trial: trial, step: mark?.step ?? 0, checkpoint: mark?.checkpoint)
  }
}

extension Decision {
  /// The verdict and its reason as programs read them.
  var words: (verdict: TrialDecision.Verdict, reason: String) {
    switch self {
    case .proceed: (.continue, "targetNotReached")
    case .pause(let reason): (.pause, reason.rawValue)
    case .stop(let reason): (.stop, reason.rawValue)
    }
  }
}

extension TrialOutcome {
  /// As programs read it.
  var word: String {
    switch self {
    case .paused(.rungReached), .paused(.searchFinished): "paused"
    case .stopped(let reason): reason == .completed ? "completed" : "stopped"
    case .ended(.completed): "completed"
    case .ended(.paused): "paused"
    case .ended(.failed): "failed"
    case .ended(.lost): "lost"
    case .ended(.outOfMemory): "outOfMemory"
    }
  }
}

extension RequestError {
  static func trialClosed(_ number: Int, outcome: String) -> RequestError {
    RequestError(
      .trialClosed, path: "trial", expected: "a trial that is open", found: "trial \(number), which is \(outcome)",
      fix: "stop training it and ask for another with trial/next",
      details: [.init(key: "outcome", value: .string(outcome))])
  }

  /// Why the engine refused a report on a trial.
  init(_ error: SelectionError, trial: Int) {
    switch error {
    case .trialClosed(_, let outcome): self = .trialClosed(trial, outcome: outcome.word)
    case .conflictingReport(_, let step):
      self.init(
        .invalidReport, path: "step", expected: "step \(step) as it was reported before", found: "other figures",
        fix: "give each report of a trial a step of its own")
    case .invalidReport(_, let field, let expected, let value):
      let field = field == "error" ? "score" : field == "joules" ? "energyJoules" : field
      self.init(
        .invalidReport, path: field, expected: expected, found: "\(value)", fix: "correct the report and send it again")
    default:
      self.init(
        .invalidReport, path: "trial", expected: "a report on an open trial", found: "\(error)",
        fix: "see the trial's assignment")
    }
  }

  /// Why the engine refused a pool or its settings.
  init(_ error: SelectionError, path: String) {
    switch error {
    case .invalidSetting(let field, let expected, let value):
      self.init(
        .invalidPool, path: "\(path).\(field)", expected: expected, found: "\(value)", fix: "correct the setting")
    case .invalidCandidate(let candidate, let field, let value):
      self.init(
        .invalidPool, path: "encoders", expected: "a positive finite \(field) for every candidate",
        found: "\(value) for candidate \(candidate)", fix: "correct the figures of its parts")
    default:
      self.init(
        .invalidPool, path: path, expected: "a pool that can be searched", found: "\(error)", fix: "correct the pool")
    }
  }
}

extension Candidate {
  init(_ candidate: CandidatePool.Candidate) {
    self.init(
      encoder: candidate.encoder, languageModel: candidate.languageModel, projector: candidate.projector ?? 0,
      costWeight: candidate.costWeight, memoryBytes: candidate.memoryBytes ?? 0)
  }
}
