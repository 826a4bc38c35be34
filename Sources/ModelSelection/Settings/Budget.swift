/// What a search may spend; a limit that is nil does not bind.
///
/// A limit is reached when the spending, or the spending and what open trials may still take, equals it; no trial is
/// assigned whose modelled cost would exceed it.
public struct Budget: Equatable, Sendable {
  public var gpuSeconds: Double?
  public var joules: Double?
  public var trials: Int?
  /// Compared with what ``Search/tell(elapsedSeconds:)`` was told; the engine has no clock.
  public var wallSeconds: Double?

  public init(gpuSeconds: Double? = nil, joules: Double? = nil, trials: Int? = nil, wallSeconds: Double? = nil) {
    self.gpuSeconds = gpuSeconds
    self.joules = joules
    self.trials = trials
    self.wallSeconds = wallSeconds
  }
}
