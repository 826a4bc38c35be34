/// How hard plans are searched for.
public struct PlanEffort: Sendable, Equatable {
  /// The search that every characterization makes.
  public enum Level: String, Sendable, CaseIterable {
    /// Beams and star moves only: milliseconds on small problems, for a launcher that waits for the answer.
    case quick
    /// Beams and star moves, then iterated local search at every deadline: within a second on common pipelines.
    case standard
  }

  public var level: Level
  /// Rounds of further iterated local search, at least 0. Each costs as much as the one of the standard level at most,
  /// and brings plans nearer to the lower bound, at first quickly; where a plan cannot be nearer they bring nothing.
  public var roundCount: Int
  /// Deadlines with a plan within this share above the lower bound are not searched further, at least 0.
  public var sufficientGapFraction: Double

  public init(level: Level = .standard, roundCount: Int = 0, sufficientGapFraction: Double = 0) {
    self.level = level
    self.roundCount = roundCount
    self.sufficientGapFraction = sufficientGapFraction
  }
}

/// What is known after a round of a plan search.
public struct PlanRound: Sendable, Equatable {
  /// Rounds done so far.
  public let roundCount: Int
  /// The mean of `energy / L(time) - 1` over the deadlines that are searched.
  public let meanGapFraction: Double
}
