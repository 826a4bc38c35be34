/// What a search asks of a candidate beside the least error: bounds on further errors, one for each metric that
/// reports carry (``Report/goalErrors``). Caller and engine number the metrics alike.
///
/// A floor of a score is a ceiling of its error, and errors are all that the engine knows.
public struct Goals: Equatable, Sendable {
  /// For each metric the greatest acceptable error on all the data; nil where any is. Empty where a report carries one
  /// error only.
  public var ceilings: [Double?]
  /// How probably a candidate must keep all ceilings to be suggested before others, in 0...1.
  public var probabilityFraction: Double

  public init(ceilings: [Double?] = [], probabilityFraction: Double = 0.9) {
    self.ceilings = ceilings
    self.probabilityFraction = probabilityFraction
  }

  /// - Throws: ``SelectionError/invalidSetting(field:expected:value:)``.
  public func check() throws(SelectionError) {
    guard 0...1 ~= probabilityFraction else {
      throw .invalidSetting(
        field: "floorProbabilityFraction", expected: "from 0 to 1", value: probabilityFraction)
    }
    for case let ceiling? in ceilings where !(ceiling > 0 && ceiling.isFinite) {
      throw .invalidSetting(field: "ceilings", expected: "errors above 0", value: ceiling)
    }
  }
}

/// What is predicted of one metric of a candidate.
public struct GoalPrediction: Equatable, Sendable {
  /// The place of the metric in ``Goals/ceilings``.
  public var goal: Int
  /// The median error on all the data.
  public var predictedError: Double
  /// The interval that holds it with probability 0.9.
  public var lowerError: Double
  public var upperError: Double
  /// The probability that the metric's ceiling is kept; nil without a ceiling.
  public var probabilityKeptFraction: Double?
}
