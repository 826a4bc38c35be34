package import CLibrary
internal import Synchronization

/// Programs that run beside this one, each the leader of a process group of its own, so that what it starts ends with
/// it: the server that a shell wraps, what a server leaves in the background.
///
/// A signal of our terminal does not reach such a group: a program that starts some calls ``endOnInterrupt()`` first.
package final class ProcessGroups: Sendable {
  private struct Group {
    /// Its leader's, once that has ended.
    var status: ChildProcess.ExitStatus?
  }

  private struct Table {
    /// By their leaders; those that are not known to be empty.
    var groups: [pid_t: Group] = [:]

    /// Notes leaders that have ended.
    mutating func reap() {
      for (leader, group) in groups where group.status == nil {
        var status: Int32 = 0
        if waitpid(leader, &status, WNOHANG) == leader { groups[leader]?.status = .init(waitStatus: status) }
      }
    }

    func hasEnded(_ leader: pid_t) -> Bool { groups[leader].map { $0.status != nil } ?? true }

    /// Whether a leader and all that it has started in its group have ended.
    ///
    /// A leader that was not waited for keeps its number. The number of a group with members is not used again either,
    /// and after its last member only once the system has given out all others, not between two looks.
    func isEmpty(_ leader: pid_t) -> Bool { hasEnded(leader) && !ProcessStatus.hasRunning(inGroup: leader) }

    func send(_ signal: Int32, to leaders: [pid_t]) {
      for leader in leaders where !isEmpty(leader) { _ = kill(-leader, signal) }
    }
  }

  private let table = Mutex(Table())
  private let graceSeconds: Double

  /// - Parameter graceSeconds: how long a group has to end after SIGTERM, before SIGKILL.
  package init(graceSeconds: Double = 2) { self.graceSeconds = graceSeconds }

  /// Has SIGINT, SIGTERM and SIGHUP end all groups, and then this process as without the watch.
  ///
  /// Call before any other thread is started.
  package func endOnInterrupt() {
    InterruptWatch.start { number in
      // The table is never given back, so that no other thread sees an end and reports it.
      self.table.withLock { table in
        self.end(Array(table.groups.keys)) { step in step(&table) }
        InterruptWatch.endProcess(by: number)
      }
    }
  }

  /// Starts a program, which is looked up along the PATH, as the leader of a group. End it with ``end(_:waiting:)``.
  package func start(_ command: [String]) throws(ChildProcess.Failure) -> ChildProcess {
    try table.withLock { table throws(ChildProcess.Failure) in
      let child = try ChildProcess(command, group: .own)
      table.groups[child.processID] = Group()
      return child
    }
  }

  /// Waits for a leader to end by itself, at most so many seconds, and then ends what is left of its group: with
  /// SIGTERM, and with SIGKILL what is left of it after the time of grace.
  ///
  /// - Returns: the leader's status; nil where it was ended before.
  @discardableResult
  package func end(_ leader: pid_t, waiting seconds: Double = 0) -> ChildProcess.ExitStatus? {
    let access = { (step: (inout Table) -> Bool) in self.table.withLock { step(&$0) } }
    if seconds > 0 { _ = Self.wait(seconds, access) { $0.hasEnded(leader) } }
    end([leader], access)
    return table.withLock { $0.groups.removeValue(forKey: leader)?.status }
  }

  /// Ends all groups that are left.
  package func endAll() {
    for leader in table.withLock({ Array($0.groups.keys) }) { end(leader) }
  }

  private typealias Access = ((inout Table) -> Bool) -> Bool

  private func end(_ leaders: [pid_t], _ access: Access) {
    for signal in [SIGTERM, SIGKILL] {
      _ = access { table in
        table.reap()
        table.send(signal, to: leaders)
        return true
      }
      if Self.wait(graceSeconds, access, until: { table in leaders.allSatisfy(table.isEmpty) }) { return }
    }
  }

  /// Looks until `condition` holds; false where it does not within `seconds`. The first looks are close together, as
  /// most programs end at once.
  private static func wait(_ seconds: Double, _ access: Access, until condition: @escaping (Table) -> Bool) -> Bool {
    let deadline = monotonicSeconds() + seconds
    var pauseMicroseconds: UInt32 = 100
    while true {
      let holds = access { table in
        table.reap()
        return condition(table)
      }
      if holds || monotonicSeconds() >= deadline { return holds }
      usleep(pauseMicroseconds)
      pauseMicroseconds = min(2 * pauseMicroseconds, 20_000)
    }
  }
}
