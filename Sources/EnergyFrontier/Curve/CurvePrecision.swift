/// How exactly a lower-bound curve is computed.
public struct CurvePrecision: Sendable, Equatable {
  /// The most corners that are traced; a curve with more is bracketed instead. Nil leaves it to the size of the
  /// problem.
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

  /// The budget for a problem with `instructionCount` instructions.
  ///
  /// Tracing costs a search of the network for each corner, and large problems of unlike stages have hundreds of
  /// thousands: rather than find that out after minutes, they are bracketed at once.
  func budget(instructionCount: Int) -> Int {
    breakpointBudget ?? (instructionCount <= Self.mostInstructionsTraced ? Self.defaultBreakpointBudget : 0)
  }

  private static let defaultBreakpointBudget = 50_000
  private static let mostInstructionsTraced = 16_384
}
