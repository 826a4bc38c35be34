internal import CLibrary
package import Representations
package import Sessions

/// Reads the files that a client may name: those below the roots it declared at `initialize`.
package struct FileAccess: Sendable {
  /// As the client declared them; where there are none, no file may be read.
  let roots: [String]
  /// The same as canonical absolute paths, without those that do not exist.
  private let canonicalRoots: [String]
  /// Where relative paths begin; nil for the process's working directory.
  private let base: String?
  /// Larger files are refused.
  let maximumBytes: Int

  package init(roots: [String], maximumBytes: Int = Limits.profileBytes) {
    self.init(roots: roots, base: nil, maximumBytes: maximumBytes)
  }

  /// Reads the files that a file in `folder` may name: those below the folder, which is also where relative paths begin.
  package init(folder: String) { self.init(roots: [folder], base: folder, maximumBytes: Limits.profileBytes) }

  private init(roots: [String], base: String?, maximumBytes: Int) {
    self.roots = roots
    canonicalRoots = roots.compactMap(Self.canonical)
    self.base = base
    self.maximumBytes = maximumBytes
  }

  /// The text of a file, in O(bytes).
  ///
  /// - Parameter field: the name of the param that holds the path, for errors.
  /// - Throws: ``RequestError`` of kind `fileOutsideRoots` or `unreadableFile`.
  package func text(at path: String, field: String) throws(RequestError) -> String {
    let expected = "a readable UTF-8 file of at most \(maximumBytes) bytes"
    return try Self.read(try located(path, field, expected), maximumBytes: maximumBytes) { (found) in
      unreadable(path, field, expected, found)
    }
  }

  /// The bytes of a file where they are, mapped into memory; a file of any size. It must stay as it is meanwhile.
  ///
  /// - Parameter field: the name of the param that holds the path, for errors.
  /// - Throws: ``RequestError`` of kind `fileOutsideRoots` or `unreadableFile`.
  package func mapped(at path: String, field: String) throws(RequestError) -> ByteStorage {
    let expected = "a readable file"
    return try Self.map(try located(path, field, expected)) { (found) in unreadable(path, field, expected, found) }
  }

  /// The real path of a file below the roots.
  private func located(_ path: String, _ field: String, _ expected: String) throws(RequestError) -> String {
    // Links are followed first, so that none leads outside the roots.
    guard let real = Self.canonical(path.hasPrefix("/") ? path : (base.map { $0 + "/" } ?? "") + path) else {
      throw unreadable(path, field, expected, String(cString: strerror(errno)))
    }
    guard canonicalRoots.contains(where: { real == $0 || real.hasPrefix($0 == "/" ? $0 : $0 + "/") }) else {
      throw RequestError(
        .fileOutsideRoots, path: field,
        expected: roots.isEmpty
          ? "roots declared at initialize before any file is named"
          : "a file below " + roots.joined(separator: " or "),
        found: "\"\(path)\"", fix: "add the file's folder to `roots` in initialize, or send its text inline")
    }
    return real
  }

  private func unreadable(_ path: String, _ field: String, _ expected: String, _ found: String) -> RequestError {
    RequestError(
      .unreadableFile, path: field, expected: expected, found: "\(found) for \"\(path)\"",
      fix: "check the path and its permissions")
  }

  private static func canonical(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Maps a whole regular file into memory, to be read only.
  package static func map<Failure: Error>(
    _ path: String, failure: (String) -> Failure
  ) throws(Failure) -> ByteStorage {
    let (file, size) = try opened(path, failure)
    // The mapping outlives the descriptor.
    defer { close(file) }
    // An empty file has nothing to map.
    if size == 0 { return ByteStorage(copying: []) }
    guard let bytes = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), bytes != MAP_FAILED else {
      throw failure(String(cString: strerror(errno)))
    }
    return ByteStorage(UnsafeRawBufferPointer(start: bytes, count: size)) {
      munmap(UnsafeMutableRawPointer(mutating: $0.baseAddress), $0.count)
    }
  }

  /// Opens a regular file and gives its size.
  private static func opened<Failure: Error>(
    _ path: String, _ failure: (String) -> Failure
  ) throws(Failure) -> (file: Int32, size: Int) {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw failure(String(cString: strerror(errno))) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(file)
      throw failure("not a regular file")
    }
    return (file, Int(status.st_size))
  }

  /// Reads a whole regular file.
  package static func read<Failure: Error>(
    _ path: String, maximumBytes: Int = Limits.profileBytes, failure: (String) -> Failure
  ) throws(Failure) -> String {
    let (file, size) = try opened(path, failure)
    defer { close(file) }
    guard size <= maximumBytes else { throw failure("\(size) bytes") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + 1)
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { readBytes(file, $0.baseAddress, $0.count) }
      if count == 0 { break }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw failure(String(cString: strerror(errno)))
      }
      bytes += chunk[..<count]
      guard bytes.count <= maximumBytes else { throw failure("more than \(maximumBytes) bytes") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("text that is not UTF-8") }
    return text
  }
}

/// The C function, whose name the method above hides.
private func readBytes(_ file: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(file, buffer, count)
}
