package import JSON
package import ModelSelection

/// A worker's request for a trial.
package struct TrialRequest: Sendable {
  package let worker: String?
  /// Registered GPUs of the worker; nil when the session chooses idle ones.
  package let gpus: [String]?
  /// The memory of each of its GPUs where they are not registered.
  package let memoryBytes: Int?
  package let elapsedSeconds: Double?

  package init(worker: String?, gpus: [String]?, memoryBytes: Int?, elapsedSeconds: Double?) {
    self.worker = worker
    self.gpus = gpus
    self.memoryBytes = memoryBytes
    self.elapsedSeconds = elapsedSeconds
  }
}

/// What a journal keeps of a trial that was given out.
package struct GivenTrial: Sendable {
  package let candidate: CandidateName
  package let toFraction: Double

  package init(candidate: CandidateName, toFraction: Double) {
    (self.candidate, self.toFraction) = (candidate, toFraction)
  }
}

/// The answer to a ``TrialRequest``.
package enum TrialOffer: Sendable {
  case trial(OpenTrial, isRepeated: Bool)
  /// - Parameter retryAfterSeconds: the session time after which it makes sense to ask again, where that is known.
  case none(WaitReason, retryAfterSeconds: Double? = nil)

  package enum WaitReason: String, Sendable, CaseIterable {
    case noIdleGPU, tooLittleMemory, allAssigned, nodeSetAside, finished
  }
}

/// An assigned trial as its worker sees it.
package struct OpenTrial: Sendable {
  package let id: TrialID
  package let candidate: CandidateName
  package let fromFraction: Double
  package let toFraction: Double
  /// Samples of all the alignment data.
  package let sampleCount: Int
  package let resume: ResumePoint?
  package let gpus: [String]
  package let worker: String?
  /// Whether the worker has just trained the candidate up to here, so that it need not load anything.
  package let isHeld: Bool
  /// The number of the candidate's training, from 0.
  package let seed: Int
  package let rung: Int
  package let phase: SearchPhase

  package var fromSampleCount: Int { Int((fromFraction * Double(sampleCount)).rounded()) }
  package var toSampleCount: Int { Int((toFraction * Double(sampleCount)).rounded()) }

  /// Weights that a trial left behind, from which another goes on.
  package struct ResumePoint: Sendable {
    package let trial: TrialID
    package let step: Int
    /// What the client reported about where they are kept; nil when it reported nothing.
    package let checkpoint: JSON?

    package init(trial: TrialID, step: Int, checkpoint: JSON?) {
      self.trial = trial
      self.step = step
      self.checkpoint = checkpoint
    }
  }
}
