/// How exactly a lower-bound curve is computed.
public struct CurvePrecision: Sendable, Equatable {
  /// The most corners that are traced; a curve with more is bracketed instead. Nil leaves it to the size of the
  /// problem, and then the trace is given up as soon as it is clear that it would not end within its budget.
  public var breakpointBudget: Int?
  /// How far a bracketed curve may lie below the exact one, as a share of the energy; at least
  /// ``leastToleranceFraction``.
  public var toleranceFraction: Double

  /// Below this the bracket of a curve in doubles cannot be distinguished from rounding.
  public static let leastToleranceFraction = 1e-6
  public static let defaultToleranceFraction = 0.005

  public init(breakpointBudget: Int? = nil, toleranceFraction: Double = defaultToleranceFraction) {
    self.breakpointBudget = breakpointBudget
    self.toleranceFraction = toleranceFraction
  }

  /// All corners, however many.
  public static let exact = CurvePrecision(breakpointBudget: .max)

  /// The most corners that are traced of a problem with `instructionCount` instructions.
  ///
  /// Each corner costs a search of the network, so the work grows with corners times instructions. Large problems of
  /// unlike stages have hundreds of thousands of corners and are bracketed instead.
  func budget(instructionCount: Int) -> Int { breakpointBudget ?? Self.mostTraceWork / instructionCount }

  /// Corners times instructions that are traced unless a budget is given: some seconds.
  static let mostTraceWork = 1 << 28
}
