internal import CLibrary
package import Representations
internal import Synchronization

extension ParallelMap {
  /// Threads that live as long as one call: their start costs microseconds, the calls take milliseconds and more.
  ///
  /// The calling thread takes part, and new ones have its priority. Where the system gives fewer, those that are there
  /// do all the work.
  ///
  /// - Parameter threadCount: by default one for each core.
  package static func threads(
    _ threadCount: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  ) -> ParallelMap {
    ParallelMap(workerCount: threadCount) { count, body in
      withoutActuallyEscaping(body) { body in
        let team = ThreadTeam(count: count, body: body)
        let threads = (1..<max(1, min(threadCount, count))).compactMap { team.start(worker: $0) }
        team.work(as: 0)
        for thread in threads { pthread_join(thread, nil) }
      }
    }
  }
}

/// One parallel map: whoever is free takes the next index.
private final class ThreadTeam: Sendable {
  private let count: Int
  private let body: @Sendable (Int, Int) -> Void
  private let next = Atomic<Int>(0)

  init(count: Int, body: @escaping @Sendable (Int, Int) -> Void) {
    self.count = count
    self.body = body
  }

  func work(as worker: Int) {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if index >= count { return }
      body(index, worker)
    }
  }

  private final class Member: Sendable {
    let team: ThreadTeam
    let worker: Int

    init(_ team: ThreadTeam, _ worker: Int) { (self.team, self.worker) = (team, worker) }
  }

  /// Starts a thread; nil when the system has none to give.
  func start(worker: Int) -> pthread_t? {
    let member = Unmanaged.passRetained(Member(self, worker))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let status = pthread_create(
      &thread, nil,
      { context in
        #if canImport(Darwin)
          let member = Unmanaged<Member>.fromOpaque(context).takeRetainedValue()
        #else
          let member = Unmanaged<Member>.fromOpaque(context!).takeRetainedValue()
        #endif
        member.team.work(as: member.worker)
        return nil
      }, member.toOpaque())
    guard status == 0 else {
      member.release()
      return nil
    }
    return thread
  }
}
