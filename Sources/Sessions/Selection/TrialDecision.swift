package import ModelSelection

/// What a worker is to do after a report.
package struct TrialDecision: Sendable, Hashable {
  package enum Verdict: String, Sendable, CaseIterable {
    case `continue`, pause, stop
  }

  package let trial: TrialID
  package let step: Int
  package let verdict: Verdict
  package let reason: String
  /// Whether the step had been reported before.
  package let isDuplicate: Bool

  package init(trial: TrialID, step: Int, verdict: Verdict, reason: String, isDuplicate: Bool) {
    self.trial = trial
    self.step = step
    self.verdict = verdict
    self.reason = reason
    self.isDuplicate = isDuplicate
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
  var state: ListedTrial.State {
    switch self {
    case .paused(.rungReached), .paused(.searchFinished), .ended(.paused): .paused
    case .stopped(let reason): reason == .completed ? .completed : .stopped
    case .ended(.completed): .completed
    case .ended(.failed): .failed
    case .ended(.lost): .lost
    case .ended(.outOfMemory): .outOfMemory
    case .ended(.checkpointGone): .checkpointGone
    case .ended(.withdrawn): .withdrawn
    }
  }
}
