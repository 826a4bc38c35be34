import Basics
import CLibrary
import Synchronization
import Testing

@testable import Sessions

@Suite struct WorkerPoolTests {
  /// A pipe that threads wait at: a thread that reads a byte may go on.
  private final class Gate: Sendable {
    private let ends: (read: Int32, write: Int32)

    init() {
      var ends: [Int32] = [-1, -1]
      precondition(pipe(&ends) == 0, "no descriptors left")
      self.ends = (ends[0], ends[1])
    }

    deinit {
      close(ends.read)
      close(ends.write)
    }

    func open() {
      var byte: UInt8 = 1
      _ = write(ends.write, &byte, 1)
    }

    func pass() {
      var byte: UInt8 = 0
      while read(ends.read, &byte, 1) != 1 {}
    }
  }

  /// What ran, in order.
  private final class Log: Sendable {
    private let entries = Mutex<[Int]>([])

    var all: [Int] { entries.withLock { $0 } }

    func note(_ entry: Int) { entries.withLock { $0.append(entry) } }
  }

  @Test func aStandingThreadRunsInOrder() throws {
    let (thread, log, done) = (try #require(StandingThread()), Log(), Gate())
    for round in 0..<3 {
      for number in 0..<100 { thread.run { log.note(100 * round + number) } }
      thread.run { done.open() }
      done.pass()
    }
    #expect(log.all == Array(0..<300))
  }

  @Test func runsInOrderAndAgainAfterItWasIdle() {
    let pool = WorkerPool(threadLimit: 1)
    let (order, done) = (Log(), Gate())
    for round in 0..<3 {
      // Threads end between the rounds, or not, as they come.
      for number in 0..<50 {
        #expect(pool.run { order.note(100 * round + number) } != nil)
      }
      _ = pool.run { done.open() }
      done.pass()
    }
    #expect(order.all == (0..<3).flatMap { round in (0..<50).map { 100 * round + $0 } })
  }

  @Test func clientsTakeTurns() {
    let (pool, names) = (WorkerPool(threadLimit: 1, waitingLimit: 4), (Log(), Log()))
    let clients = (ObjectIdentifier(names.0), ObjectIdentifier(names.1))
    let (began, gate, done, ran) = (Gate(), Gate(), Gate(), Log())
    _ = pool.run {
      began.open()
      gate.pass()
    }
    began.pass()
    for number in 1...4 { #expect(pool.run(for: clients.0) { ran.note(number) } != nil) }
    // A client's queue that is full refuses that client alone.
    #expect(pool.run(for: clients.0) { ran.note(5) } == nil)
    let withdrawn = pool.run(for: clients.1) { ran.note(10) }
    for number in 11...12 { #expect(pool.run(for: clients.1) { ran.note(number) } != nil) }
    if let withdrawn { pool.withdraw(withdrawn) }
    for _ in 0..<3 { _ = pool.run { done.open() } }
    gate.open()
    for _ in 0..<3 { done.pass() }
    _ = pool.run(for: clients.0) { done.open() }
    done.pass()
    #expect(ran.all == [1, 11, 2, 12, 3, 4])
  }

  @Test func withdrawnWorkDoesNotRunAndAFullQueueTakesNone() {
    let pool = WorkerPool(threadLimit: 1, waitingLimit: 2)
    let (began, gate, done, ran) = (Gate(), Gate(), Gate(), Log())
    _ = pool.run {
      began.open()
      gate.pass()
    }
    began.pass()
    let withdrawn = pool.run { ran.note(1) }
    #expect(pool.run { ran.note(2) } != nil)
    #expect(pool.run { ran.note(3) } == nil)
    if let withdrawn { pool.withdraw(withdrawn) }
    #expect(pool.run { done.open() } != nil)
    gate.open()
    done.pass()
    #expect(ran.all == [2])
  }

  @Test(.timeLimit(.minutes(1))) func asManyRunAtATimeAsThereAreThreads() {
    let pool = WorkerPool(threadLimit: 3)
    let (began, gate, done) = (Gate(), Gate(), Gate())
    let log = Log()
    for job in 1...9 {
      _ = pool.run {
        log.note(job)
        began.open()
        gate.pass()
        log.note(-job)
        done.open()
      }
    }
    // Each waits for the gate only after all three have begun.
    for _ in 0..<3 { began.pass() }
    for _ in 0..<9 { gate.open() }
    for _ in 0..<9 { done.pass() }
    var (running, most) = (0, 0)
    for note in log.all {
      running += note > 0 ? 1 : -1
      most = max(most, running)
    }
    #expect(most == 3)
  }

  @Test(arguments: [1, 2, 5]) func aParallelMapVisitsEachIndexOnce(_ threads: Int) {
    let visits = Log()
    let map = ParallelMap.threads(threads)
    #expect(map.workerCount == threads)
    map(1000) { index, worker in
      precondition(0..<threads ~= worker)
      visits.note(index)
    }
    #expect(visits.all.sorted() == Array(0..<1000))
  }
}
