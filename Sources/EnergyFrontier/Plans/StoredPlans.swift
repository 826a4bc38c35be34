public import Basics

/// The plans of a frontier as they are kept outside of a process: searching them may take minutes, to check them takes
/// milliseconds.
///
/// | bytes | field, little-endian |
/// | --- | --- |
/// | 0..<4 | version of this format, 1 |
/// | 4..<8 | 1 where the plans are proven to be all, else 0 |
/// | 8..<12, 12..<16 | instructions, plans |
/// | then for each plan | seconds, joules and gap as doubles, changes of setting as 64 bits, 16 bits for each choice |
public struct StoredPlans: Sendable {
  private static let version: UInt32 = 1
  private static let headerByteCount = 16
  private static let figuresByteCount = 32

  let plans: [Plan]
  let isOptimal: Bool

  public init(of frontier: Frontier) { (plans, isOptimal) = (frontier.plans, frontier.isOptimal) }

  /// What a file would take, in bytes.
  public static func byteCount(instructionCount: Int, planCount: Int) -> Int {
    headerByteCount + planCount * (figuresByteCount + 2 * instructionCount)
  }

  /// O(plans x instructions).
  public var bytes: [UInt8] {
    let instructionCount = plans.first?.choices.count ?? 0
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount(instructionCount: instructionCount, planCount: plans.count))
    func append(_ number: some FixedWidthInteger) {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
    for number in [Self.version, isOptimal ? 1 : 0, UInt32(instructionCount), UInt32(plans.count)] { append(number) }
    for plan in plans {
      for figure in [plan.iterationTimeSeconds, plan.energyJoules, plan.gapFraction] { append(figure.bitPattern) }
      append(Int64(plan.switchCount))
      for choice in plan.choices { append(choice) }
    }
    return bytes
  }

  /// Nil where the bytes are of no plans, or of another version. Whether the plans are any good says ``Frontier`` when
  /// it restores them.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count >= Self.headerByteCount else { return nil }
    func number<Number: FixedWidthInteger>(_ offset: Int, _: Number.Type) -> Number {
      bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
    }
    let (instructionCount, planCount) = (Int(number(8, UInt32.self)), Int(number(12, UInt32.self)))
    let planByteCount = Self.figuresByteCount + 2 * instructionCount
    guard number(0, UInt32.self) == Self.version, number(4, UInt32.self) < 2,
      planCount.multipliedReportingOverflow(by: planByteCount) == (bytes.count - Self.headerByteCount, false)
    else { return nil }
    isOptimal = number(4, UInt32.self) == 1
    plans = (0..<planCount).map { index in
      let start = Self.headerByteCount + index * planByteCount
      func figure(_ place: Int) -> Double { Double(bitPattern: number(start + 8 * place, UInt64.self)) }
      return Plan(
        choices: (0..<instructionCount).map { number(start + Self.figuresByteCount + 2 * $0, UInt16.self) },
        iterationTimeSeconds: figure(0), energyJoules: figure(1), gapFraction: figure(2),
        switchCount: Int(number(start + 24, Int64.self)))
    }
  }
}

extension Frontier {
  /// The frontier of a problem from plans that were found earlier: the bound is computed, and every plan is certified
  /// against it and against the problem (``PlanCertificate``).
  ///
  /// - Returns: nil where a plan is not what it says, or one is not cheaper than all that are faster.
  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: that of the bound, and O(plans x (instructions + dependencies)).
  public init?(
    restoring stored: StoredPlans, of problem: IterationProblem, precision: CurvePrecision,
    progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) {
    guard !stored.plans.isEmpty else { return nil }
    let curve = try LowerBoundCurve(of: problem, precision: precision, progress: progress)
    for plan in stored.plans {
      try progress.check()
      guard PlanCertificate(of: plan, problem: problem, curve: curve).holds,
        problem.switchCount(ofChoices: plan.choices) == plan.switchCount
      else { return nil }
    }
    for (faster, slower) in zip(stored.plans, stored.plans.dropFirst()) {
      guard faster.iterationTimeSeconds < slower.iterationTimeSeconds, faster.energyJoules > slower.energyJoules
      else { return nil }
    }
    (self.curve, plans, isOptimal) = (curve, stored.plans, stored.isOptimal)
  }
}
