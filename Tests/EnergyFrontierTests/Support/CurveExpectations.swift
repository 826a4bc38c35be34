import Basics
import Testing

@testable import EnergyFrontier

/// Expects a curve to have exactly these corners, from fast to slow, up to a relative 1e-12.
func expectCorners(
  _ curve: LowerBoundCurve, _ corners: [(seconds: Double, joules: Double, watts: Double)],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(curve.breakpoints.count == corners.count, sourceLocation: sourceLocation)
  for (corner, expected) in zip(curve.breakpoints, corners) {
    #expect(isClose(corner.iterationTimeSeconds, expected.seconds), sourceLocation: sourceLocation)
    #expect(isClose(corner.energyJoules, expected.joules), sourceLocation: sourceLocation)
    #expect(isClose(corner.priceWatts, expected.watts), sourceLocation: sourceLocation)
  }
}

/// Equal but for rounding; `tolerance` is relative to the larger of the two and 1.
func isClose(_ a: Double, _ b: Double, tolerance: Double = 1e-12) -> Bool {
  abs(a - b) <= tolerance * max(1, abs(a), abs(b))
}

/// Expects the curve of `problem` to be well formed and certified; the certificate is returned.
@discardableResult
func expectCertified(
  _ problem: IterationProblem, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws -> CurveCertificate {
  let certificate = try CurveCertificate.certify(problem)
  #expect(certificate.failure == nil, comment, sourceLocation: sourceLocation)
  #expect(certificate.largestFlowImbalanceWatts == 0, comment, sourceLocation: sourceLocation)
  let corners = try LowerBoundCurve(of: problem).breakpoints
  for (left, right) in zip(corners, corners.dropFirst()) {
    #expect(left.iterationTimeSeconds < right.iterationTimeSeconds, comment, sourceLocation: sourceLocation)
    #expect(left.priceWatts >= right.priceWatts, comment, sourceLocation: sourceLocation)
  }
  return certificate
}

/// All pieces of a problem's curve, slowest first, with a checker that has seen none of them.
func tracedPieces(_ problem: IterationProblem) throws -> (pieces: [CurvePiece], checker: CurveChecker) {
  let scaled = ScaledProblem(problem)
  var tracer = CurveTracer(problem, scaled: scaled)
  var pieces: [CurvePiece] = []
  _ = try tracer.trace(ProgressHandle()) { (segment) throws(FrontierError) in pieces.append(segment.piece) }
  return (pieces, CurveChecker(problem, scaled: scaled))
}
