/// What a search may spend; a limit that is nil does not bind.
///
/// A limit is reached when the spending equals it: then open trials are paused at their next report. No trial is
/// assigned whose modelled cost, with what open trials have left to do, would exceed it. So a limit is passed by no
/// more than open trials take between two reports, and only where they take more than trials before them did.
public struct Budget: Equatable, Sendable {
  /// Of what training every candidate on all the data would cost, by cost weights, in 0...; candidates that join the
  /// pool raise the limit.
  public var gridFraction: Double?
  public var gpuSeconds: Double?
  public var joules: Double?
  public var trials: Int?
  /// Compared with the largest ``Search/tell(elapsedSeconds:)``; the engine has no clock. No trial is assigned that
  /// would end later, at the pace of those before it.
  public var wallSeconds: Double?

  public init(
    gridFraction: Double? = nil, gpuSeconds: Double? = nil, joules: Double? = nil, trials: Int? = nil,
    wallSeconds: Double? = nil
  ) {
    self.gridFraction = gridFraction
    self.gpuSeconds = gpuSeconds
    self.joules = joules
    self.trials = trials
    self.wallSeconds = wallSeconds
  }
}
