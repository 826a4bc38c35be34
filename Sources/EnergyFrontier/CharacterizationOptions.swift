/// How a frontier is to be computed.
public struct CharacterizationOptions: Sendable, Equatable {
  /// Deadlines, evenly spaced from the fastest to the cheapest iteration time, that are searched; at least 2. Plans in
  /// between come from splicing.
  public var deadlineCount: Int
  /// Partial plans that ``BeamSearch`` keeps at a time, at least 1; time and memory grow in proportion.
  public var beamWidth: Int
  /// The share of the energy by which neighbouring plans of the list differ at most, where a plan in between can be
  /// made.
  public var energyStepFraction: Double
  /// How hard plans are searched for.
  public var effort: PlanEffort
  /// How exactly the curve is computed.
  public var precision: CurvePrecision

  public init(
    deadlineCount: Int = 64, beamWidth: Int = 8, energyStepFraction: Double = 0.0005, effort: PlanEffort = PlanEffort(),
    precision: CurvePrecision = CurvePrecision()
  ) {
    self.effort = effort
    self.precision = precision
    self.deadlineCount = deadlineCount
    self.beamWidth = beamWidth
    self.energyStepFraction = energyStepFraction
  }
}
