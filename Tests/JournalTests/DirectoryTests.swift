import Basics
import CLibrary
import Files
import Synchronization
import Testing

@testable import Journal

/// Collects what a committer reports.
final class Outcomes: Sendable {
  private let outcomes = Mutex<[CommitOutcome]>([])

  func add(_ outcome: CommitOutcome) { outcomes.withLock { $0.append(outcome) } }

  var all: [CommitOutcome] { outcomes.withLock { $0 } }
}

/// A folder of its own for a test.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/trimtab-XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template), "no temporary folder")
    path = String(cString: try #require(realpath(made, nil)))
  }

  deinit { remove(path) }

  private func remove(_ path: String) {
    for name in FileSystem.names(in: path) { remove("\(path)/\(name)") }
    if unlink(path) != 0 { rmdir(path) }
  }
}

@Suite struct DirectoryTests {
  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test func recordsSurviveOnARealFileSystem() throws {
    let folder = try TemporaryFolder()
    let outcomes = Outcomes()
    let committer = Committer(start: { _ in false }, report: { outcomes.add($1) })
    do {
      let directory = try StateDirectory("\(folder.path)/state")
      let file = directory.makeJournal(for: "s")
      for number in 1...20 { _ = committer.append(Array("record \(number)".utf8), to: file) }
      #expect(outcomes.all.last == .durable(upTo: 20))
    }
    // As on a machine where nobody has kept anything in ~/.local/state.
    _ = try StateDirectory("\(folder.path)/not/yet//there/")
    for path in ["not", "not/yet", "not/yet/there", "not/yet/there/sessions"] {
      #expect(mode("\(folder.path)/\(path)") == 0o700)
    }
    for path in ["state", "state/sessions", "state/closed"] { #expect(mode("\(folder.path)/\(path)") == 0o700) }
    for path in ["state/lock", "state/sessions/s.journal"] { #expect(mode("\(folder.path)/\(path)") == 0o600) }
    let directory = try StateDirectory("\(folder.path)/state")
    var reader = try directory.reader(of: "s")
    var texts: [String] = []
    while let record = try reader.next() { texts.append(String(decoding: record, as: UTF8.self)) }
    #expect(texts == (1...20).map { "record \($0)" })
    let file = try JournalFile(continuing: reader, in: directory.storage)
    #expect(committer.append(Array("one more".utf8), to: file) == 21)
    #expect(outcomes.all.last == .durable(upTo: 21))
  }

  @Test func aReplacedDirectoryAcknowledgesNothing() throws {
    let folder = try TemporaryFolder()
    let outcomes = Outcomes()
    let committer = Committer(start: { _ in false }, report: { outcomes.add($1) })
    let directory = try StateDirectory("\(folder.path)/state")
    let file = directory.makeJournal(for: "s")
    _ = committer.append(Array("first".utf8), to: file)
    #expect(rename("\(folder.path)/state", "\(folder.path)/moved") == 0)
    #expect(mkdir("\(folder.path)/state", 0o700) == 0)
    _ = committer.append(Array("second".utf8), to: file)
    guard case .failed(let error)? = outcomes.all.last else {
      Issue.record("\(outcomes.all)")
      return
    }
    #expect(error.kind == .removed)
  }

  @Test func aDirectoryHasOneOwner() throws {
    let folder = try TemporaryFolder()
    do {
      let owner = try StateDirectory(folder.path)
      #expect(throws: DirectoryError.owned(path: folder.path, process: getpid())) {
        _ = try StateDirectory(folder.path)
      }
      withExtendedLifetime(owner) {}
    }
    _ = try StateDirectory(folder.path)
  }

  @Test func aDirectoryThatOthersMayChangeIsRefused() throws {
    let folder = try TemporaryFolder()
    #expect(chmod(folder.path, 0o777) == 0)
    #expect(throws: DirectoryError.exposed(path: folder.path, mode: 0o777)) { _ = try StateDirectory(folder.path) }
  }

  @Test func whatIsNoDirectoryIsRefused() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write("", to: "\(folder.path)/file")
    for path in ["file", "file/state", "file/none/state"] {
      #expect(throws: DirectoryError.self) { _ = try StateDirectory("\(folder.path)/\(path)") }
    }
  }

  #if os(Linux)
    @Test func networkFileSystemsAreRecognized() {
      let mounts = """
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
        31 22 0:40 / /home rw shared:1 - nfs4 server:/home rw
        32 31 0:41 / /home/local\\040disk rw - xfs /dev/vdb rw
        33 22 0:42 / /mnt/s3 rw - fuse.s3fs s3fs rw
        34 22 0:43 / /scratch rw - lustre mds:/scratch rw
        35 34 0:44 / /scratch rw - tmpfs tmpfs rw
        """
      func kind(_ path: String) -> String? { FileSystemKind.ofNetwork(at: path, mounts: mounts) }
      #expect(kind("/var/state") == nil)
      #expect(kind("/home/user/state") == "nfs4")
      #expect(kind("/homes/state") == nil)
      #expect(kind("/home/local disk/state") == nil)
      #expect(kind("/mnt/s3/state") == "fuse.s3fs")
      // A later mount hides an earlier one.
      #expect(kind("/scratch/state") == nil)
    }
  #endif
}
