/// How hard plans are searched for.
///
/// The first search takes milliseconds on small problems and suits a launcher that waits for it. More rounds cost CPU
/// time and bring plans nearer to the lower bound, at first quickly; where a plan cannot be nearer they bring nothing.
public struct PlanEffort: Sendable, Equatable {
  /// Rounds of ``Refinement`` after the first search, at least 0; each has twenty to forty times the searches of the
  /// first refinement.
  public var roundCount: Int
  /// Deadlines with a plan within this share above the lower bound are not refined, at least 0.
  public var sufficientGapFraction: Double

  public init(roundCount: Int = 0, sufficientGapFraction: Double = 0) {
    self.roundCount = roundCount
    self.sufficientGapFraction = sufficientGapFraction
  }
}
