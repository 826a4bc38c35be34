public import Basics

/// The result of an independent check of the whole lower-bound curve.
///
/// Every piece is checked at both of its ends against the measurements as they were given: event times must respect
/// each dependency and each measured range, the flow must be conserved, and the bound that the flow proves must equal
/// what the event times cost. Then no schedule can cost less at any time in the piece. See ``CurveChecker`` for the
/// argument.
public struct CurveCertificate: Sendable, Equatable {
  /// How many pieces were checked.
  public internal(set) var pieceCount = 0
  /// The largest difference between cost and proven bound, over the energy of the iteration: what its mix of
  /// measurements drew, and the waiting power all along. For usual profiles this is below 1e-14. Of a bracketed curve
  /// it is the bracket.
  public internal(set) var largestRelativeGap = 0.0
  /// The most by which event times miss a dependency, a measured range or the iteration's end, in seconds.
  ///
  /// Half a tick may be lost when a time is rounded to ticks; for usual profiles this is below 1e-15 s.
  public internal(set) var largestTimeViolationSeconds = 0.0
  /// The most by which what flows into an event differs from what flows out, or the price from the flow's value, in
  /// watts.
  public internal(set) var largestFlowImbalanceWatts = 0.0
  /// What failed first, or nil when the curve is proven.
  public internal(set) var failure: Failure?

  /// True when every piece passed and the pieces cover the curve from end to end.
  public var holds: Bool { failure == nil }

  /// What a check can find wrong. The caller can repair none of these: each is a defect of the engine.
  public enum Failure: Sendable, Equatable {
    /// Flow may pass between two instructions that no dependency joins, so it proves nothing.
    case flowWithoutDependency(event: Int)
    /// An instruction begins before its predecessor has ended.
    case dependencyViolated(before: Int, after: Int, seconds: Double)
    /// An instruction begins before the iteration or ends after it.
    case outsideIteration(instruction: Int, seconds: Double)
    /// An instruction has less time than its fastest option takes.
    case durationOutOfRange(instruction: Int, seconds: Double)
    /// Less than nothing flows on an arc.
    case negativeFlow(arc: Int, watts: Double)
    /// More flows into an event than out of it, or the reverse; at the two outer events, the flow's value is not the
    /// price.
    case flowImbalance(event: Int, watts: Double)
    /// The bound that the flow proves is not the cost of the event times.
    case dualityGap(joules: Double, allowedJoules: Double)
    /// The energy reported for an end of the piece is not the cost of its event times.
    case energyMismatch(joules: Double, allowedJoules: Double)
    /// A piece does not begin where the one before it ended.
    case piecesApart(seconds: Double)
    /// A piece has no higher price than the one right of it, so the curve would not be convex.
    case priceNotRising(watts: Double)
    /// The pieces end short of the fastest or the slowest iteration.
    case rangeNotCovered(seconds: Double)
    /// A schedule costs less than a bracketed curve says is possible.
    case belowBracket(seconds: Double, joules: Double)
  }

  /// Computes the curve of a problem and checks every piece.
  ///
  /// The pieces of an exact curve are proven optimal. Those of a bracketed one need not be: that their flows are
  /// conserved proves the lines below, that their event times keep every dependency proves the schedules above.
  ///
  /// - Throws: ``FrontierError/cancelled``.
  /// - Complexity: that of the curve, and for each piece O(m + q) for m arcs and q measurements summed over the
  ///   instructions.
  public static func certify(
    _ problem: IterationProblem, precision: CurvePrecision = CurvePrecision(),
    progress: ProgressHandle = ProgressHandle()
  ) throws(FrontierError) -> CurveCertificate {
    var checker = CurveChecker(problem, scaled: ScaledProblem(problem))
    // Within its budget of corners the first walk is the exact one. Others bracket, and lines of all of them may count.
    let mayTrace = precision.budget(instructionCount: problem.graph.count) > 0
    var walks = 0
    var isTracing: Bool { mayTrace && walks == 1 }
    let curve = try LowerBoundCurve.walked(problem, precision, progress) { scaled in
      let earlier = walks > 0 && !isTracing ? checker : nil
      walks += 1
      checker = CurveChecker(problem, scaled: scaled)
      if let earlier { checker.takeOver(earlier) }
    } visit: { (segment, _) throws(FrontierError) in
      if isTracing { checker.check(segment.piece) } else { checker.checkFeasibility(segment.piece) }
    }
    return curve.isExact ? checker.certificate : checker.certificate(ofBracketed: curve)
  }
}

/// One straight piece of the curve as the checker sees it: plain values, nothing of the tracer's own state.
struct CurvePiece: Sendable {
  /// Ticks of each event in a schedule that lasts as long as the piece's slow end; only differences count.
  var slowTimes: [Int64]
  /// The same at the fast end.
  var fastTimes: [Int64]
  /// What flows on each arc of the ``EventNetwork``.
  var flows: [FlowNetwork.Units]
  /// The flow's value: what one tick less costs.
  var price: FlowNetwork.Units
  /// Effective joules reported for the slow end, of one device per rank, waiting not included.
  var slowEffectiveJoules: Double
  /// The same for the fast end.
  var fastEffectiveJoules: Double
}

extension CurveTracer.Segment {
  /// What the checker needs, copied out in O(arcs).
  var piece: CurvePiece {
    CurvePiece(
      slowTimes: eventTimes(lasting: slowTicks), fastTimes: eventTimes(lasting: fastTicks),
      flows: (0..<flow.network.arcCount).map(flow.network.flow(on:)), price: price,
      slowEffectiveJoules: slowEffectiveJoules, fastEffectiveJoules: fastEffectiveJoules)
  }
}
