internal import Basics
internal import CLibrary

/// Which record a recovery is applying, in a file that outlives the process: so that a record that brings the process
/// down is found, and no start after it dies of it again and again.
///
/// The mark is shared memory, which costs nothing to change. It survives the process, not a loss of power, after which
/// no record is to blame. A person who kills a process, or a test, does not meet the same record each time, so a record
/// is blamed after ``limit`` deaths in a row.
///
/// | bytes | field |
/// | --- | --- |
/// | 0..<8 | the record that is being applied, counted from 1; 0 for none |
/// | 8..<16 | the record at which the last recoveries died |
/// | 16..<24 | how many did in a row |
package final class RecoveryMark: @unchecked Sendable {
  /// Deaths at one record after which it is no longer applied.
  package static let limit = 5
  /// What names of such files end with.
  static let ending = ".recovering"
  private static let byteCount = 24

  private let path: String
  /// Mapped from the file. Used by the one thread that recovers the session.
  private let words: UnsafeMutablePointer<UInt64>

  /// The record that is not to be applied, as recoveries die of it; nil where there is none.
  package let fatalRecord: Int?

  /// Counts a death that the mark shows; nil where there can be no mark, and then nothing is blamed.
  init?(_ path: String) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      Self.reserve(descriptor, status.st_size),
      let map = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), map != MAP_FAILED
    else { return nil }
    self.path = path
    words = map.bindMemory(to: UInt64.self, capacity: 3)
    if words[0] != 0 {
      words[2] = words[0] == words[1] ? min(words[2], UInt64(Self.limit)) + 1 : 1
      (words[1], words[0]) = (words[0], 0)
    }
    fatalRecord = words[2] >= UInt64(Self.limit) ? Int(exactly: words[1]) : nil
  }

  deinit { munmap(words, Self.byteCount) }

  /// Gives the file its size by writing, since touching a mapped hole on a full disk would end the process.
  private static func reserve(_ descriptor: Int32, _ size: off_t) -> Bool {
    if size == off_t(byteCount) { return true }
    let zeros = [UInt8](repeating: 0, count: byteCount)
    return ftruncate(descriptor, 0) == 0 && pwrite(descriptor, zeros, byteCount, 0) == byteCount
  }

  /// Notes that a record is going to be applied.
  package func begin(_ record: Int) { words[0] = UInt64(record) }

  /// Notes that the recovery has ended without dying. The record that it may have stopped at stays blamed.
  package func end() {
    words[0] = 0
    // A file that stays though nothing is blamed says the same as none.
    if fatalRecord == nil { unlink(path) }
  }

  /// Blames nothing any more.
  package func forgive() { unlink(path) }
}
