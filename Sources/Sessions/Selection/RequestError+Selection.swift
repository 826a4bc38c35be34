internal import JSON
internal import ModelSelection

// The engine's errors in the words of requests.
extension RequestError {
  static func trialClosed(_ id: TrialID, outcome: String) -> RequestError {
    RequestError(
      .trialClosed, path: "trial", expected: "a trial that is open", found: "trial \(id), which is \(outcome)",
      fix: "stop training it and ask for another with trial/next",
      details: [.init(key: "outcome", value: .string(outcome))])
  }

  /// Why the engine refused a report on a trial.
  init(_ error: SelectionError, trial id: TrialID) {
    switch error {
    case .trialClosed(_, let outcome): self = .trialClosed(id, outcome: outcome.state.rawValue)
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
  init(_ candidate: CandidatePool.Candidate, _ settings: SelectionSettings) {
    let starts = [candidate.startSeconds, settings.startSeconds].compactMap { $0 }
    self.init(
      encoder: candidate.encoder, languageModel: candidate.languageModel, projector: candidate.projector ?? 0,
      costWeight: candidate.costWeight, memoryBytes: candidate.memoryBytes ?? 0,
      startGPUSeconds: starts.isEmpty ? nil : starts.reduce(0, +) * Double(settings.gpusPerTrial))
  }
}
