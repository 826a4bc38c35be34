/// How a long computation learns that its caller wants it to stop, and how it reports its progress.
///
/// The computation knows neither clock nor thread: both closures come from the caller and may be called from any
/// thread.
public struct ProgressHandle: Sendable {
  /// Whether the caller wants the computation to stop. Computations ask at least every few milliseconds of work.
  public let isCancelled: @Sendable () -> Bool
  /// Takes the completed share of the work, in 0...1, never decreasing.
  public let report: @Sendable (Double) -> Void

  public init(
    isCancelled: @escaping @Sendable () -> Bool = { false }, report: @escaping @Sendable (Double) -> Void = { _ in }
  ) {
    self.isCancelled = isCancelled
    self.report = report
  }

  /// A handle for a part of the work that covers the given range of the whole.
  public func part(_ range: ClosedRange<Double>) -> ProgressHandle {
    let (start, length) = (range.lowerBound, range.upperBound - range.lowerBound)
    let report = report
    return ProgressHandle(isCancelled: isCancelled, report: { report(start + length * $0) })
  }
}
