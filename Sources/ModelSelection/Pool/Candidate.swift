/// One combination that could be trained: a vision encoder, a projector and a language model, by index into the
/// caller's lists.
public struct Candidate: Equatable, Sendable {
  public var encoder: Int
  public var languageModel: Int
  public var projector: Int
  /// What training on all the data takes, in GPU-seconds or in any unit that is the same for all candidates; positive.
  ///
  /// Trials that report their own GPU-seconds set the scale.
  public var costWeight: Double
  /// The least device memory in which it can be trained, as far as known beforehand; 0 when not known.
  public var memoryBytes: Int
  /// What every start of a trial takes before it trains, in GPU-seconds; nil where that is not known.
  public var startGPUSeconds: Double?

  public init(
    encoder: Int, languageModel: Int, projector: Int = 0, costWeight: Double, memoryBytes: Int = 0,
    startGPUSeconds: Double? = nil
  ) {
    self.encoder = encoder
    self.languageModel = languageModel
    self.projector = projector
    self.costWeight = costWeight
    self.memoryBytes = memoryBytes
    self.startGPUSeconds = startGPUSeconds
  }
}

/// Candidates that are expected to behave alike, and the one that stands for them.
public struct Cluster: Equatable, Sendable {
  /// Indices into the pool's candidates, ascending.
  public internal(set) var members: [Int]
  /// The member that is tried first.
  public let medoid: Int

  public init(members: [Int], medoid: Int) {
    self.members = members.sorted()
    self.medoid = medoid
  }
}
