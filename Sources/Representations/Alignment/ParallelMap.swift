/// How a computation gets at several cores; the engine itself knows no thread.
public struct ParallelMap: Sendable {
  /// At most so many bodies run at a time.
  public let workerCount: Int
  private let body: @Sendable (Int, @Sendable (_ index: Int, _ worker: Int) -> Void) -> Void

  /// - Parameter run: calls its second argument once for each index below its first, and comes back when all have
  ///   returned. `worker`, below `workerCount`, is different for calls that overlap.
  public init(
    workerCount: Int, run: @escaping @Sendable (Int, @Sendable (_ index: Int, _ worker: Int) -> Void) -> Void
  ) {
    self.workerCount = workerCount
    body = run
  }

  /// One index after the other, here.
  public static let serial = ParallelMap(workerCount: 1) { count, body in
    for index in 0..<count { body(index, 0) }
  }

  func callAsFunction(_ count: Int, _ body: @Sendable (_ index: Int, _ worker: Int) -> Void) {
    self.body(count, body)
  }
}

/// How a long comparison asks whether to go on and tells how far it is.
public struct AlignmentProgress: Sendable {
  /// Answers whether the caller wants the comparison to stop; asked from any worker, after at most some milliseconds of
  /// each one's work where the processor has fused multiply-add.
  public let isCancelled: @Sendable () -> Bool
  /// Takes the done share of the work, in 0...1, never decreasing; told by the thread that asked for the comparison.
  public let report: @Sendable (Double) -> Void

  public init(
    isCancelled: @escaping @Sendable () -> Bool = { false }, report: @escaping @Sendable (Double) -> Void = { _ in }
  ) {
    self.isCancelled = isCancelled
    self.report = report
  }
}
