package import ModelSelection

/// A trial that ends without a decision of the search.
package struct TrialFailure: Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case failed, lost, outOfMemory, paused, checkpointGone
  }

  package let trial: TrialID
  package let kind: Kind
  package let memoryBytes: Int?
  package let message: String?
  package let elapsedSeconds: Double?

  package init(trial: TrialID, kind: Kind, memoryBytes: Int?, message: String?, elapsedSeconds: Double?) {
    self.trial = trial
    self.kind = kind
    self.memoryBytes = memoryBytes
    self.message = message
    self.elapsedSeconds = elapsedSeconds
  }
}
