internal import CLibrary

/// Why a file was not read or written.
package struct FileError: Error, Equatable, Sendable {
  package enum Kind: String, Sendable {
    /// The text is neither a path nor a `file:` URI of this machine.
    case invalidPath
    /// Every place where the path leads is outside the roots.
    case outsideRoots
    /// There is no such file, it is no regular file, or the system does not let this process read it.
    case unreadable
    /// It holds more bytes than the caller takes.
    case tooLarge
    /// Another process wrote to it while it was read.
    case changed
    /// It is not UTF-8.
    case notText
    case unwritable
  }

  package let kind: Kind
  /// As the caller gave it.
  package let path: String
  /// The reason, for a person, such as "No such file or directory".
  package let found: String

  package init(_ kind: Kind, _ path: String, found: String) {
    (self.kind, self.path, self.found) = (kind, path, found)
  }

  /// The system's text for the last call that failed.
  static func system(_ kind: Kind, _ path: String, _ number: Int32) -> FileError {
    FileError(kind, path, found: String(cString: strerror(number)))
  }
}
