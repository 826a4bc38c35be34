internal import CLibrary

/// A regular file that is open for reading; closed when nothing refers to it any more.
///
/// Contents are copied by `read`, never mapped: another process that cuts a mapped file short would end this one.
package final class OpenFile: Sendable {
  /// Absolute and without links where the file was opened below roots; else as it was given.
  package let path: String
  /// When it was opened.
  package let byteCount: Int
  private let descriptor: Int32
  private let version: Version

  /// What changes when a file is written to.
  private struct Version: Equatable {
    let byteCount: Int
    let modified: [Int]

    init(_ status: stat) {
      byteCount = Int(status.st_size)
      #if canImport(Darwin)
        let (modification, change) = (status.st_mtimespec, status.st_ctimespec)
      #else
        let (modification, change) = (status.st_mtim, status.st_ctim)
      #endif
      modified = [modification.tv_sec, modification.tv_nsec, change.tv_sec, change.tv_nsec]
    }
  }

  /// Opens a file, also by way of links.
  ///
  /// - Parameter reference: a path or a `file:` URI.
  /// - Throws: ``FileError`` of kind `invalidPath` or `unreadable`.
  package convenience init(_ reference: String) throws(FileError) {
    let path = try FileReference.path(reference)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw .system(.unreadable, reference, errno) }
    try self.init(descriptor, path: path)
  }

  /// Takes over a descriptor, and closes it also where this throws.
  package init(_ descriptor: Int32, path: String) throws(FileError) {
    var status = stat()
    let isKnown = fstat(descriptor, &status) == 0
    self.descriptor = descriptor
    self.path = path
    byteCount = Int(status.st_size)
    version = Version(status)
    guard isKnown, status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(.unreadable, path, found: "not a regular file")
    }
  }

  deinit { close(descriptor) }

  /// Another descriptor of the file, which is the caller's.
  ///
  /// - Throws: ``FileError`` of kind `unreadable` where the system has none to give.
  package func duplicate() throws(FileError) -> Int32 {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .system(.unreadable, path, errno) }
    return copy
  }

  /// The whole contents, of at most `limit` bytes; as they stood at one time. O(bytes).
  ///
  /// - Throws: ``FileError`` of kind `tooLarge`, `changed` or `unreadable`.
  package func bytes(atMost limit: Int) throws(FileError) -> [UInt8] {
    guard byteCount <= limit else { throw FileError(.tooLarge, path, found: "\(byteCount) bytes") }
    // Files such as those of /proc have contents but no size.
    var bytes = [UInt8](repeating: 0, count: byteCount > 0 ? byteCount : min(limit, 1 << 16))
    let count = try bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(FileError) in try readWhatThereIs(from: 0, into: buffer) }
    }.get()
    try checkUnchanged()
    bytes.removeSubrange(count...)
    return bytes
  }

  /// The same as text.
  ///
  /// - Throws: ``FileError`` as ``bytes(atMost:)``, or of kind `notText` where it is not UTF-8.
  package func text(atMost limit: Int) throws(FileError) -> String {
    guard let text = String(validating: try bytes(atMost: limit), as: UTF8.self) else {
      throw FileError(.notText, path, found: "text that is not UTF-8")
    }
    return text
  }

  /// Fills a buffer with the bytes from `offset` on.
  ///
  /// - Throws: ``FileError`` of kind `changed` when the file ends before, or `unreadable`.
  package func read(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
    guard try readWhatThereIs(from: offset, into: buffer) == buffer.count else {
      throw FileError(.changed, path, found: "a file that was cut short while it was read")
    }
  }

  /// Reads until the buffer is full or the file ends, and tells how many bytes that were.
  private func readWhatThereIs(
    from offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileError) -> Int {
    var done = 0
    while done < buffer.count {
      // Linux reads at most 2 GiB at a time.
      let count = pread(descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30), off_t(offset + done))
      if count == 0 { break }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw .system(.unreadable, path, errno)
      }
    }
    return done
  }

  /// Checks by its size and times that the file has not been written to since it was opened.
  ///
  /// - Throws: ``FileError`` of kind `changed`.
  package func checkUnchanged() throws(FileError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, Version(status) == version else {
      throw FileError(.changed, path, found: "a file that was written to while it was read")
    }
  }
}
