/// How a long computation asks whether to go on and tells how far it is; the engine knows neither clock nor thread.
public struct Checkpoint: Sendable {
  /// Answers whether the caller wants the computation to stop; asked at least once per millisecond of work.
  public let isCancelled: @Sendable () -> Bool
  /// Takes the done share of the work, in 0...1, never decreasing.
  public let report: @Sendable (Double) -> Void

  public init(
    isCancelled: @escaping @Sendable () -> Bool = { false }, report: @escaping @Sendable (Double) -> Void = { _ in }
  ) {
    self.isCancelled = isCancelled
    self.report = report
  }

  /// Throws ``FrontierError/cancelled`` when the caller wants the computation to stop.
  package func check() throws(FrontierError) {
    if isCancelled() { throw .cancelled }
  }

  /// A checkpoint for a part of the work, which is that stretch of the whole.
  func part(_ stretch: ClosedRange<Double>) -> Checkpoint {
    let report = report
    let (from, length) = (stretch.lowerBound, stretch.upperBound - stretch.lowerBound)
    return Checkpoint(isCancelled: isCancelled, report: { report(from + length * $0) })
  }
}
