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
