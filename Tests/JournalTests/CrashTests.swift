import Basics
import CLibrary
import Journal
import Synchronization
import TestSupport
import Testing

/// Random histories over a file layer that crashes, loses power and fails; each is a function of its seed.
@Suite struct CrashTests {
  /// Seeds to run; `TRIMTAB_JOURNAL_SEEDS=N` for more.
  static let seedCount = getenv("TRIMTAB_JOURNAL_SEEDS").flatMap { Int(String(cString: $0)) } ?? 450

  @Test func noAcknowledgedRecordIsLostAndNoneIsInvented() throws {
    var crashes: [SimulatedStorage.Point: Int] = [:]
    for seed in 0..<Self.seedCount {
      var history = History(seed: UInt64(seed))
      for _ in 0..<5 { try history.runUntilRestart() }
      crashes.merge(history.crashes, uniquingKeysWith: +)
    }
    for point in SimulatedStorage.Point.allCases {
      #expect(crashes[point, default: 0] >= 50, "only \(crashes[point, default: 0]) crashes at \(point)")
    }
  }
}

/// What a client of three sessions sees of a journal, and what it may expect.
private struct History {
  private let seed: UInt64
  private let storage: SimulatedStorage
  private var random: SplitMix64
  private let names: [ExactString] = ["a", "b", "c"]
  /// For each session all records that may be in its journal, in order, and how many of them must be.
  private var expected: [ExactString: (records: [String], acknowledged: Int)] = [:]
  private var lastValue = 0
  private(set) var crashes: [SimulatedStorage.Point: Int] = [:]

  init(seed: UInt64) {
    self.seed = seed
    random = SplitMix64(seed: seed, index: 1)
    storage = SimulatedStorage(seed: seed)
  }

  /// What the committer wants to run on a thread, and what it reported.
  private final class Threads: Sendable {
    let work = HeldWork()
    let outcomes = Mutex<[(name: ExactString, outcome: CommitOutcome)]>([])
  }

  mutating func runUntilRestart() throws {
    let threads = Threads()
    let committer = Committer(start: threads.work.start) { file, outcome in
      threads.outcomes.withLock { $0.append((file.name, outcome)) }
    }
    var files: [ExactString: JournalFile] = [:]
    let last = storage.operationCount + random.index(below: 60)
    if random.index(below: 3) == 0 {
      storage.fail(at: last, with: [EIO, ENOSPC][random.index(below: 2)])
    } else {
      storage.crash(at: last)
    }
    let directory = try StateDirectory(storage)
    for name in names {
      // Nothing has been refused by this process.
      guard let file = try recover(name, directory, mayHaveRefused: true) else { return restart() }
      files[name] = file
    }
    for _ in 0..<40 where storage.crashPoint == nil {
      let name = names[random.index(below: names.count)]
      switch random.index(below: 8) {
      case 0...3:
        for _ in 0...random.index(below: 4) {
          lastValue += 1
          // Long ones, so that a commit spans sectors.
          let record = "\(lastValue)" + String(repeating: ".", count: random.index(below: 900))
          expected[name, default: ([], 0)].records.append(record)
          _ = committer.append(Array(record.utf8), to: files[name]!)
        }
      case 4: try compact(name, files[name]!, committer)
      default:
        threads.work.run()
        try takeOutcomes(threads, &files, directory)
      }
    }
    threads.work.run()
    try takeOutcomes(threads, &files, directory)
    restart()
  }

  private mutating func restart() {
    if let point = storage.crashPoint { crashes[point, default: 0] += 1 }
    storage.restart(losesPower: random.index(below: 3) > 0)
    bases = [:]
    failed = []
  }

  /// Two records for one, as a compaction may do it; a record with a bar stands for those between its bars.
  private func compact(_ name: ExactString, _ file: JournalFile, _ committer: Committer) throws {
    guard file.durableRecord > 1, file.failure == nil else { return }
    do throws(JournalError) {
      let compacted = try CompactedFile(of: file, in: storage) { (next, add) throws(JournalError) in
        var pair: [[UInt8]] = []
        while let record = try next() {
          pair.append(record)
          if pair.count == 2 {
            try add(pair[0] + Array("|".utf8) + pair[1])
            pair = []
          }
        }
        if let rest = pair.first { try add(rest) }
      }
      committer.replace(file, by: compacted) { _ in }
    } catch {
      // The file layer failed where the test asked for it; the journal itself is as before.
      guard case .storage = error else { throw error }
    }
  }

  private mutating func takeOutcomes(
    _ threads: Threads, _ files: inout [ExactString: JournalFile], _ directory: StateDirectory
  ) throws {
    let outcomes = threads.outcomes.withLock { outcomes in
      defer { outcomes = [] }
      return outcomes
    }
    for (name, outcome) in outcomes {
      switch outcome {
      case .durable(let last):
        #expect(!failed.contains(name), "seed \(seed): \(name.text) acknowledges after a failure")
        // Numbers count the records of this journal from the first.
        let acknowledged = base(of: files[name]!, name) + last
        let before = expected[name]?.acknowledged ?? 0
        expected[name]?.acknowledged = max(before, acknowledged)
      case .failed:
        failed.insert(name)
      }
    }
    guard storage.crashPoint == nil else { return }
    // A journal that was given up begins again from what is durable, and what was refused is not in it.
    for name in names {
      guard let file = files[name], file.failure != nil else { continue }
      storage.failNothing()
      guard let recovered = try recover(name, directory, mayHaveRefused: false) else { return }
      files[name] = recovered
      failed.remove(name)
    }
  }

  /// Sessions whose journals were given up and have not been recovered.
  private var failed: Set<ExactString> = []
  /// How many records were in the journal before this process counted its own.
  private var bases: [ObjectIdentifier: Int] = [:]

  private func base(of file: JournalFile, _ name: ExactString) -> Int { bases[ObjectIdentifier(file)] ?? 0 }

  /// A journal as a process finds it, checked against what is expected; nil where the file layer failed meanwhile.
  private mutating func recover(
    _ name: ExactString, _ directory: StateDirectory, mayHaveRefused: Bool
  ) throws -> JournalFile? {
    let (records, acknowledged) = expected[name] ?? ([], 0)
    var found: [String] = []
    var file: JournalFile?
    if directory.contains(name) {
      var reader = try directory.reader(of: name)
      while let record = try reader.next() {
        found += String(decoding: record, as: UTF8.self).split(separator: "|").map(String.init)
      }
      do throws(JournalError) {
        if reader.name != nil { file = try JournalFile(continuing: reader, in: storage) }
      } catch {
        guard case .storage = error else { throw error }
        return nil
      }
    }
    #expect(found.count >= acknowledged, "seed \(seed): \(name.text) has \(found.count) of \(acknowledged) records")
    #expect(found == Array(records.prefix(found.count)), "seed \(seed): \(name.text) has other records")
    if !mayHaveRefused {
      #expect(found.count == acknowledged, "seed \(seed): \(name.text) kept a record that was refused")
    }
    let journal = file ?? directory.makeJournal(for: name)
    expected[name] = (found, found.count)
    bases[ObjectIdentifier(journal)] = found.count - journal.lastRecord
    return journal
  }
}
