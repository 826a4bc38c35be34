import CLibrary
import Files
import Synchronization
import Testing

/// A folder of its own for a test, with `inside/` for a root and `outside/` beside it.
private final class Folder {
  let path: String

  init() throws {
    var template = Array("/tmp/trimtab-XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template), "no temporary folder")
    path = String(cString: try #require(realpath(made, nil)))
    for name in ["inside", "inside/deep", "other", "outside"] { mkdir("\(path)/\(name)", 0o700) }
  }

  deinit { remove(path) }

  private func remove(_ path: String) {
    for name in FileSystem.names(in: path) { remove("\(path)/\(name)") }
    if unlink(path) != 0 { rmdir(path) }
  }

  func write(_ text: String, _ name: String) throws { try FileSystem.write(text, to: "\(path)/\(name)") }
}

@Suite struct FileRootsTests {
  private func kind(_ body: () throws -> OpenFile) -> FileError.Kind? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? FileError)?.kind
    }
  }

  @Test func relativePathsAreTriedBelowEachRootInOrder() throws {
    let folder = try Folder()
    try folder.write("first", "inside/deep/both.csv")
    try folder.write("second", "other/both.csv")
    try folder.write("only", "other/only.csv")
    try folder.write("secret", "outside/both.csv")
    let roots = FileRoots(["\(folder.path)/inside/deep", "file://\(folder.path)/other"])
    #expect(try roots.open("both.csv").path == "\(folder.path)/inside/deep/both.csv")
    #expect(try roots.open("only.csv").text(atMost: 10) == "only")
    #expect(try roots.open("../../other/both.csv").text(atMost: 10) == "second")
    #expect(kind { try roots.open("../../outside/both.csv") } == .outsideRoots)
    #expect(kind { try roots.open("absent.csv") } == .unreadable)
    // The base comes first, and counts where it leads below a root.
    let based = FileRoots(["\(folder.path)/inside", "\(folder.path)/other"], base: "\(folder.path)/other")
    #expect(try based.open("both.csv").text(atMost: 10) == "second")
    let astray = FileRoots(["\(folder.path)/other"], base: "\(folder.path)/outside")
    #expect(try astray.open("both.csv").text(atMost: 10) == "second")
  }

  @Test func linksLeadNowhereOutside() throws {
    let folder = try Folder()
    try folder.write("inner", "inside/a")
    try folder.write("secret", "outside/a")
    symlink("../outside/a", "\(folder.path)/inside/out")
    symlink("../outside", "\(folder.path)/inside/folder")
    symlink("a", "\(folder.path)/inside/in")
    let roots = FileRoots(["\(folder.path)/inside"])
    #expect(try roots.open("in").path == "\(folder.path)/inside/a")
    #expect(kind { try roots.open("out") } == .outsideRoots)
    #expect(kind { try roots.open("folder/a") } == .outsideRoots)
    #expect(kind { try FileRoots([]).open("\(folder.path)/inside/a") } == .outsideRoots)
    #expect(kind { try roots.open("deep") } == .unreadable)
    mkfifo("\(folder.path)/inside/pipe", 0o600)
    #expect(kind { try roots.open("pipe") } == .unreadable)
  }

  /// Names that Unicode takes for the same are different names to the file system.
  @Test func aFolderOfAnotherNormalFormIsAnotherFolder() throws {
    let folder = try Folder()
    let (composed, decomposed) = ("\(folder.path)/\u{E9}", "\(folder.path)/e\u{301}")
    for path in [composed, decomposed] { mkdir(path, 0o700) }
    try folder.write("secret", "\u{E9}/a")
    try folder.write("inner", "e\u{301}/a")
    let roots = FileRoots([decomposed])
    #expect(try roots.open("\(decomposed)/a").text(atMost: 10) == "inner")
    #expect(kind { try roots.open("\(composed)/a") } == .outsideRoots)
  }

  /// While one thread exchanges a folder for a link to the outside, whatever is opened comes from inside, also where
  /// the name behind the folder's slash begins with a combining mark.
  @Test(arguments: ["a", "\u{301}a"])
  func exchangingFoldersForLinksShowsNothingOfTheOutside(name: String) throws {
    let folder = try Folder()
    try folder.write("inner", "inside/deep/\(name)")
    try folder.write("secret", "outside/\(name)")
    symlink("../outside", "\(folder.path)/inside/link")
    let path = folder.path
    let isDone = Atomic<Bool>(false)
    nonisolated(unsafe) var opened = 0
    try withThread {
      while !isDone.load(ordering: .relaxed) {
        rename("\(path)/inside/deep", "\(path)/inside/aside")
        rename("\(path)/inside/link", "\(path)/inside/deep")
        rename("\(path)/inside/deep", "\(path)/inside/link")
        rename("\(path)/inside/aside", "\(path)/inside/deep")
      }
    } while: {
      defer { isDone.store(true, ordering: .relaxed) }
      let roots = FileRoots(["\(path)/inside"])
      for _ in 0..<20_000 {
        guard let text = try? roots.open("\(path)/inside/deep/\(name)").text(atMost: 10) else { continue }
        opened += 1
        if text != "inner" { #expect(text == "inner") }
      }
    }
    #expect(opened > 0)
  }

  private func withThread(_ body: @escaping @Sendable () -> Void, while other: () throws -> Void) throws {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    try #require(
      pthread_create(
        &thread, nil,
        { context in
          #if canImport(Darwin)
            let box = Unmanaged<Box>.fromOpaque(context).takeRetainedValue()
          #else
            let box = Unmanaged<Box>.fromOpaque(context!).takeRetainedValue()
          #endif
          box.body()
          return nil
        }, context) == 0)
    defer { pthread_join(thread, nil) }
    try other()
  }

  @Test func refusedFilesAreClosedAgain() throws {
    let folder = try Folder()
    let roots = FileRoots(["\(folder.path)/inside"])
    let count = 200
    for _ in 0..<count { #expect(kind { try roots.open("deep") } == .unreadable) }
    // Other tests of this process open files and folders too, but only a few at a time: a leak of any folder on the way
    // would leave one descriptor for each refusal.
    let parts = "\(folder.path)/inside/deep".split(separator: "/")
    let folders = (0...parts.count).map { "/" + parts.prefix($0).joined(separator: "/") }.map(FileIdentity.init(path:))
    let open = (0..<4096 as Range<Int32>).compactMap(FileIdentity.init(descriptor:))
    #expect(open.count { folders.contains($0) } < count)
  }

  private struct FileIdentity: Equatable {
    let device: dev_t
    let number: ino_t

    init(path: String) {
      var status = stat()
      _ = stat(path, &status)
      (device, number) = (status.st_dev, status.st_ino)
    }

    init?(descriptor: Int32) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { return nil }
      (device, number) = (status.st_dev, status.st_ino)
    }
  }
}

@Suite struct FileReferenceTests {
  @Test(arguments: [
    ("/a/b", "/a/b"), ("a b", "a b"), ("file:///a/b", "/a/b"), ("FILE://localhost/a%20b", "/a b"), ("file:/a", "/a"),
    ("file:///%C3%A9", "/é"), ("./file:x", "./file:x"), ("/a%20b", "/a%20b"), ("file:///a%3Fb", "/a?b"),
  ])
  func pathsAndURIs(text: String, path: String) throws { #expect(try FileReference.path(text) == path) }

  @Test(arguments: [
    "", "a\u{0}b", "file:///a%00b", "file://host/a", "file:a", "file:", "file:///a?b", "file:///a#b", "file:///%",
    "file:///%4",
    "file:///%zz", "file:///%+1", "file:///a%2Fb", "file:///a%2fb", "file:///a%2F\u{301}b", "file:///%ff",
  ])
  func refusesWhatIsNoPath(text: String) {
    let error = #expect(throws: FileError.self) { try FileReference.path(text) }
    #expect(error?.kind == .invalidPath)
  }
}

@Suite struct OpenFileTests {
  @Test func refusesWhatIsLongerThanTheLimit() throws {
    let folder = try Folder()
    try folder.write("12345", "a")
    #expect(try OpenFile("\(folder.path)/a").text(atMost: 5) == "12345")
    let error = #expect(throws: FileError.self) { try OpenFile("\(folder.path)/a").text(atMost: 4) }
    #expect(error?.kind == .tooLarge)
  }

  @Test func noticesWritesWhileOpen() throws {
    let folder = try Folder()
    try folder.write("12345", "a")
    let file = try OpenFile("\(folder.path)/a")
    try folder.write("123", "a")
    let error = #expect(throws: FileError.self) { try file.bytes(atMost: 10) }
    #expect(error?.kind == .changed)
    withUnsafeTemporaryAllocation(byteCount: 5, alignment: 1) { buffer in
      let error = #expect(throws: FileError.self) { try file.read(from: 0, into: buffer) }
      #expect(error?.kind == .changed)
    }
  }

  @Test func refusesBytesThatAreNoText() throws {
    let folder = try Folder()
    let file = try #require(fopen("\(folder.path)/a", "w"))
    fputc(0xFF, file)
    fclose(file)
    let error = #expect(throws: FileError.self) { try OpenFile("\(folder.path)/a").text(atMost: 4) }
    #expect(error?.kind == .notText)
  }

  #if os(Linux)
    @Test func readsFilesWithoutASizeOfTheirOwn() throws {
      #expect(try OpenFile("/proc/self/status").text(atMost: 1 << 16).contains("Pid:"))
    }
  #endif
}
