import Basics
import Journal
import TestSupport

/// Journals that a process finds, whatever is in them.
enum JournalTarget {
  private static let path = StateDirectory.path(of: "s")

  /// The bytes of a file, after one that says which checksums are mended: most mutations would end at the first.
  ///
  /// What is read must be read again after recovery has written the end of the file, and a record may be added.
  static func run(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let contents = mended(Array(bytes.dropFirst()), header: choice & 1 != 0, records: choice & 2 != 0)
    let storage = SimulatedStorage(seed: 1)
    guard let file = try? storage.open(path, creates: true) else { preconditionFailure("no file can be made") }
    contents.withUnsafeBytes { try? file.write($0, at: 0) }
    guard let directory = try? StateDirectory(storage), directory.contains("s"),
      let (records, reader) = records(in: directory), reader.name != nil
    else { return }
    if case .damaged? = reader.end {
      precondition((try? JournalFile(continuing: reader, in: storage)) == nil, "a damaged journal goes on")
      precondition(storage.contents(of: path) == contents, "a damaged journal was changed")
      return
    }
    let journal: JournalFile
    do {
      journal = try JournalFile(continuing: reader, in: storage)
    } catch {
      preconditionFailure("a journal that can be read cannot go on: \(error)")
    }
    let committer = Committer(start: { _ in false }, report: { _, _ in })
    precondition(committer.append([1, 2, 3], to: journal) == records.count + 1, "another number")
    guard let again = try? StateDirectory(storage), let (found, _) = self.records(in: again) else {
      preconditionFailure("a journal that went on cannot be read")
    }
    precondition(found == records + [[1, 2, 3]], "recovery changed records")
  }

  private static func records(in directory: StateDirectory) -> (records: [[UInt8]], reader: JournalReader)? {
    guard var reader = try? directory.reader(of: "s") else { return nil }
    var records: [[UInt8]] = []
    while let record = try? reader.next() { records.append(record) }
    return reader.end == nil ? nil : (records, reader)
  }

  /// Puts right checksums where the format of Journal's GUIDE.md has them, as far as there are headers and records.
  private static func mended(_ bytes: [UInt8], header: Bool, records: Bool) -> [UInt8] {
    var bytes = bytes
    guard bytes.count >= 24 else { return bytes }
    func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }
    func put(_ value: UInt32, at offset: Int) {
      for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
    }
    let nameEnd = 24 + word(12)
    guard nameEnd <= bytes.count else { return bytes }
    if header { put(crc32C(bytes[..<16] + bytes[24..<nameEnd]), at: 16) }
    var offset = (nameEnd + 7) / 8 * 8
    while records, offset + 24 <= bytes.count {
      let end = offset + 24 + word(offset)
      guard end > offset + 24, end <= bytes.count else { break }
      put(crc32C(bytes[offset..<offset + 4] + bytes[offset + 8..<end]), at: offset + 4)
      offset = (end + 7) / 8 * 8
    }
    return bytes
  }

  /// CRC-32C, bit by bit from its polynomial (Castagnoli, reflected).
  private static func crc32C(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { bits, _ in (bits >> 1) ^ (bits & 1 == 0 ? 0 : 0x82F6_3B78) }
    }
  }
}
