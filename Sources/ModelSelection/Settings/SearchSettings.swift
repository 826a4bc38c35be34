/// How a search proceeds. The default strategy is the race; other defaults are the published ones where there are such.
public struct SearchSettings: Equatable, Sendable {
  public var strategy: Strategy
  /// The data fraction of the first evaluations, in 0..<1: 1/64 for the race and successive halving, else 0.03, which
  /// is Mordal's b.
  public var startFraction: Double
  /// The share kept in a halving is `1/reductionFactor`; the data grow by the same factor; above 1 (Mordal: 2).
  public var reductionFactor = 2.0
  /// Halving of clusters ends with this many (Mordal: K = 3).
  public var survivingClusterCount = 3
  /// Scaling prediction observes up to this fraction of the data, in 0...1 (Mordal: R = 1/8). A race goes beyond it
  /// only when no step below it is worth its cost.
  public var observedFraction = 0.125
  /// Evidence names the log-linear regime at the end of a curve; predictions do not rest on it. A point joins it while
  /// its residual is within this many deviations of the fit (AtS: 5).
  public var regimeDeviations = 5.0
  /// The points that the regime begins with (AtS: 3).
  public var regimePointCount = 3
  /// The most that may go to members of eliminated clusters, as a share of the spending, in 0...1.
  public var explorationFraction = 0.1
  /// The search stops when the suggestion's expected regret, as a fraction of its error, is below this; 0 never.
  public var regretBoundFraction = 0.0
  /// A candidate that failed this often is given up, at least 1; a lost device does not count.
  public var failureLimit = 2
  /// How often a race may train a finished candidate again, with another seed, where noise leaves open which is the
  /// best; at least 0.
  public var repetitionLimit = 0
  /// Whether workers that would wait for others train steps of little value, which takes less time and costs more.
  public var prefersElapsed = false
  public var budget = Budget()
  /// What is believed of learning curves before any of this pool was seen.
  public var curvePrior = CurvePrior.learned
  /// What the points of curves are.
  public var curvePoints = CurvePoints.unknown
  /// Seeds every random choice.
  public var seed: UInt64 = 0

  /// The defaults of a strategy.
  public init(strategy: Strategy = .race) {
    self.strategy = strategy
    startFraction = strategy.defaultStartFraction
  }

  /// - Throws: ``SelectionError/invalidSetting(field:expected:value:)`` for the first setting out of range.
  public func check() throws(SelectionError) {
    func require(_ holds: Bool, _ field: String, _ expected: String, _ value: Double) throws(SelectionError) {
      guard value.isFinite, holds else { throw .invalidSetting(field: field, expected: expected, value: value) }
    }
    try require(startFraction > 0 && startFraction < 1, "startFraction", "a number between 0 and 1", startFraction)
    try require(reductionFactor > 1 && reductionFactor <= 64, "reductionFactor", "above 1, at most 64", reductionFactor)
    try require(
      survivingClusterCount >= 1, "survivingClusterCount", "at least 1", Double(survivingClusterCount))
    try require(
      observedFraction >= startFraction && observedFraction <= 1, "observedFraction",
      "from startFraction to 1", observedFraction)
    try require(regimeDeviations > 0, "regimeDeviations", "above 0", regimeDeviations)
    try require(regimePointCount >= 2, "regimePointCount", "at least 2", Double(regimePointCount))
    try require(0...1 ~= explorationFraction, "explorationFraction", "from 0 to 1", explorationFraction)
    try require(regretBoundFraction >= 0, "regretBoundFraction", "at least 0", regretBoundFraction)
    try require(failureLimit >= 1, "failureLimit", "at least 1", Double(failureLimit))
    try require(repetitionLimit >= 0, "repetitionLimit", "at least 0", Double(repetitionLimit))
    try require((budget.gridFraction ?? 0) >= 0, "budget.gridFraction", "at least 0", budget.gridFraction ?? 0)
    try require((budget.gpuSeconds ?? 0) >= 0, "budget.gpuSeconds", "at least 0", budget.gpuSeconds ?? 0)
    try require((budget.joules ?? 0) >= 0, "budget.joules", "at least 0", budget.joules ?? 0)
    try require((budget.trials ?? 0) >= 0, "budget.trials", "at least 0", Double(budget.trials ?? 0))
    try require((budget.wallSeconds ?? 0) >= 0, "budget.wallSeconds", "at least 0", budget.wallSeconds ?? 0)
  }
}
