/// How a computation uses several cores; this module starts no thread itself.
public struct ParallelMap: Sendable {
  /// The most bodies that run at a time.
  public let workerCount: Int
  private let body: @Sendable (Int, @Sendable (_ index: Int, _ worker: Int) -> Void) -> Void

  /// - Parameter run: calls its second argument once for each index below its first, and returns when all calls have
  ///   returned. `worker`, below `workerCount`, differs between calls that overlap.
  public init(
    workerCount: Int, run: @escaping @Sendable (Int, @Sendable (_ index: Int, _ worker: Int) -> Void) -> Void
  ) {
    self.workerCount = workerCount
    body = run
  }

  /// Runs one index after the other on the calling thread.
  public static let serial = ParallelMap(workerCount: 1) { count, body in
    for index in 0..<count { body(index, 0) }
  }

  package func callAsFunction(_ count: Int, _ body: @Sendable (_ index: Int, _ worker: Int) -> Void) {
    self.body(count, body)
  }
}
