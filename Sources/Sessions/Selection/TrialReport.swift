package import JSON
package import ModelSelection

/// What a worker reports about its trial at one step.
package struct TrialReport: Sendable {
  package let trial: TrialID
  /// Grows with the training; the same step of the same trial is the same report.
  package let step: Int
  /// How much of the alignment data the model has been trained on, the steps before this trial included.
  package let dataFraction: Double
  /// In the metric's unit; not finite when training has diverged. With several metrics the combined score at the time.
  package let score: Double
  /// How far the score may be off; nil where the client does not say.
  package let noise: Noise?
  /// What this trial has taken so far, as its client counts; nil where it does not.
  package let gpuSeconds: Double?
  /// How many seconds passed from the trial's start until it trained; nil where its client does not say.
  package let startSeconds: Double?
  package let energyJoules: Double?
  /// Seconds since the search began, by the client's clock.
  package let elapsedSeconds: Double?
  /// Where the weights of this step are kept, if they are: the client's own words, which come back with the trial that
  /// goes on from here.
  package let checkpoint: JSON?
  /// Whether the trial has done what it was given out for, be its data a little short of it.
  package let isLast: Bool
  /// Nil where the task has one metric.
  package let scores: MetricScores?

  /// What a client knows of the noise in a score.
  package enum Noise: Sendable, Equatable {
    /// In the metric's unit.
    case standardError(Double)
    /// The score is the mean over this many examples, each scored within the metric's range.
    case exampleCount(Int)
  }

  package init(
    trial: TrialID, step: Int, dataFraction: Double, score: Double, noise: Noise? = nil, gpuSeconds: Double?,
    startSeconds: Double? = nil, energyJoules: Double?, elapsedSeconds: Double?, checkpoint: JSON?,
    isLast: Bool = false,
    scores: MetricScores? = nil
  ) {
    self.trial = trial
    self.step = step
    self.dataFraction = dataFraction
    self.score = score
    self.noise = noise
    self.gpuSeconds = gpuSeconds
    self.startSeconds = startSeconds
    self.energyJoules = energyJoules
    self.elapsedSeconds = elapsedSeconds
    self.checkpoint = checkpoint
    self.isLast = isLast
    self.scores = scores
  }
}
