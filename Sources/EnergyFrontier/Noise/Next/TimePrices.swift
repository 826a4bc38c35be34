internal import Basics

/// What a second of each table's instructions costs, over a whole frontier: at evenly spaced deadlines, in a few levels
/// with weights.
///
/// A plan's loss against the lower bound is the sum of its instructions' losses at the bound's prices
/// (``BoundPrices``), so a table matters by the prices of its instructions alone.
struct TimePrices {
  struct Level: Sendable, Equatable {
    /// Of one instruction, of one device for each rank.
    let watts: Double
    /// Instructions at this price in an iteration, averaged over the deadlines.
    let instructionCount: Double
  }

  /// For each table its levels, by rising price.
  let levels: [[Level]]
  /// The bound, of one device for each rank, averaged over the deadlines.
  let boundJoules: Double

  private static let deadlineCount = 8
  private static let mostLevels = 8

  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: that of a bracketed bound (``BracketSearch``).
  init(_ problem: IterationProblem, _ progress: ProgressHandle) throws(FrontierError) {
    let space = PlanSpace(problem, scaled: ScaledProblem(problem))
    let trace = try BoundTrace(
      problem,
      CharacterizationOptions(
        deadlineCount: Self.deadlineCount, precision: CurvePrecision(breakpointBudget: 0)), in: space, progress)
    var prices: [[Double]] = Array(repeating: [], count: problem.tables.count)
    for deadline in trace.deadlines {
      for (position, joulesPerTick) in deadline.prices.positions.enumerated() {
        prices[problem.tableOfInstruction[space.instructions[position]]].append(joulesPerTick * problem.ticksPerSecond)
      }
    }
    let deadlines = Double(max(1, trace.deadlines.count))
    levels = prices.map { Self.levels($0.sorted(), deadlines) }
    boundJoules =
      trace.deadlines.isEmpty
      ? trace.curve.boundJoules(at: trace.curve.cheapestTimeSeconds) / Double(problem.deviceMultiplicity)
      : trace.deadlines.reduce(0) { $0 + trace.joules($1.ticks) } / deadlines
  }

  /// Neighbours among sorted prices, in groups of about equal size.
  private static func levels(_ sorted: [Double], _ deadlines: Double) -> [Level] {
    let groups = min(mostLevels, sorted.count)
    return (0..<groups).map { group in
      let part = sorted[(group * sorted.count / groups)..<((group + 1) * sorted.count / groups)]
      return Level(
        watts: part.reduce(0, +) / Double(part.count), instructionCount: Double(part.count) / deadlines)
    }
  }
}
