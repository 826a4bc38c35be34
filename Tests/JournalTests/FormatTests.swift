import Basics
import CLibrary
import Journal
import TestSupport
import Testing

@Suite struct FormatTests {
  private let storage = SimulatedStorage(seed: 0)

  /// A committer that does its work at once.
  private func commit(_ payloads: [String], to file: JournalFile) {
    let committer = Committer(start: { _ in false }, report: { _, _ in })
    for payload in payloads { _ = committer.append(Array(payload.utf8), to: file) }
  }

  private func records(_ path: String) throws -> (texts: [String], end: JournalReader.End) {
    var reader = try JournalReader(at: path, in: storage)
    var texts: [String] = []
    while let record = try reader.next() { texts.append(String(decoding: record, as: UTF8.self)) }
    return (texts, try #require(reader.end))
  }

  @Test func checksumsAreThoseOfRFC3720() {
    func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { CRC32C.checksum($0) } }
    #expect(checksum(Array(repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum(Array(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
  }

  @Test func checksumsOfPiecesAreThatOfTheWhole() {
    var random = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let bytes = (0..<random.index(below: 100)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let cut = random.index(below: bytes.count + 1)
      var pieces = CRC32C()
      bytes[..<cut].withUnsafeBytes { pieces.update($0) }
      bytes[cut...].withUnsafeBytes { pieces.update($0) }
      #expect(pieces.value == bytes.withUnsafeBytes { CRC32C.checksum($0) })
    }
  }

  @Test func everyBitOfAnAcknowledgedRecordIsGuarded() throws {
    let file = try StateDirectory(storage).makeJournal(for: "s")
    commit(["first"], to: file)
    commit(["second record"], to: file)
    commit(["third"], to: file)
    let bytes = try #require(storage.contents(of: file.path))
    // Header 32, records 32, 40 and 32 bytes; the last commit has no later one to vouch for it.
    for offset in 0..<104 {
      // Padding carries nothing.
      if (20..<24).contains(offset) || (25..<32).contains(offset) || (61..<64).contains(offset)
        || (101..<104).contains(offset)
      {
        continue
      }
      storage.damage(file.path, at: offset)
      defer { storage.damage(file.path, at: offset) }
      do {
        let (texts, end) = try records(file.path)
        guard case .damaged = end else {
          Issue.record("a change of byte \(offset) of \(bytes.count) shows \(texts), \(end)")
          continue
        }
      } catch JournalError.newerFormat {
        #expect((8..<12).contains(offset))
      }
    }
  }

  /// Compaction and repair write a file at once; nothing of it but its last record may pass for a torn tail.
  @Test(arguments: [true, false]) func everyBitOfARewrittenJournalIsGuarded(compacts: Bool) throws {
    let directory = try StateDirectory(storage)
    let file = directory.makeJournal(for: "s")
    for text in ["first", "second", "third"] { commit([text], to: file) }
    if compacts {
      let compacted = try CompactedFile(of: file, in: storage) { (next, add) throws(JournalError) in
        var run: [UInt8] = []
        while let record = try next() { run += record }
        try add(run)
      }
      try file.take(compacted)
    } else {
      _ = try directory.rewrite("s")
    }
    #expect(try records(file.path).texts == (compacts ? ["firstsecond", "third"] : ["first", "second", "third"]))
    let last = try #require(storage.contents(of: file.path)?.firstRange(of: Array("third".utf8))?.lowerBound)
    let before = try records(file.path).texts
    // Up to the header of the last record, which has 24 bytes.
    for offset in 0..<last - 24 {
      storage.damage(file.path, at: offset)
      defer { storage.damage(file.path, at: offset) }
      do {
        let (texts, end) = try records(file.path)
        if case .damaged = end { continue }
        // Padding carries nothing.
        #expect(texts == before && end == .whole, "a change of byte \(offset) shows \(texts), \(end)")
      } catch JournalError.newerFormat {
        #expect((8..<12).contains(offset))
      }
    }
  }

  @Test func damageStopsTheJournalAndKeepsTheFile() throws {
    let file = try StateDirectory(storage).makeJournal(for: "s")
    for text in ["first", "second", "third", "fourth"] { commit([text], to: file) }
    storage.damage(file.path, at: 32 + 32 + 24)
    let before = storage.contents(of: file.path)
    var reader = try JournalReader(at: file.path, in: storage)
    #expect(try reader.skipToEnd() == .damaged(offset: 64, record: 2))
    #expect(throws: JournalError.damaged(path: file.path, offset: 64, record: 2)) {
      _ = try JournalFile(continuing: reader, in: storage)
    }
    #expect(storage.contents(of: file.path) == before)
  }

  @Test func aTornTailIsCut() throws {
    let file = try StateDirectory(storage).makeJournal(for: "s")
    commit(["first"], to: file)
    commit(["second"], to: file)
    storage.damage(file.path, at: 32 + 32 + 24)
    var reader = try JournalReader(at: file.path, in: storage)
    guard case .torn = try reader.skipToEnd() else {
      Issue.record("the tail is \(String(describing: reader.end))")
      return
    }
    commit(["another"], to: try JournalFile(continuing: reader, in: storage))
    #expect(try records(file.path).texts == ["first", "another"])
    #expect(try records(file.path).end == .whole)
  }

  /// A file may end after the last byte that counts: the zeros that fill a header or a record up carry nothing.
  @Test(arguments: [(94, ["first", "second"]), (95, ["first", "second"]), (61, ["first"]), (25, [])])
  func whatLacksOnlyItsPaddingIsKept(_ byteCount: Int, _ kept: [String]) throws {
    let path = try StateDirectory(storage).makeJournal(for: "s").path
    commit(["first", "second"], to: JournalFile(newAt: path, name: "s", in: storage))
    let file = try #require(try storage.open(path, creates: false))
    try file.cut(to: byteCount)
    var reader = try JournalReader(at: path, in: storage)
    #expect(try reader.skipToEnd() == .whole)
    commit(["another"], to: try JournalFile(continuing: reader, in: storage))
    #expect(try records(path).texts == kept + ["another"])
    #expect(try records(path).end == .whole)
  }

  @Test func aNewerFormatIsLeftAlone() throws {
    let file = try StateDirectory(storage).makeJournal(for: "s")
    commit(["first"], to: file)
    storage.damage(file.path, at: 9)
    let before = storage.contents(of: file.path)
    #expect(throws: JournalError.newerFormat(path: file.path, version: 0x4000 + UInt32(JournalFile.formatVersion))) {
      _ = try JournalReader(at: file.path, in: storage)
    }
    let directory = try StateDirectory(storage)
    #expect(directory.unreadable.map(\.path) == [file.path])
    #expect(storage.contents(of: file.path) == before)
  }

  @Test func namesOfAnyBytesAreNamesOfFiles() throws {
    let directory = try StateDirectory(storage)
    let long = String(repeating: "ä", count: 256)
    let names = ["s", "S", "_53", "..", "a/b", "", "\u{0}", "é", "e\u{301}", long + "1", long + "2"]
    for name in names { commit([name + "!"], to: directory.makeJournal(for: ExactString(name))) }
    let found = try StateDirectory(storage)
    #expect(found.storedNames == names.map { ExactString($0) }.sorted())
    for name in names {
      let path = StateDirectory.path(of: ExactString(name))
      #expect(path.split(separator: "/").count == 2 && path.utf8.count < 240)
      #expect(path.lowercased() == path)
      #expect(try records(path).texts == [name + "!"])
    }
  }

  @Test func aClosedJournalStaysUnderAnotherName() throws {
    let directory = try StateDirectory(storage)
    let committer = Committer(start: { _ in false }, report: { _, _ in })
    for round in 0..<2 {
      let file = directory.makeJournal(for: "s")
      _ = committer.append(Array("round \(round)".utf8), to: file)
      committer.move(file, to: directory.closedPath(for: "s"))
    }
    let found = try StateDirectory(storage)
    #expect(found.storedNames.isEmpty)
    #expect(found.hasUsed("s"))
    #expect(try storage.names(in: StateDirectory.closed) == ["s.1.journal", "s.2.journal"])
  }

  @Test func aRemovedFileAcknowledgesNothing() throws {
    let outcomes = Outcomes()
    let committer = Committer(start: { _ in false }, report: { outcomes.add($1) })
    let file = try StateDirectory(storage).makeJournal(for: "s")
    _ = committer.append(Array("first".utf8), to: file)
    try storage.remove(file.path)
    _ = committer.append(Array("second".utf8), to: file)
    _ = committer.append(Array("third".utf8), to: file)
    let all = outcomes.all
    #expect(all.count == 3 && all[0] == .durable(upTo: 1))
    for outcome in all.dropFirst() {
      guard case .failed(let error) = outcome else {
        Issue.record("\(outcome)")
        continue
      }
      #expect(error.kind == .removed)
    }
  }
}
