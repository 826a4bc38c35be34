internal import Basics
package import Files

/// Reads the files that a client may name: those below the roots it declared at `initialize`.
package struct FileAccess: Sendable {
  package let roots: FileRoots
  /// A file that the client's own process has opened, by what the client called it; no other is then opened.
  private var passed: (reference: String, file: Result<OpenFile, FileError>)?

  /// - Parameter roots: paths or `file:` URIs of folders; where there are none, no file may be read.
  package init(roots: [String]) { self.roots = FileRoots(roots) }

  /// Reads the files that a file in `folder` may name: those below the folder, where relative paths begin too.
  package init(folder: String) { roots = FileRoots([folder], base: folder) }

  /// Reads any file, for a person's own command; relative paths begin in `folder`.
  package init(anywhereFrom folder: String) { roots = FileRoots(["/"], base: folder) }

  /// Reads a file that the client's own process has opened below the client's roots, or tells why it could not.
  package init(roots: FileRoots, passed: (reference: String, file: Result<OpenFile, FileError>)) {
    (self.roots, self.passed) = (roots, passed)
  }

  /// Opens a file below the roots; its ``OpenFile/path`` is absolute and has no links, so that answers can name it.
  ///
  /// - Parameters:
  ///   - reference: a path or a `file:` URI. A relative path is tried from the working directory, then below each root
  ///     in order.
  ///   - field: the name of the param that holds it, for errors.
  /// - Throws: ``RequestError`` of kind `fileOutsideRoots` or `unreadableFile`.
  package func open(_ reference: String, field: String) throws(RequestError) -> OpenFile {
    do throws(FileError) {
      guard let passed else { return try roots.open(reference) }
      guard passed.reference == reference else {
        throw FileError(.unreadable, reference, found: "no file that the client's process has opened")
      }
      return try passed.file.get()
    } catch {
      guard error.kind == .outsideRoots else { throw RequestError(error, field: field) }
      throw RequestError(
        .fileOutsideRoots, path: field,
        expected: roots.declared.isEmpty
          ? "roots declared at initialize before any file is named"
          : "a file below " + Preview.list(roots.declared),
        found: error.found, fix: "add the file's folder to `roots` in initialize, or send its text inline")
    }
  }

  /// The text of a file of at most `limit` bytes, and its absolute path. O(bytes).
  ///
  /// - Throws: ``RequestError`` of kind `fileOutsideRoots` or `unreadableFile`.
  package func text(
    at reference: String, field: String, atMost limit: Int = Limits.profileBytes
  ) throws(RequestError) -> (text: String, path: String) {
    let file = try open(reference, field: field)
    do throws(FileError) {
      return (try file.text(atMost: limit), file.path)
    } catch {
      throw RequestError(error, field: field, limit: limit)
    }
  }
}

extension RequestError {
  /// A file that cannot be used; `limit` is the most bytes that it may have, where that matters.
  package init(_ error: FileError, field: String, limit: Int? = nil) {
    let (expected, fix) =
      switch error.kind {
      case .invalidPath: ("a path, or a file:// URI of this machine", "percent-encode the path in a URI")
      case .tooLarge: ("a file of at most \(limit ?? 0) bytes", "send less in one file")
      case .changed:
        ("a file that stays as it is while it is read", "write it under another name, rename it, and ask again")
      case .notText: ("a UTF-8 file", "write it in UTF-8")
      case .outsideRoots, .unreadable, .unwritable: ("a readable file", "check the path and its permissions")
      }
    self.init(
      .unreadableFile, path: field, expected: expected, found: "\(error.found) for \"\(error.path)\"", fix: fix)
  }
}
