internal import CLibrary
internal import FileIdentity

/// The file layer of the system, below one folder.
package final class SystemStorage: Storage {
  private let root: String

  package let isReadOnly: Bool

  /// - Parameter root: an absolute path, so that a change of the working directory changes nothing.
  package init(root: String, isReadOnly: Bool = false) { (self.root, self.isReadOnly) = (root, isReadOnly) }

  func absolute(_ path: String) -> String { path.isEmpty ? root : "\(root)/\(path)" }

  package func open(_ path: String, creates: Bool) throws(StorageError) -> (any StorageFile)? {
    let path = absolute(path)
    // What is no file must not hold the caller up: a pipe has no end, and opening one to read waits for a writer.
    let flags = (isReadOnly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (creates ? O_CREAT : 0)
    let descriptor = retrying { CLibrary.open(path, flags, 0o600) }
    if descriptor < 0, errno == ENOENT, !creates { return nil }
    guard descriptor >= 0 else { throw .system("open", path) }
    let file = SystemFile(descriptor, path: path)
    guard file.isRegular else { throw StorageError(.failed, "open", path, number: EINVAL, found: "not a regular file") }
    return file
  }

  package func rename(_ path: String, to newPath: String) throws(StorageError) {
    guard CLibrary.rename(absolute(path), absolute(newPath)) == 0 else { throw .system("rename", absolute(path)) }
  }

  package func remove(_ path: String) throws(StorageError) {
    guard unlink(absolute(path)) == 0 || errno == ENOENT else { throw .system("remove", absolute(path)) }
  }

  package func names(in folder: String) throws(StorageError) -> [String] {
    guard let directory = opendir(absolute(folder)) else { throw .system("list", absolute(folder)) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  package func syncFolder(_ folder: String) throws(StorageError) {
    let path = absolute(folder)
    let descriptor = retrying { CLibrary.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .system("open", path) }
    defer { close(descriptor) }
    guard retrying({ fsync(descriptor) }) == 0 else { throw .system("sync", path) }
  }

  package func leads(_ path: String, to file: any StorageFile) -> Bool {
    guard let file = file as? SystemFile else { return false }
    return file.isAt(absolute(path))
  }
}

private final class SystemFile: StorageFile {
  private let descriptor: Int32
  private let path: String

  init(_ descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  var isRegular: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  func byteCount() throws(StorageError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("examine", path) }
    return Int(status.st_size)
  }

  func read(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
    var done = 0
    while done < buffer.count {
      let rest = buffer.count - done
      // Linux reads at most 2 GiB at a time.
      let count = retrying {
        pread(descriptor, buffer.baseAddress! + done, min(rest, 1 << 30), off_t(offset + done))
      }
      guard count >= 0 else { throw .system("read", path) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError) {
    var done = 0
    while done < bytes.count {
      let rest = bytes.count - done
      let count = retrying {
        pwrite(descriptor, bytes.baseAddress! + done, min(rest, 1 << 30), off_t(offset + done))
      }
      guard count > 0 else { throw .system("write", path) }
      done += count
    }
  }

  func sync() throws(StorageError) {
    #if canImport(Darwin)
      // `fsync` leaves the data in the drive's cache there.
      let status = retrying { fcntl(descriptor, F_FULLFSYNC) }
    #else
      let status = retrying { fdatasync(descriptor) }
    #endif
    guard status == 0 else { throw .system("sync", path) }
  }

  func cut(to byteCount: Int) throws(StorageError) {
    guard retrying({ ftruncate(descriptor, off_t(byteCount)) }) == 0 else { throw .system("cut", path) }
  }

  func isAt(_ path: String) -> Bool {
    var (own, there) = (file_identity(), file_identity())
    return file_identity_of_descriptor(descriptor, &own) && file_identity_of_path(path, &there)
      && own.inode == there.inode && own.device == there.device
  }
}

extension StorageError {
  /// The last call of the system that failed.
  static func system(_ operation: String, _ path: String) -> StorageError {
    let number = errno
    return StorageError(.failed, operation, path, number: number, found: String(cString: strerror(number)))
  }
}

/// Repeats a call of the system while a signal interrupts it.
private func retrying<Value: SignedInteger>(_ call: () -> Value) -> Value {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}
