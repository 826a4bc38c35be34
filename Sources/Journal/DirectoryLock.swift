internal import CLibrary
internal import Files

/// The lock of a state directory, held until nothing refers to it any more or the process ends.
package final class DirectoryLock: Sendable {
  /// Absolute and without links.
  package let path: String
  private let descriptor: Int32

  /// Makes the directory where there is none, with the folders that lead to it, and locks it.
  init(_ path: String, allowsNetwork: Bool) throws(DirectoryError) {
    try Self.checkSpelling(path)
    try Self.makeFolders(path)
    let real = try Self.examine(path, allowsNetwork: allowsNetwork)
    let lockPath = "\(real)/lock"
    let descriptor = CLibrary.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .storage(.system("open", lockPath)) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let isOwned = errno == EWOULDBLOCK
      let error = StorageError.system("lock", lockPath)
      let owner = Self.readNumber(descriptor)
      close(descriptor)
      throw isOwned ? .owned(path: real, process: owner) : .storage(error)
    }
    self.descriptor = descriptor
    self.path = real
    // For people and for the refusal of the next process; the lock itself is what counts.
    let text = Array("\(getpid())\n".utf8)
    if ftruncate(descriptor, 0) != 0 || pwrite(descriptor, text, text.count, 0) != text.count {
      let error = StorageError.system("write", lockPath)
      close(descriptor)
      throw .storage(error)
    }
  }

  deinit { close(descriptor) }

  /// Looks whether a directory could be made or locked, and changes nothing. Whether another process has the lock is
  /// not found out, as that takes the lock.
  ///
  /// - Returns: whether the directory is there.
  static func check(_ path: String, allowsNetwork: Bool) throws(DirectoryError) -> Bool {
    try checkSpelling(path)
    var status = stat()
    let isThere = stat(path, &status) == 0
    guard isThere || errno == ENOENT else { throw .storage(.system("open", path)) }
    // Where it is not there, it is made in the last folder before it that is.
    var place = isThere ? try examine(path, allowsNetwork: allowsNetwork) : path
    while !isThere {
      place = FilePath.folder(of: place) ?? (FilePath.isAbsolute(path) ? "/" : ".")
      if stat(place, &status) == 0 { break }
      guard errno == ENOENT, place != "/", place != "." else { throw .storage(.system("open", place)) }
    }
    guard access(place, W_OK | X_OK) == 0 else { throw .storage(.system("write to", place)) }
    return isThere
  }

  private static func checkSpelling(_ path: String) throws(DirectoryError) {
    // The system would take what is before it for the path.
    guard !path.utf8.contains(0) else {
      throw .storage(StorageError(.failed, "open", path, number: EINVAL, found: "a path with a zero byte"))
    }
  }

  /// - Returns: the path of a directory that is fit to hold state, absolute and without links.
  private static func examine(_ path: String, allowsNetwork: Bool) throws(DirectoryError) -> String {
    guard let resolved = realpath(path, nil) else { throw .storage(.system("open", path)) }
    defer { free(resolved) }
    let real = String(cString: resolved)
    var status = stat()
    guard stat(real, &status) == 0 else { throw .storage(.system("examine", real)) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw .storage(StorageError(.failed, "open", real, number: ENOTDIR, found: "not a directory"))
    }
    // A folder that others may write to: they could put another file in the place of a journal.
    guard status.st_mode & 0o022 == 0 else { throw .exposed(path: real, mode: UInt32(status.st_mode & 0o777)) }
    if !allowsNetwork, let kind = FileSystemKind.ofNetwork(at: real) {
      throw .network(path: real, fileSystem: kind)
    }
    return real
  }

  /// Makes the folders of a path that are not there, each durable before the next: what a journal acknowledges is lost
  /// with any folder that leads to it.
  private static func makeFolders(_ path: String) throws(DirectoryError) {
    var leading = FilePath.isAbsolute(path) ? "/" : ""
    for name in FilePath.names(path) {
      try makeFolder(leading + name, in: leading.isEmpty ? "." : leading)
      leading += name + "/"
    }
  }

  /// Makes a folder inside, durably.
  func makeFolder(_ name: String) throws(DirectoryError) { try Self.makeFolder("\(path)/\(name)", in: path) }

  /// Makes a folder that only this user may look into, durably.
  private static func makeFolder(_ folder: String, in parent: String) throws(DirectoryError) {
    if mkdir(folder, 0o700) != 0 {
      guard errno == EEXIST else { throw .storage(.system("make", folder)) }
      return
    }
    do throws(StorageError) {
      try SystemStorage(root: parent).syncFolder("")
    } catch {
      throw .storage(error)
    }
  }

  private static func readNumber(_ descriptor: Int32) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return Int32(String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self))
  }
}
