internal import CLibrary

/// Folders below which files may be opened, such as those that a client declared.
package struct FileRoots: Sendable {
  /// As they were given: paths or `file:` URIs.
  package let declared: [String]
  /// Those that exist, absolute and without links.
  package let resolved: [String]
  /// The folder that relative paths begin in; nil for the process's working directory.
  private let base: String?

  /// - Parameter base: where relative paths begin before they are tried below each root; by default the process's
  ///   working directory.
  package init(_ declared: [String], base: String? = nil) {
    self.declared = declared
    resolved = declared.compactMap { reference in
      // A root that cannot be read as a path holds no file; the refusal of a file names all roots.
      (try? FileReference.path(reference)).flatMap(Self.canonical)
    }
    self.base = base
  }

  /// Opens a regular file below the roots.
  ///
  /// A relative path is tried from the base, then below each root in order; the first that leads to a file below a root
  /// is opened. Links are followed, but the opened file is below a root even if another process exchanges files for
  /// links meanwhile: the path is first resolved to one without links, which is then opened folder by folder, following
  /// none.
  ///
  /// - Parameter reference: a path or a `file:` URI.
  /// - Returns: the file; its ``OpenFile/path`` is absolute and has no links.
  /// - Throws: ``FileError`` of kind `invalidPath`, `outsideRoots` or `unreadable`.
  package func open(_ reference: String) throws(FileError) -> OpenFile {
    let path = try FileReference.path(reference)
    var isOutside = false
    var failure = ENOENT
    for candidate in candidates(path) {
      // Each attempt fails only if a part of the path was exchanged for a link between its two steps.
      for _ in 0..<4 {
        guard let real = Self.canonical(candidate) else {
          if errno != ENOENT { failure = errno }
          break
        }
        guard contains(real) else {
          isOutside = true
          break
        }
        let descriptor = Self.openWithoutLinks(real)
        if descriptor >= 0 { return try OpenFile(descriptor, path: real) }
        failure = errno
        guard [ELOOP, ENOENT, ENOTDIR].contains(failure) else { break }
      }
    }
    if isOutside { throw FileError(.outsideRoots, reference, found: "\"\(reference)\"") }
    throw .system(.unreadable, reference, failure)
  }

  private func candidates(_ path: String) -> [String] {
    FilePath.isAbsolute(path) ? [path] : [base.map { "\($0)/\(path)" } ?? path] + resolved.map { "\($0)/\(path)" }
  }

  private func contains(_ real: String) -> Bool {
    resolved.contains { FilePath.isBelow(real, $0) }
  }

  /// Absolute and without links; nil with `errno` where there is none.
  private static func canonical(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Opens an absolute path that contains no links; negative with `errno` where that fails.
  private static func openWithoutLinks(_ path: String) -> Int32 {
    let parts = FilePath.names(path)
    var folder = CLibrary.open("/", O_CLOEXEC | O_DIRECTORY | onlyToSearch)
    for part in parts.dropLast() where folder >= 0 {
      let next = openat(folder, part, O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW | onlyToSearch)
      // Before `close`, which may change it.
      let number = errno
      close(folder)
      errno = number
      folder = next
    }
    guard folder >= 0 else { return folder }
    let file = openat(folder, parts.last ?? ".", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    let number = errno
    close(folder)
    errno = number
    return file
  }
}

#if canImport(Darwin)
  /// Opens a folder for lookups, even one that may not be listed.
  private let onlyToSearch = O_SEARCH
#else
  /// Opens a folder for lookups, even one that may not be listed: O_PATH, which the import lacks.
  private let onlyToSearch: Int32 = 0o10000000
#endif
