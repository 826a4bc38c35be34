internal import Synchronization

/// Runs bodies for a range of indices on several threads, which the caller provides: engines know no threads.
public struct ParallelMap: Sendable {
  /// The most bodies that run at a time.
  public let workerCount: Int
  private let run: @Sendable (Int, @Sendable (_ index: Int, _ worker: Int) -> Void) -> Void

  /// - Parameter run: calls its second argument once for each index below its first, and returns when all calls have
  ///   returned. `worker`, below `workerCount`, is different for calls that overlap.
  public init(
    workerCount: Int, run: @escaping @Sendable (Int, @Sendable (_ index: Int, _ worker: Int) -> Void) -> Void
  ) {
    self.workerCount = workerCount
    self.run = run
  }

  /// Runs one body after the other on the calling thread.
  public static let serial = ParallelMap(workerCount: 1) { count, body in
    for index in 0..<count { body(index, 0) }
  }

  /// Calls `body` once for each index below `count`, in any order.
  public func callAsFunction(_ count: Int, _ body: @Sendable (_ index: Int, _ worker: Int) -> Void) {
    run(count, body)
  }

  /// The values of `body` for the indices below `count`, in the order of the indices.
  ///
  /// The result does not depend on the number of workers, provided that `body` is a function of the index and leaves no
  /// trace in its scratch memory.
  ///
  /// - Throws: the error of the lowest index that failed. Once a body has failed, those that have not begun are
  ///   skipped.
  public func map<Scratch, Value, Failure: Error>(
    _ count: Int, _ scratch: WorkerScratch<Scratch>, _ body: @Sendable (Int, Scratch) throws(Failure) -> Value
  ) throws(Failure) -> [Value] {
    let results = UnsafeMutableBufferPointer<Result<Value, Failure>?>.allocate(capacity: count)
    results.initialize(repeating: nil)
    defer {
      results.deinitialize()
      results.deallocate()
    }
    let hasFailed = Atomic<Bool>(false)
    // Each index writes its own element.
    nonisolated(unsafe) let elements = results
    self(count) { index, worker in
      if hasFailed.load(ordering: .relaxed) { return }
      do throws(Failure) {
        elements[index] = .success(try body(index, scratch[worker]))
      } catch {
        elements[index] = .failure(error)
        hasFailed.store(true, ordering: .relaxed)
      }
    }
    var values: [Value] = []
    values.reserveCapacity(count)
    for case let result? in results { values.append(try result.get()) }
    precondition(values.count == count, "a parallel map calls its body for each index")
    return values
  }
}

/// Memory that each worker of a ``ParallelMap`` reuses from call to call, made when the worker first needs it.
///
/// The maps that use it must have the same number of workers and must not overlap.
public final class WorkerScratch<Scratch>: @unchecked Sendable {
  private let make: @Sendable () -> Scratch
  private let elements: UnsafeMutableBufferPointer<Scratch?>

  public init(workerCount: Int, _ make: @escaping @Sendable () -> Scratch) {
    self.make = make
    elements = .allocate(capacity: workerCount)
    elements.initialize(repeating: nil)
  }

  deinit {
    elements.deinitialize()
    elements.deallocate()
  }

  /// The memory of a worker; overlapping calls have different workers, so no element is used twice at a time.
  public subscript(worker: Int) -> Scratch {
    if let made = elements[worker] { return made }
    let new = make()
    elements[worker] = new
    return new
  }
}
