import Basics
import CLibrary
import Journal
import Testing

/// The note of which record a recovery is applying, as processes leave it that die.
@Suite struct RecoveryMarkTests {
  private let folder: TemporaryFolder
  private let directory: StateDirectory
  private var path: String { folder.path }

  init() throws {
    folder = try TemporaryFolder()
    directory = try StateDirectory(folder.path)
  }

  /// What a process leaves that dies at a record.
  private func die(at record: Int) throws {
    let mark = try #require(directory.recoveryMark(for: "s"))
    for earlier in 1...record { mark.begin(earlier) }
  }

  private var fatalRecord: Int? { directory.recoveryMark(for: "s")?.fatalRecord }

  @Test func aRecordIsBlamedForDeathsInARow() throws {
    for _ in 1..<RecoveryMark.limit { try die(at: 7) }
    let last = try #require(directory.recoveryMark(for: "s"))
    #expect(last.fatalRecord == nil)
    last.begin(7)
    // Blamed from now on, also by recoveries that stop before it.
    for _ in 0..<3 {
      let mark = try #require(directory.recoveryMark(for: "s"))
      #expect(mark.fatalRecord == 7)
      mark.begin(6)
      mark.end()
    }
    try #require(directory.recoveryMark(for: "s")).forgive()
    #expect(fatalRecord == nil)
  }

  @Test func deathsElsewhereBlameNothing() throws {
    for _ in 0..<3 {
      for record in [3, 4] {
        for _ in 1..<RecoveryMark.limit { try die(at: record) }
      }
    }
    // One that comes through.
    let mark = try #require(directory.recoveryMark(for: "s"))
    mark.begin(4)
    mark.end()
    for _ in 1..<RecoveryMark.limit { try die(at: 4) }
    #expect(fatalRecord == nil)
  }

  @Test func aMarkOfAnotherSizeIsBegunAgain() throws {
    let file = "\(path)/\(StateDirectory.path(of: "s")).recovering"
    let descriptor = open(file, O_WRONLY | O_CREAT, 0o600)
    #expect(write(descriptor, "abc", 3) == 3)
    close(descriptor)
    #expect(directory.recoveryMark(for: "s") != nil && fatalRecord == nil)
  }

  @Test func whatIsNoFileIsNoMark() throws {
    #expect(mkdir("\(path)/\(StateDirectory.path(of: "s")).recovering", 0o700) == 0)
    #expect(directory.recoveryMark(for: "s") == nil)
  }
}
